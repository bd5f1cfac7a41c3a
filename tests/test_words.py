"""Every refusal speaks both languages: a new error, or a new place that raises one, cannot do without Chinese."""

import ast
import re
from collections.abc import Iterator

import pytest

from callcenter.errors import KINDS, ApplicationError, UnfitValueError
from callcenter.web.errors import ANSWERS, INTERNAL, Answer, RequestError
from tests.test_architecture import modules
from tests.unit.callcenter.test_errors import coded
from tickets.errors import TicketError

pytestmark = pytest.mark.unit

ROOTS = (ApplicationError, RequestError, TicketError, UnfitValueError)
CHINESE = re.compile("[\u4e00-\u9fff]")


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)


def constructors() -> dict[str, bool]:
    """Name of every refusal → whether it is made of words as they stand (else its own constructor finds them)."""
    list(coded())  # imports every module
    takes_words = {id(root.__init__) for root in ROOTS}
    return {kind.__name__: id(kind.__init__) in takes_words for root in ROOTS for kind in below(root)}


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", name_of(node.func), node


def literal(node: ast.AST) -> str:
    """The texts that stand in an expression, whatever is put between them."""
    return "".join(part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and type(part.value) is str)


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_place_that_refuses_gives_words_in_both_languages() -> None:
    known = constructors()
    assert len(known) > 60
    wordless = [place for place, name, call in calls() if known.get(name) and (not call.args or is_text(call.args[0]))]
    assert wordless == []


def test_words_are_chinese_first_and_english_second() -> None:
    places = [(place, call) for place, name, call in calls() if name == "Words"]
    assert len(places) > 250
    wrong = []
    for place, call in places:
        zh, en = call.args
        if (is_text(zh) and not CHINESE.search(literal(zh))) or (is_text(en) and CHINESE.search(literal(en))):
            wrong.append(place)
    assert wrong == []


def told(answer: Answer) -> tuple[bool, bool]:
    return CHINESE.search(answer.title.zh) is not None, CHINESE.search(answer.title.en) is not None


def test_every_title_is_chinese_first_and_english_second() -> None:
    assert {told(answer) for answer in (*ANSWERS.values(), INTERNAL)} == {(True, False)}
    assert all(CHINESE.search(zh) for zh in KINDS.values())


def test_whatever_is_told_outside_carries_words() -> None:
    """An error with an answer that tells must stand below a root whose constructor asks for words."""
    assert {kind for kind, answer in ANSWERS.items() if answer.tells and not issubclass(kind, ROOTS)} == set()
    assert {kind for kind in coded() if not issubclass(kind, ROOTS)} == set()
