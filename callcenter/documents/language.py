"""The language of templates: a part of Jinja2 that can only show fields, ask whether they are there, and repeat.

No calls, no arithmetic, no macros, no includes: what is not in the table of nodes is a fault. Everything shown is
escaped, a field that does not exist is a fault with its line, and length and time are bounded. So whoever edits a
template can spoil a letter, but reads nothing that its kind does not show, and harms nothing.
"""

import re
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from callcenter.documents.errors import DocumentTooLongError, Fault, TemplateFaultyError
from callcenter.documents.markup import HOLDS_TEXT, Block, Reader, blocks
from tickets.calendar import SHANGHAI
from tickets.errors import Words

LONGEST_SOURCE = 60_000
LONGEST = 600_000
"""Characters of a rendered document."""
SECONDS = 5.0
DEEPEST = 3
"""Loops within loops."""
MISSING = "（未填）"
"""What stands for a field that is known and empty, so that nobody takes the gap for a mistake of the press."""


def _day(value: date | datetime | None) -> str:
    """2026年11月26日, in Shanghai."""
    if value is None:
        return MISSING
    day = value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(value: datetime | None) -> str:
    """2026年11月26日 09:05, in Shanghai."""
    if value is None:
        return MISSING
    there = value.astimezone(SHANGHAI)
    return f"{_day(there)} {there:%H:%M}"


def _clock(value: datetime | None) -> str:
    """09:05, in Shanghai."""
    return MISSING if value is None else f"{value.astimezone(SHANGHAI):%H:%M}"


def _joined(value: tuple[str, ...]) -> str:
    """甲、乙、丙."""
    return "、".join(str(each) for each in value) or MISSING


def _yes_no(value: bool | None) -> str:
    return MISSING if value is None else "是" if value else "否"


FILTERS: Final[Mapping[str, tuple[Any, tuple[type, ...]]]] = {
    "day": (_day, (date, datetime)),
    "moment": (_moment, (datetime,)),
    "clock": (_clock, (datetime,)),
    "joined": (_joined, (tuple,)),
    "yes_no": (_yes_no, (bool,)),
}
"""Name → what it does, and what it may be given."""

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Filter,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Const,
)
_OPERATORS: Final = frozenset({"eq", "ne"})


@dataclass(frozen=True, slots=True)
class Type:
    """What a field holds: a dataclass, a tuple of something, or one value that can be shown."""

    kind: Any
    item: "Type | None" = None
    optional: bool = False

    @property
    def words(self) -> str:
        """For the list of fields."""
        name = "文本" if self.kind is str else _NAMES.get(self.kind, "一组字段")
        if self.kind is tuple:
            name = "列表" if self.item is None or is_dataclass(self.item.kind) else f"{self.item.words}列表"
        return f"{name}（可空）" if self.optional else name


_NAMES: Final[Mapping[Any, str]] = {
    int: "整数",
    bool: "是否",
    date: "日期",
    datetime: "时间",
    Decimal: "金额",
}


def type_of(annotation: Any) -> Type:
    """What an annotation of a facts' field means here."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [each for each in get_args(annotation) if each is not type(None)]
        found = type_of(inner[0])
        return Type(found.kind, found.item, optional=True)
    if get_origin(annotation) is tuple:
        return Type(tuple, type_of(get_args(annotation)[0]))
    return Type(annotation)


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One field a template may show: its whole name, what it holds, what it means."""

    name: str
    holds: str
    meaning: str


def entries(facts: type, prefix: str = "") -> list[FieldEntry]:
    """Every field of the facts of a kind, those of lists under `list[].field`."""
    found: list[FieldEntry] = []
    said = get_type_hints(facts, include_extras=True)
    for name, held in _fields(facts).items():
        whole = f"{prefix}{name}"
        found.append(FieldEntry(whole, held.words, said[name].__metadata__[0]))
        if is_dataclass(held.kind):
            found += entries(held.kind, f"{whole}.")  # type: ignore[arg-type]
        elif held.item is not None and is_dataclass(held.item.kind):
            found += entries(held.item.kind, f"{whole}[].")  # type: ignore[arg-type]
    return found


def _fields(facts: Any) -> dict[str, Type]:
    hints = get_type_hints(facts)
    return {each.name: type_of(hints[each.name]) for each in fields(facts)}


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields are keys of plain mappings; nothing else is reachable."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _Loop.__annotations__:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)


