"""What documents and their templates refuse. Must never name a customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.errors import ConflictError, ForbiddenError, InvalidError
from tickets.errors import TicketError, Words


@dataclass(frozen=True, slots=True)
class Fault:
    """One place of a template that cannot stay; lines count from 1. `field`: the field that is meant, if one is."""

    line: int
    words: Words
    field: str | None = None


class TemplateFaultyError(InvalidError):
    """A template that cannot be used; every fault is told with its line."""

    code = "document_template_faulty"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            Words(
                "；".join(f"第{fault.line}行：{fault.words.zh}" for fault in faults),
                "; ".join(f"line {fault.line}: {fault.words.en}" for fault in faults),
            )
        )
        self.faults = tuple(faults)


class DocumentTooLongError(InvalidError):
    """What the template and the data make together is longer than any document may be."""

    code = "document_too_long"


class NotPrintedError(ConflictError):
    """The press could not make the document; nothing was numbered."""

    code = "document_not_printed"


class DocumentRefusedError(TicketError):
    """The ticket is not such that this document can be issued on it; `rules` say why."""

    code = "document_refused"


class DocumentVoidError(ConflictError):
    """The document was voided, or replaced by a later one."""

    code = "document_void"


class NotYoursToReadError(ForbiddenError):
    """The document shows the complainant whole, and the reader may not see him so."""

    code = "document_not_yours"


class DocumentDamagedError(ConflictError):
    """The document's file is not what was kept: nothing is given out."""

    code = "document_damaged"
