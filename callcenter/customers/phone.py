"""Telephone numbers in one form, whatever way they were written. Must never guess what a damaged one once was.

The form: mainland mobiles as 11 digits, fixed lines with their area code and leading 0, service numbers as they are
dialled, numbers of other countries with `+`.
"""

import re
import unicodedata

from callcenter.customers.errors import NotANumberError

COUNTRY = "86"

_SEPARATORS = re.compile(r"[\s\-‐-―()\[\]/·']+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_FIXED = re.compile(r"0(?:10|2\d)\d{7,8}|0[3-9]\d{2}\d{7,8}")
_NATIONWIDE = re.compile(r"(?:400|800)\d{7}")
_SHORT = re.compile(r"[1-9]\d{2,7}")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")


def parse(text: str) -> str:
    """The one form of a number.

    Understands `+86`, `0086`, `86`, `(010)`, full-width digits, spaces, dashes and the apostrophe spreadsheets put in
    front. Raises NotANumberError for anything else: a number a spreadsheet has damaged (`1.38E+10`), letters among
    the digits, and numbers too long or too short are refused, never repaired.
    """
    if len(text) > 64:
        raise NotANumberError("too_long")
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if not plain:
        raise NotANumberError("empty")
    if re.fullmatch(r"[+\d.]+[eE][+\d.]+|\d+\.\d*", plain):
        raise NotANumberError("damaged_by_a_spreadsheet")
    if not re.fullmatch(r"\+?[0-9]+", plain):
        raise NotANumberError("not_digits")
    if plain.startswith("+") or (plain.startswith("00") and len(plain) > 9):
        return _international(plain.removeprefix("+") if plain.startswith("+") else plain[2:])
    if plain.startswith(COUNTRY) and _MOBILE.fullmatch(plain[2:]):
        return plain[2:]
    return _national(plain)


def normalise(text: str | None) -> str | None:
    """The one form of a caller's number, or nothing when it is withheld, unknown or no number."""
    try:
        return parse(text or "")
    except NotANumberError:
        return None


def as_kept(text: str | None) -> str | None:
    """The one form of a number as a person wrote it; what has no such form stays as it was written."""
    return normalise(text) or text


def _national(digits: str) -> str:
    if digits.startswith("0") and _MOBILE.fullmatch(digits[1:]):
        return digits[1:]
    for form in (_MOBILE, _FIXED, _NATIONWIDE, _SHORT):
        if form.fullmatch(digits):
            return digits
    raise NotANumberError("no_such_form")


def _international(digits: str) -> str:
    if digits.startswith(COUNTRY):
        rest = digits[2:]
        if rest.startswith("0") or _MOBILE.fullmatch(rest) or _NATIONWIDE.fullmatch(rest) or len(rest) < 9:
            return _national(rest)
        return _national("0" + rest)
    if _ABROAD.fullmatch("+" + digits):
        return "+" + digits
    raise NotANumberError("no_such_form")
