"""In which of the two languages a reader is answered (RFC 9110, Accept-Language). Must never decide what is said."""

from enum import StrEnum

from tickets.errors import Words


class Language(StrEnum):
    """The languages of the service; the first is spoken to whoever asks for none of them."""

    CHINESE = "zh-CN"
    ENGLISH = "en"

    def of(self, words: Words) -> str:
        """The words in this language."""
        return words.en if self is Language.ENGLISH else words.zh


_RANGES = {"zh": Language.CHINESE, "en": Language.ENGLISH}


def asked(accept_language: str) -> Language:
    """The one of ours with the highest weight, of equal ones the first named; Chinese when neither is asked for."""
    best, weight = Language.CHINESE, 0.0
    for part in accept_language.split(","):
        name, _, parameters = part.strip().lower().partition(";")
        language = _RANGES.get(name.strip().partition("-")[0])
        if language is not None and (given := _weight(parameters)) > weight:
            best, weight = language, given
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        given = float(value)
    except ValueError:
        return 0.0
    return given if 0 <= given <= 1 else 0.0
