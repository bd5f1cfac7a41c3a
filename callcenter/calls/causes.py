"""Words for the causes with which a channel ended. Pure; an unknown code keeps its number."""

from collections.abc import Mapping

WORDS: Mapping[int, str] = {
    0: "unknown",
    1: "no_such_number",
    16: "normal",
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    20: "unreachable",
    21: "rejected",
    22: "number_changed",
    26: "answered_elsewhere",
    27: "unreachable",
    28: "no_such_number",
    31: "normal",
    34: "no_circuit",
    38: "network_failure",
    41: "network_failure",
    42: "congestion",
    58: "no_circuit",
    102: "time_out",
    127: "unknown",
}
"""Q.850 code → our word (Asterisk's causes.h)."""


def word(code: int) -> str:
    """`normal` for 16, `cause_99` for a code nobody uses."""
    return WORDS.get(code, f"cause_{code}")
