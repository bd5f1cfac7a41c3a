"""The table from errors to HTTP answers: nothing of ours is missing, and nothing foreign is told."""

import importlib
import pkgutil
from collections.abc import Iterator

import asyncpg
import pytest

import callcenter
import tickets
from callcenter.errors import NotFoundError, StaleVersionError
from callcenter.web.errors import ANSWERS, INTERNAL, answer_to, problem
from callcenter.web.language import Language
from tickets.errors import StaleTicketError, Words

pytestmark = pytest.mark.unit


ARCHIVE = ("recordings.", "callcenter.archiving.")


def coded() -> Iterator[type[Exception]]:
    """Every error with a stable code that can come out of a request: the archive's own end in the worker."""
    seen: set[type[Exception]] = set()
    for package in (callcenter, tickets):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name.endswith("__main__"):
                continue
            for value in vars(importlib.import_module(found.name)).values():
                if isinstance(value, type) and issubclass(value, Exception) and "code" in vars(value):
                    seen.add(value)
    own = (kind for kind in seen if not kind.__module__.startswith(ARCHIVE))
    yield from sorted(own, key=lambda kind: (kind.__qualname__, kind.__module__))


@pytest.mark.parametrize("kind", list(coded()), ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_error_with_a_code_has_an_answer(kind: type[Exception]) -> None:
    assert any(base in ANSWERS for base in kind.__mro__)


def test_every_answer_speaks_both_languages_and_is_an_error() -> None:
    for answer in (*ANSWERS.values(), INTERNAL):
        assert answer.title.zh
        assert answer.title.en
        assert 400 <= answer.status < 600


def test_the_nearest_class_decides_and_its_own_code_is_told() -> None:
    answer, document = problem(StaleVersionError(Words("已修改", "changed")), Language.CHINESE, "/x")
    assert (answer.status, document["code"], document["detail"]) == (409, "stale_version", "已修改")
    document = problem(NotFoundError("user", 5), Language.ENGLISH, "/x")[1]
    assert (document["title"], document["detail"]) == ("Not found", "no user 5")


def test_whatever_is_stale_has_the_one_code_the_interface_promises() -> None:
    assert StaleTicketError.code == StaleVersionError.code == "stale_version"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("secret at /etc/x"), 500),
        (KeyError("secret"), 500),
        (asyncpg.UndefinedTableError("relation secret"), 500),
        (asyncpg.QueryCanceledError("secret"), 503),
        (asyncpg.ConnectionDoesNotExistError("secret"), 503),
        (TimeoutError("secret"), 503),
        (ConnectionRefusedError("secret"), 503),
    ],
)
def test_the_text_of_foreign_errors_is_never_told(error: Exception, status: int) -> None:
    """H18: a statement that takes too long is 503"""
    answer, document = problem(error, Language.ENGLISH, "/x")
    assert answer_to(error) is answer
    assert (answer.status, document["status"]) == (status, status)
    assert "secret" not in str(document)
