"""A caller's number as the switch gives it, made comparable or given up.

Pure text work; it must never guess a number out of something that is none.
"""

import re
import unicodedata

SEPARATORS = str.maketrans("", "", " -.()\t")
NUMBER = re.compile(r"\+?\d{3,20}")
HOME = ("+86", "0086")


def caller_number(text: str) -> str | None:
    """The number in the form customers are stored under: no separators, no country code for China, ASCII
    digits.

    None for what is no number: empty, `unknown`, `anonymous`, letters, fewer than 3 or more than 20 digits.
    """
    plain = unicodedata.normalize("NFKC", text).translate(SEPARATORS)
    if not NUMBER.fullmatch(plain) or not plain.isascii():
        return None
    for prefix in HOME:
        if plain.startswith(prefix) and len(plain) > len(prefix) + 6:
            national = plain.removeprefix(prefix)
            return national if national.startswith(("1", "0", "400", "800")) else f"0{national}"
    return plain