def _environment() -> _Environment:
    made = _Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, keep_trailing_newline=True, cache_size=0
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update({name: function for name, (function, _) in FILTERS.items()})
    made.tests.clear()
    return made


def _shown(value: Any) -> Any:
    return MISSING if value is None else value


def check(source: str, facts: type) -> None:
    """Raises TemplateFaultyError with every fault found, by line."""
    if len(source) > LONGEST_SOURCE:
        words = Words(f"模板超过{LONGEST_SOURCE}字", f"a template has at most {LONGEST_SOURCE} characters")
        raise TemplateFaultyError([Fault(1, words)])
    environment = _environment()
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        words = Words(f"模板语法错误（{error.message}）", f"not a template: {error.message}")
        raise TemplateFaultyError([Fault(error.lineno, words)]) from None
    inspector = _Inspector(_fields(facts))
    inspector.look(tree, {}, 0)
    faults = inspector.faults + _of_tags(environment, source)
    if faults:
        raise TemplateFaultyError(sorted(faults, key=lambda fault: fault.line)[:50])


class _Inspector:
    """Walks a template's tree: only nodes of the table, only fields there are."""

    def __init__(self, roots: Mapping[str, Type]) -> None:
        self.faults: list[Fault] = []
        self._roots = roots

    def look(self, node: nodes.Node, scope: Mapping[str, Type], depth: int) -> None:
        """Judges a statement or an expression and what is in it."""
        if not isinstance(node, _ALLOWED):
            name = type(node).__name__
            return self._fault(node, f"模板中不能使用“{name}”", f"a template cannot use {name}")
        if isinstance(node, nodes.For):
            return self._loop(node, scope, depth)
        if isinstance(node, nodes.Output):
            for shown in node.nodes:
                self._show(shown, scope, depth)
            return None
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Filter):
            self._type(node, scope)
            return None
        if isinstance(node, nodes.Operand) and node.op not in _OPERATORS:
            self._fault(node, "只能比较相等或不等", "only == and != are taken")
        for child in node.iter_child_nodes():
            self.look(child, scope, depth)
        return None

    def _show(self, node: nodes.Node, scope: Mapping[str, Type], depth: int) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        if not isinstance(node, nodes.Name | nodes.Getattr | nodes.Filter):
            self.look(node, scope, depth)
            return
        found = self._type(node, scope)
        if found is not None and (found.kind is tuple or is_dataclass(found.kind)):
            self._fault(node, "列表或一组字段不能直接显示", "a list or a group of fields cannot be shown as it is")
        elif found is not None and found.kind in (date, datetime):
            self._fault(node, "日期、时间须写明格式，如 |day", "say how a day or moment is shown, such as |day")

    def _loop(self, node: nodes.For, scope: Mapping[str, Type], depth: int) -> None:
        if depth >= DEEPEST:
            return self._fault(node, f"循环最多{DEEPEST}层", f"loops go {DEEPEST} deep at most")
        if not isinstance(node.target, nodes.Name) or node.test is not None or node.recursive:
            return self._fault(node, "循环只能写作 for 名称 in 列表", "a loop is: for name in list")
        found = self._type(node.iter, scope)
        item = Type(str)
        if found is not None and (found.kind is not tuple or found.optional or found.item is None):
            self._fault(node, "只能循环列表字段", "only lists can be repeated over")
        elif found is not None and found.item is not None:
            item = found.item
        inner = {**scope, node.target.name: item, "loop": Type(_Loop)}
        for child in (*node.body, *node.else_):
            self.look(child, inner, depth + 1)
        return None

    def _type(self, node: nodes.Node, scope: Mapping[str, Type]) -> Type | None:
        if isinstance(node, nodes.Name):
            found = scope.get(node.name) or self._roots.get(node.name)
            if found is None:
                self._unknown(node, node.name)
            return found
        if isinstance(node, nodes.Getattr):
            if not isinstance(node.node, nodes.Name | nodes.Getattr):
                self._fault(node, "只有字段之下才有字段", "only fields have fields")
                return None
            holder = self._type(node.node, scope)
            if holder is None:
                return None
            inner = _fields(holder.kind) if is_dataclass(holder.kind) else {}
            if node.attr not in inner:
                self._unknown(node, _dotted(node))
                return None
            return inner[node.attr]
        if isinstance(node, nodes.Filter):
            return self._filtered(node, scope)
        self.look(node, scope, 0)
        return None

    def _filtered(self, node: nodes.Filter, scope: Mapping[str, Type]) -> Type | None:
        if node.name not in FILTERS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            known = "、".join(FILTERS)
            self._fault(node, f"没有过滤器 {node.name}；可用：{known}", f"no filter {node.name}: {', '.join(FILTERS)}")
            return None
        if node.node is None:
            return Type(str)
        found = self._type(node.node, scope)
        if found is not None and found.kind not in FILTERS[node.name][1]:
            self._fault(node, f"|{node.name} 不能用于这个字段", f"|{node.name} does not fit this field")
        return Type(str)

    def _unknown(self, node: nodes.Node, name: str) -> None:
        words = Words(f"没有字段 {name[:80]}", f"there is no field {name[:80]}")
        self.faults.append(Fault(node.lineno, words, name[:200]))

    def _fault(self, node: nodes.Node, zh: str, en: str) -> None:
        self.faults.append(Fault(node.lineno, Words(zh, en)))


