"""What the figures ask of a ticket, packed into one number by PostgreSQL: `sign` of ticket_fact and report_fact.

Rows of one sign count alike. The bits are those of cc_sign in the migrations; tickets/measures.py says what they mean.
"""

from enum import IntEnum


class Sign(IntEnum):
    """A bit of the sign. `FIRST` to `PENDING`: relation and validity; `REGULATOR` … `CALLBACK`: the source;
    `CLOSED`: by itself or by what it follows (F-60), `OPEN`: not closed itself; `CLOCKED`: with a clock of its own."""

    COUNTS = 0
    WEIGHS = 1
    FIRST = 2
    REPEAT = 3
    ESCALATION = 4
    VALID = 5
    INVALID = 6
    PENDING = 7
    COMPLAINT = 8
    FINDING = 9
    NON_COMPLAINT = 10
    REGULATOR = 11
    HEADQUARTERS = 12
    MEDIA = 13
    CALLBACK = 14
    MAJOR = 15
    ACKNOWLEDGED = 16
    CLOSED = 17
    OPEN = 18
    WITHDRAWN = 19
    CLOSED_IN_TIME = 20
    CLOCKED = 21
    TOLD = 22
    TOLD_IN_TIME = 23
    INFORMED = 24
    DISPATCHED = 25
    ASKED = 26
    SATISFIED = 27
    POINTS = 28


MENTIONS = "(t.sign >> 29 & 15)"
RETURNS = "(t.sign >> 33 & 32767)"
REMINDERS = "(t.sign >> 48)"


def all_of(*signs: Sign) -> str:
    """The condition in SQL that a ticket `t` bears every one of them."""
    mask = sum(1 << sign for sign in signs)
    return f"t.sign & {mask} = {mask}"


def none_of(*signs: Sign) -> str:
    """The condition in SQL that a ticket `t` bears none of them."""
    return f"t.sign & {sum(1 << sign for sign in signs)} = 0"
