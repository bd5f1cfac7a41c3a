"""Where a call may be sent: an extension, a queue of ours or a number, and nothing else."""

import pytest

from callcenter.calls.errors import BadTargetError
from callcenter.calls.switchboard import target

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["8001", "cc-claims", "13800138000", "+8613800138000", "95519"])
def test_extensions_queues_and_numbers_are_targets(text: str) -> None:
    assert target(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "1" * 21,
        "cc-fallback",
        "cc-nowhere",
        "8001,1",
        "8001&PJSIP/8002",
        "8001\r\nAction: Originate",
        "8001\n",
        "１３８００１３８０００",
        "١٢٣٤",
        "${EXTEN}",
        "../8001",
        "8001@cc-in",
    ],
)
def test_nothing_else_is_a_target(text: str) -> None:
    """H12: what reaches the dialplan is digits of ours or a name of ours."""
    with pytest.raises(BadTargetError):
        target(text)


def test_a_queue_is_no_third_party() -> None:
    with pytest.raises(BadTargetError):
        target("cc-claims", queues=False)
