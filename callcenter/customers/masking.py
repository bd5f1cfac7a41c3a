"""How personal data look to those who may not see them whole. Must never show enough to tell the hidden part."""


def name(text: str) -> str:
    """The family name, then a star for each hidden character: 王**; a compound or foreign name keeps one character."""
    return text[:1] + "*" * max(len(text) - 1, 1)


def id_number(text: str | None) -> str | None:
    """The first three (province and city) and the last two characters."""
    return None if text is None else _middle(text, 3, 2)


def phone(text: str | None) -> str | None:
    """The first three and the last four digits, the usual way: 169****1234."""
    return None if text is None else _middle(text, 3, 4)


def _middle(text: str, head: int, tail: int) -> str:
    if len(text) < head + tail + 3:
        return "*" * max(len(text) - 2, 3) + text[-2:] if len(text) > 4 else "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
