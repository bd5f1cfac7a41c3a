"""Reads what Asterisk's command line prints (22.10). Pure: lines in, values out; what is not understood is left out."""

import re
from collections.abc import Iterable, Mapping, Sequence

Lines = Sequence[str]

_SETTING = re.compile(r"\s*(?P<name>[^:]+?):+\s+(?P<value>.*?)\s*")
_ITEM = re.compile(r"\s*(?P<name>\w+)\s+: (?P<value>.*?)\s*")
_GLOBAL = re.compile(r"\s*(?P<name>\w+)=(?P<value>.*)")
_CONTEXT = re.compile(r"\[ Context '(?P<name>[^']+)' created by '[^']*' \]")
_MODULE = re.compile(r"(?P<name>\S+)\s.*\s\d+\s+(?P<status>Running|Not Running)\s+\S+\s*")
_QUEUE = re.compile(r"(?P<name>\S+) has \d+ calls")
_MEMBER = re.compile(r"(?P<name>.+?) \(ringinuse .*")
_CLASS = re.compile(r"\s*Class: (?P<name>\S+)")
_NUMBER = re.compile(r"(?P<number>\d+) ")


def settings(lines: Lines) -> dict[str, str]:
    """`Name:  value` lines, as `core show settings`, `cdr show status` and `manager show user` print them."""
    return _pairs(lines, _SETTING)


def parameters(lines: Lines) -> dict[str, str]:
    """The `name : value` lines of `pjsip show endpoint`; empty when there is no such endpoint."""
    return _pairs(lines, _ITEM)


def variables(lines: Lines) -> dict[str, str]:
    """`dialplan show globals`."""
    return _pairs(lines, _GLOBAL)


def contexts(lines: Lines) -> frozenset[str]:
    """The contexts of `dialplan show`."""
    return frozenset(match["name"] for line in lines if (match := _CONTEXT.match(line.strip())))


def modules(lines: Lines) -> frozenset[str]:
    """The modules that run, of `module show`."""
    found = (_MODULE.fullmatch(line) for line in lines)
    return frozenset(match["name"] for match in found if match and match["status"] == "Running")


def queues(lines: Lines) -> dict[str, tuple[str, ...]]:
    """Queue → its members, of `queue show`; `Members:` and `Callers:` head their lists."""
    found: dict[str, list[str]] = {}
    members: list[str] | None = None
    listing = False
    for line in lines:
        text = line.strip()
        if match := _QUEUE.match(text):
            members = found.setdefault(match["name"], [])
            listing = False
        elif text.endswith(":"):
            listing = text == "Members:"
        elif listing and members is not None and text and not text.startswith("No "):
            match = _MEMBER.match(text)
            members.append(match["name"] if match else text)
    return {name: tuple(listed) for name, listed in found.items()}


def music(lines: Lines) -> dict[str, int]:
    """Class of hold music → how many files it has, of `moh show files`."""
    found: dict[str, int] = {}
    name = ""
    for line in lines:
        if match := _CLASS.match(line):
            name = match["name"]
            found[name] = 0
        elif line.strip().startswith("File: ") and name:
            found[name] += 1
    return found


def languages(lines: Lines) -> frozenset[str]:
    """The languages `core show sound` has the sound in; empty when there is no such sound."""
    return frozenset(line.split()[1].rstrip(":") for line in lines if line.strip().startswith("Language "))


def values(lines: Lines, name: str) -> tuple[str, ...]:
    """Every value of a name that comes more than once: `CEL Tracking Event: HANGUP`."""
    start = f"{name}:"
    return tuple(line.strip()[len(start) :].strip() for line in lines if line.strip().startswith(start))


def processed(lines: Lines) -> int:
    """Calls since the start, of `core show channels count`."""
    match = next((_NUMBER.match(line.strip()) for line in lines if line.strip().endswith("processed")), None)
    return int(match["number"]) if match else 0


def uptime(lines: Lines) -> int | None:
    """Seconds since the start, of `core show uptime seconds`."""
    found = settings(lines).get("System uptime", "")
    return int(found) if found.isdecimal() else None


def read_only(lines: Lines) -> dict[str, bool]:
    """User → whether it may only read, of `ari show users`."""
    rows = (line.split() for line in lines)
    return {row[2]: row[0] == "Yes" for row in rows if len(row) == 3 and row[0] in {"Yes", "No"}}


def configuration(headers: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Category → name → value, of AMI's GetConfig. The last value of a name counts, as in Asterisk."""
    categories: dict[str, str] = {}
    found: dict[str, dict[str, str]] = {}
    for header, text in headers:
        kind, _, numbers = header.partition("-")
        if kind == "Category":
            categories[numbers] = text
            found.setdefault(text, {})
        elif kind == "Line":
            name, _, value = text.partition("=")
            found[categories[numbers.partition("-")[0]]][name.strip().lower()] = value.lstrip("> ").strip()
    return found


def is_true(value: str | None) -> bool:
    """Whether Asterisk takes a setting's text for yes."""
    return (value or "").lower() in {"yes", "true", "y", "t", "1", "on"}


def number(table: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a number; the default when it is missing or is none."""
    text = table.get(name, "")
    return int(text) if text.isdecimal() else default


def _pairs(lines: Lines, form: re.Pattern[str]) -> dict[str, str]:
    found = (form.fullmatch(line) for line in lines)
    return {match["name"].strip(): match["value"] for match in found if match}
