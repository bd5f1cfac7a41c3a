"""A template's text and a document's facts, on paper. Blocks: call it in a thread."""

from typing import Any

from callcenter.config import DocumentsConfig
from callcenter.documents import language
from callcenter.documents.facts import Imprint, Office
from callcenter.documents.press import Paper, Printed, press


def print_from(source: str, facts: Any, config: DocumentsConfig, watermark: str = "") -> Printed:
    """The document. Raises TemplateFaultyError, DocumentTooLongError, NotPrintedError."""
    imprint: Imprint = facts.document
    office: Office = facts.office
    paper = Paper(imprint.title, imprint.number, office.company, office.name, imprint.issued_at, watermark)
    return press(*config.font_folders).print(paper, language.render(source, facts))
