"""The language of templates: what it shows, what it refuses and on which line, and that nothing escapes it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.documents import language, samples, shipped
from callcenter.documents.errors import DocumentTooLongError, TemplateFaultyError
from callcenter.documents.facts import FACTS, scant
from callcenter.documents.kinds import Kind
from callcenter.documents.templates import tried

pytestmark = pytest.mark.unit


@dataclass(frozen=True, slots=True)
class Piece:
    name: Annotated[str, "名称"]
    amount: Annotated[int | None, "数量"]


@dataclass(frozen=True, slots=True)
class Facts:
    title: Annotated[str, "标题"]
    day: Annotated[date, "日期"]
    at: Annotated[datetime, "时间"]
    note: Annotated[str | None, "说明"]
    main: Annotated[Piece | None, "主件"]
    pieces: Annotated[tuple[Piece, ...], "件"]
    words: Annotated[tuple[str, ...], "词"]


AT = datetime(2026, 3, 2, 16, 5, tzinfo=UTC)
FULL = Facts("标题", date(2026, 3, 2), AT, "甲\n乙", Piece("主", 1), (Piece("一", 1), Piece("二", None)), ("a", "b"))


def faults(source: str) -> list[tuple[int, str]]:
    with pytest.raises(TemplateFaultyError) as refused:
        language.check(source, Facts)
    return [(fault.line, fault.words.zh) for fault in refused.value.faults]


def text(source: str, facts: Any = FULL) -> str:
    language.check(source, Facts)
    return repr(language.render(source, facts))


def test_days_and_moments_are_shown_as_shanghai_has_them() -> None:
    shown = text("<p>{{ day|day }} {{ at|moment }} {{ at|clock }}</p>")
    assert "2026年3月2日 2026年3月3日 00:05 00:05" in shown


def test_what_is_known_and_empty_is_shown_as_such() -> None:
    assert language.MISSING in text("<p>{{ note }}</p>", scant(FULL))


def test_lists_are_repeated_and_joined() -> None:
    assert text("<ol>{% for p in pieces %}<li>{{ loop.index }}{{ p.name }}</li>{% endfor %}</ol>").count("'x'") == 2
    assert "a、b" in text("<p>{{ words|joined }}</p>")


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("<p>甲</p>\n<p>{{ titel }}</p>", 2, "没有字段 titel"),
        ("<p>{{ main.nmae }}</p>", 1, "没有字段 main.nmae"),
        ("<p>{{ title.upper }}</p>", 1, "没有字段 title.upper"),
        ("<p>{{ pieces.name }}</p>", 1, "没有字段 pieces.name"),
        ("\n\n{% if title %}\n<p>x</p>\n{% endif", 5, "模板语法错误"),
        ("<p>{{ title() }}</p>", 1, "Call"),
        ("<p>{{ title|upper }}</p>", 1, "没有过滤器 upper"),
        ("<p>{{ title|safe }}</p>", 1, "没有过滤器 safe"),
        ("<p>{{ title|day }}</p>", 1, "不能用于这个字段"),
        ("<p>{{ at }}</p>", 1, "须写明格式"),
        ("<p>{{ pieces }}</p>", 1, "不能直接显示"),
        ("<p>{{ title * 9 }}</p>", 1, "Mul"),
        ("<p>{{ title ~ title }}</p>", 1, "Concat"),
        ("<p>{{ main['name'] }}</p>", 1, "Getitem"),
        ("{% set x = 1 %}", 1, "Assign"),
        ("{% include 'x' %}", 1, "Include"),
        ("{% macro m() %}{% endmacro %}", 1, "Macro"),
        ("{% for x in title %}<p>{{ x }}</p>{% endfor %}", 1, "只能循环列表字段"),
        ("{% for a, b in pieces %}<p>x</p>{% endfor %}", 1, "循环只能写作"),
        ("<p>x</p>\n<script>x</script>", 2, "没有标签 <script>"),
        ('<p onclick="x">x</p>', 1, "属性 onclick 无效"),
        ('<p align="justify">x</p>', 1, "属性 align 无效"),
        ("<p>x\n<h1>y</h1></p>", 2, "<h1> 不能放在<p>内"),
        ("<p>x", 1, "<p> 没有闭合"),
        ("<p>x</p></p>", 1, "多余的 </p>"),
        ("外面", 1, "最外层内不能直接写文字"),
        ("{{ title }}", 1, "字段须放在"),
        ('<p align="{{ title }}">x</p>', 1, "字段不能放在标签的尖括号内"),
        ("{% if note %}<p>x{% endif %}</p>", 1, "须在其内闭合"),
        ("{% if note %}<p>{% else %}<h1>{% endif %}x</p>", 1, "须在其内闭合"),
        ("<!DOCTYPE html>", 1, "声明"),
    ],
)
def test_a_fault_is_told_with_its_line(source: str, line: int, said: str) -> None:
    found = faults(source)
    assert any(at == line and said in words for at, words in found), found


def test_every_fault_is_told_at_once() -> None:
    assert [line for line, _ in faults("<p>{{ a }}</p>\n<p>{{ b }}</p>\n<blink>")][:2] == [1, 2]


ATTACKS = [
    "{{ title.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ main.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__ }}",
    "{{ config }}",
    "{{ title|attr('__class__') }}",
    "{{ [].append }}",
    "{{ range(10) }}",
    "{% for x in range(999999999) %}{{ x }}{% endfor %}",
    "{{ 'x' * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{% import 'os' as os %}",
    "{% call x() %}{% endcall %}",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_template_reaches_what_its_kind_does_not_show(attack: str) -> None:
    assert faults(f"<p>{attack}</p>")


@given(st.text())
def test_whatever_a_customer_wrote_stays_text(words: str) -> None:
    """No description becomes a tag, a field or a line of the form."""
    facts = Facts(words, FULL.day, FULL.at, words, None, (), ())
    made = language.render("<p>{{ title }}</p><table><tr><td>{{ note }}</td></tr></table>", facts)
    assert [block["t"] for block in made] == ["p", "table"]
    assert all(set(span) <= {"x"} for span in made[0]["spans"])
    assert len(made[1]["rows"]) == len(made[1]["rows"][0]) == 1


@pytest.mark.parametrize("words", ["<b>粗</b>", "{{ title }}", "&lt;p&gt;", "</td></tr></table><h1>假</h1>", "a & b"])
def test_markup_in_a_customer_s_words_is_shown_as_written(words: str) -> None:
    made = language.render("<p>{{ title }}</p>", Facts(words, FULL.day, FULL.at, None, None, (), ()))
    assert made == [{"t": "p", "align": "left", "indent": True, "spans": [{"x": words}]}]


def test_lines_of_a_customer_s_words_are_kept_in_cells_and_texts() -> None:
    made = language.render("<text>{{ note }}</text>", FULL)
    assert made == [{"t": "text", "lines": [[{"x": "甲"}], [{"x": "乙"}]]}]


def test_a_fold_between_chinese_characters_leaves_nothing_behind() -> None:
    made = language.render("<p>甲乙\n   丙丁\n  abc\n  def　戊</p>", FULL)
    assert made[0]["spans"] == [{"x": "甲乙丙丁abc def　戊"}]


def test_marks_that_turn_the_direction_of_writing_are_not_printed() -> None:
    made = language.render("<p>{{ title }}</p>", Facts("甲\u202e乙\u0000丙", FULL.day, FULL.at, None, None, (), ()))
    assert made[0]["spans"] == [{"x": "甲乙丙"}]


def test_a_document_without_end_is_refused() -> None:
    many = Facts("长" * 20_000, FULL.day, FULL.at, None, None, (Piece("x", 1),) * 200, ())
    with pytest.raises(DocumentTooLongError):
        language.render("<text>{% for p in pieces %}{{ title }}{% endfor %}</text>", many)


def test_a_template_longer_than_may_be_is_refused() -> None:
    assert faults("<p>" + "长" * language.LONGEST_SOURCE + "</p>")[0][0] == 1


@pytest.mark.parametrize("kind", Kind)
def test_the_shipped_templates_bear_full_and_scanty_facts(kind: Kind) -> None:
    tried(kind, shipped.source(kind))


def test_a_group_that_may_be_missing_must_be_asked_for_first() -> None:
    with pytest.raises(TemplateFaultyError) as refused:
        tried(Kind.ACKNOWLEDGEMENT, "<p>甲</p>\n<p>{{ answer.due_day|day }}</p>")
    assert [(fault.line, "可能为空" in fault.words.zh) for fault in refused.value.faults] == [(2, True)]
    tried(Kind.ACKNOWLEDGEMENT, "<p>{% if answer %}{{ answer.due_day|day }}{% endif %}</p>")


@pytest.mark.parametrize("kind", Kind)
def test_every_field_says_what_it_means(kind: Kind) -> None:
    found = language.entries(FACTS[kind])
    assert {"document.number", "office.company"} <= {entry.name for entry in found}
    assert all(entry.meaning for entry in found)
    assert type(samples.sample(kind)) is FACTS[kind]
