"""What reports and imports for them refuse. Must never hold personal data in its words."""

from tickets.errors import Problem, TicketError, Words


class ImportRefusedError(TicketError):
    """Numbers handed in cannot be taken; `problems` lists each reason with its place, and none was taken."""

    code = "denominators_refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        shown = problems[:20]
        super().__init__(
            Words("；".join(p.words.zh for p in shown), "; ".join(p.words.en for p in shown)),
            rules=tuple(dict.fromkeys(rule for p in problems for rule in p.rules)),
        )
        self.problems = problems


class OverlapError(TicketError):
    """Another amount of the same organisation and base covers one of these days (M-11 … M-13); `problems` has a line
    for every amount of an import of which that is so."""

    code = "denominator_overlaps"
    problems: tuple[Problem, ...] = ()
