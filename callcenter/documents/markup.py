"""The few tags a document is written in, and the blocks they become. Pure; unknown tags are faults, never text.

Text of `<p>`, headings and `<li>` is folded like HTML's, but a fold between Chinese characters leaves nothing behind.
In `<td>`, `<th>`, `<text>` and `<sign>` every line stands for itself: so customers' own words keep their lines.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from callcenter.documents.errors import Fault
from tickets.errors import Words

Block = dict[str, Any]
"""One block as the press takes it: plain JSON."""

TOP: Final = frozenset({"h1", "h2", "p", "text", "table", "ol", "ul", "sign", "hr", "page"})
INSIDE: Final[Mapping[str, frozenset[str]]] = {
    "": TOP,
    "h1": frozenset({"br"}),
    "h2": frozenset(),
    "p": frozenset({"b", "br"}),
    "text": frozenset({"b"}),
    "sign": frozenset({"b"}),
    "table": frozenset({"tr"}),
    "tr": frozenset({"td", "th"}),
    "td": frozenset({"b", "br"}),
    "th": frozenset({"b", "br"}),
    "ol": frozenset({"li"}),
    "ul": frozenset({"li"}),
    "li": frozenset({"b", "br"}),
    "b": frozenset(),
}
"""Tag → what may stand directly in it; "" is the document."""
EMPTY: Final = frozenset({"br", "hr", "page"})
HOLDS_TEXT: Final = frozenset({"h1", "h2", "p", "text", "sign", "td", "th", "li", "b"})
ATTRIBUTES: Final[Mapping[str, Mapping[str, re.Pattern[str]]]] = {
    "p": {"align": re.compile("left|center|right"), "indent": re.compile("yes|no")},
    "table": {"widths": re.compile(r"[1-9][0-9]?(?: [1-9][0-9]?){0,11}")},
    "td": {"colspan": re.compile("[1-9]|1[0-2]")},
    "th": {"colspan": re.compile("[1-9]|1[0-2]")},
}
_WIDE = "\u2014\u2026\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
_IS_WIDE = re.compile(f"[{_WIDE}]")
_SPACE = re.compile(r"[ \t\r\n]+")


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    line: int
    parts: list[Any] = field(default_factory=list)


class Reader(HTMLParser):
    """Reads tags, collecting faults with their lines, and blocks when there are none."""

    def __init__(self, first_line: int = 1) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[Fault] = []
        self.blocks: list[Block] = []
        self._stack: list[_Open] = []
        self._first = first_line

    @property
    def depth(self) -> tuple[str, ...]:
        """The tags that are open now."""
        return tuple(each.tag for each in self._stack)

    def fault(self, zh: str, en: str) -> None:
        """Notes a fault at the present line."""
        self.faults.append(Fault(self.getpos()[0] + self._first - 1, Words(zh, en)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens a tag."""
        parent = self._stack[-1].tag if self._stack else ""
        if tag not in INSIDE and tag not in EMPTY:
            return self.fault(f"没有标签 <{tag[:20]}>", f"there is no tag <{tag[:20]}>")
        if tag not in INSIDE[parent]:
            within = f"<{parent}>" if parent else "最外层"
            inside = f"<{parent}>" if parent else "the outermost level"
            self.fault(f"<{tag}> 不能放在{within}内", f"<{tag}> cannot stand in {inside}")
        known = ATTRIBUTES.get(tag, {})
        given: dict[str, str] = {}
        for name, value in attrs:
            if name not in known or not known[name].fullmatch(value or ""):
                self.fault(f"<{tag}> 的属性 {name[:20]} 无效", f"the attribute {name[:20]} of <{tag}> is not valid")
            else:
                given[name] = value or ""
        if tag == "br":
            if self._stack:
                self._stack[-1].parts.append({"br": True})
        elif tag in EMPTY:
            self.blocks.append({"t": tag})
        else:
            self._stack.append(_Open(tag, given, self.getpos()[0]))
        return None

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes `<br/>` like `<br>`."""
        if tag in EMPTY:
            return self.handle_starttag(tag, attrs)
        return self.fault(f"<{tag[:20]}/> 须成对书写", f"<{tag[:20]}/> must have an end of its own")

    def handle_endtag(self, tag: str) -> None:
        """Closes a tag, which must be the innermost."""
        if not self._stack or self._stack[-1].tag != tag:
            wanted = self._stack[-1].tag if self._stack else None
            zh = f"，此处应为 </{wanted}>" if wanted else "，此处没有未闭合的标签"
            en = f": </{wanted}> is due here" if wanted else ": nothing is open here"
            return self.fault(f"多余的 </{tag[:20]}>{zh}", f"stray </{tag[:20]}>{en}")
        closed = self._stack.pop()
        if self.faults:
            return None
        made = _made(closed)
        if not self._stack:
            self.blocks.append(made)
        else:
            self._stack[-1].parts.append(made)
        return None

    def handle_data(self, data: str) -> None:
        """Takes text, which must stand in a tag that holds some."""
        tag = self._stack[-1].tag if self._stack else ""
        if tag in HOLDS_TEXT:
            self._stack[-1].parts.append(data)
        elif data.strip():
            within = f"<{tag}>" if tag else "最外层"
            inside = f"<{tag}>" if tag else "the outermost level"
            self.fault(f"{within}内不能直接写文字", f"no text may stand in {inside} directly")

    def handle_comment(self, data: str) -> None:
        """Leaves comments out."""

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 - HTMLParser's own
        """Refuses `<!DOCTYPE …>`."""
        self.fault("不能使用声明", "declarations are not taken")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        """Refuses `<?…>`."""
        self.fault("不能使用处理指令", "processing instructions are not taken")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        """Refuses `<![…]>`."""
        self.fault("不能使用声明", "declarations are not taken")

    def finish(self) -> None:
        """The end: what is still open is a fault."""
        self.close()
        for each in reversed(self._stack):
            line = each.line + self._first - 1
            self.faults.append(Fault(line, Words(f"<{each.tag}> 没有闭合", f"<{each.tag}> is not closed")))


def blocks(text: str) -> list[Block]:
    """The blocks of a rendered document. Raises ValueError when it is not well formed, which validation excludes."""
    reader = Reader()
    reader.feed(text)
    reader.finish()
    if reader.faults:
        raise ValueError(reader.faults[0].words.en)
    return reader.blocks


def _made(closed: _Open) -> Any:
    tag, parts = closed.tag, closed.parts
    match tag:
        case "b":
            return {"b": "".join(part for part in parts if isinstance(part, str))}
        case "td" | "th":
            span = int(closed.attributes.get("colspan", "1"))
            return {"head": tag == "th", "span": span, "lines": list(_lines(parts))}
        case "tr":
            return [part for part in parts if not isinstance(part, str)]
        case "table":
            rows = [part for part in parts if not isinstance(part, str)]
            widths = [int(width) for width in closed.attributes.get("widths", "").split()]
            columns = len(widths) or max((sum(cell["span"] for cell in row) for row in rows), default=1)
            return {"t": "table", "widths": widths or [1] * columns, "rows": rows}
        case "ol" | "ul":
            return {"t": tag, "items": [part for part in parts if not isinstance(part, str)]}
        case "li":
            return _folded(parts)
        case "text" | "sign":
            return {"t": tag, "lines": list(_lines(parts))}
        case "p":
            indent = closed.attributes.get("indent", "yes" if "align" not in closed.attributes else "no")
            align = closed.attributes.get("align", "left")
            return {"t": "p", "align": align, "indent": indent == "yes", "spans": _folded(parts)}
    return {"t": tag, "spans": _folded(parts)}


def _folded(parts: list[Any]) -> list[dict[str, Any]]:
    """Spans of one flowing text."""
    marks: list[Any] = [part for part in parts if not isinstance(part, str)]
    joined = "\0".join("".join(group) for group in _groups(parts))
    pieces = _SPACE.sub(" ", _unfolded(joined)).split("\0")
    spans: list[dict[str, Any]] = []
    for place, piece in enumerate(pieces):
        text = piece.lstrip() if place == 0 or spans[-1:] == [{"br": True}] else piece
        text = text.rstrip() if place == len(pieces) - 1 else text
        if text:
            spans.append({"x": text})
        if place < len(marks):
            spans.append(_span(marks[place]))
    return spans


def _unfolded(text: str) -> str:
    """One line; a fold beside a Chinese character leaves nothing, another one a space."""
    if "\n" not in text:
        return text
    first, *others = text.split("\n")
    made = [first.rstrip(" \t\r")]
    for line in others:
        kept = line.strip(" \t\r")
        if kept:
            before = made[-1][-1:]
            made += ["" if _IS_WIDE.match(before) or _IS_WIDE.match(kept) else " ", kept]
    return "".join(made)


def _groups(parts: list[Any]) -> Iterator[list[str]]:
    """The texts between the marks."""
    group: list[str] = []
    for part in parts:
        if isinstance(part, str):
            group.append(part)
        else:
            yield group
            group = []
    yield group


def _span(mark: dict[str, Any]) -> dict[str, Any]:
    return mark if "br" in mark else {"x": _SPACE.sub(" ", mark["b"]), "b": True}


def _lines(parts: list[Any]) -> Iterator[list[dict[str, Any]]]:
    """Spans line by line; empty lines at both ends are dropped, in between one is kept."""
    lines: list[list[dict[str, Any]]] = [[]]
    for part in parts:
        if not isinstance(part, str) and "br" in part:
            lines.append([])
            continue
        bold = not isinstance(part, str)
        text = part if isinstance(part, str) else part["b"]
        first, *others = re.split(r"\r\n|[\n\r\u2028\u2029\x0b\x0c\x85]", text)
        _add(lines[-1], first, bold)
        for other in others:
            lines.append([])
            _add(lines[-1], other, bold)
    kept = [[] if not _told(line) else _trimmed(line) for line in lines]
    while kept and not kept[0]:
        kept.pop(0)
    while kept and not kept[-1]:
        kept.pop()
    for place, line in enumerate(kept):
        if line or kept[place - 1]:
            yield line


def _add(line: list[dict[str, Any]], text: str, bold: bool) -> None:
    if text:
        line.append({"x": text, "b": True} if bold else {"x": text})


def _told(line: list[dict[str, Any]]) -> bool:
    return any(span["x"].strip() for span in line)


def _trimmed(line: list[dict[str, Any]]) -> list[dict[str, Any]]:
    line[0] = {**line[0], "x": line[0]["x"].lstrip()}
    line[-1] = {**line[-1], "x": line[-1]["x"].rstrip()}
    return [span for span in line if span["x"]]
