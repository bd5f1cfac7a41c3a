"""The templates that come with the program: what is printed until an administrator has saved one of his own."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from callcenter.documents.kinds import Kind

FOLDER: Final = Path(__file__).with_name("defaults")


@cache
def source(kind: Kind) -> str:
    """The text of the shipped template."""
    return (FOLDER / f"{kind}.html").read_text(encoding="utf-8")


def sha256(text: str) -> str:
    """The digest by which a template's text is told from another."""
    return hashlib.sha256(text.encode()).hexdigest()