@dataclass(frozen=True, slots=True)
class _Loop:
    index: int
    first: bool
    last: bool


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"


def _of_tags(environment: _Environment, source: str) -> list[Fault]:
    """The faults of the tags around the fields; each branch and each loop closes what it opens."""
    reader = Reader()
    branches: list[tuple[str, ...]] = []
    faults: list[Fault] = []
    inside = ""
    for line, token, text in environment.lex(source):
        if token == "data":  # noqa: S105 - the lexer's word
            reader.feed(text)
            continue
        if token == "block_begin":  # noqa: S105
            inside = "?"
        elif token == "name" and inside == "?":  # noqa: S105
            inside = text
            _branch(text, line, reader, branches, faults)
        elif token == "variable_begin":  # noqa: S105
            inside = ""
            if "<" in reader.rawdata:
                faults.append(
                    Fault(line, Words("字段不能放在标签的尖括号内", "a field cannot stand within a tag's brackets"))
                )
            elif not _takes_text(reader):
                words = Words(
                    "字段须放在段落、表格单元等标签内", "a field must stand in a paragraph, a cell or the like"
                )
                faults.append(Fault(line, words))
        reader.feed("\n" * text.count("\n"))
    reader.finish()
    return faults + reader.faults


def _branch(word: str, line: int, reader: Reader, branches: list[tuple[str, ...]], faults: list[Fault]) -> None:
    if word in ("if", "for"):
        branches.append(reader.depth)
        return
    if branches and reader.depth != branches[-1]:
        words = Words("分支或循环内打开的标签须在其内闭合", "a branch or loop must close the tags it opens")
        faults.append(Fault(line, words))
    if word.startswith("end") and branches:
        branches.pop()


def _takes_text(reader: Reader) -> bool:
    return bool(reader.depth) and reader.depth[-1] in HOLDS_TEXT


_CONTROLS = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
"""Controls, marks that turn the direction of writing, and variation selectors: none is printed by itself."""


def plain(value: Any) -> Any:
    """Facts as what a template can reach: mappings, tuples and values, texts without what is never printed."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return tuple(plain(item) for item in value)
    if isinstance(value, str):
        return _CONTROLS.sub("", str(value))
    return value


def render(source: str, facts: object) -> list[Block]:
    """The document's blocks. Blocks the thread it runs in.

    Raises TemplateFaultyError when a field is not there after all, DocumentTooLongError.
    """
    template = _environment().from_string(source)
    pieces, length, ends = list[str](), 0, time.monotonic() + SECONDS
    try:
        for piece in template.generate(plain(facts)):
            length += len(piece)
            if length > LONGEST or time.monotonic() > ends:
                raise DocumentTooLongError(Words("文书过长，无法生成", "the document is too long to be made"))
            pieces.append(piece)
        return blocks("".join(pieces))
    except DocumentTooLongError:
        raise
    except Exception as error:
        words = Words(f"模板无法用于此数据（{error}）", f"the template does not fit the data: {error}")
        raise TemplateFaultyError([Fault(_line(error), words)]) from error


def _line(error: BaseException) -> int:
    """The template's line an error came from, as Jinja rewrote the traceback; 1 when it cannot be told."""
    line, step = 1, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def as_json(value: Any) -> Any:
    """Facts as plain JSON, to be kept: days and moments in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
