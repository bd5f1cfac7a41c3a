"""The scripts over real sockets: what each tells the dialplan, and what happens when the application is
slow or broken."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from agi import names
from agi.ports import Caller, Message, Welcome
from agi.scripts import greet, routes
from agi.server import listen
from tests.fakes.fastagi import Dialogue, call, environment
from tests.fakes.waiting import until

pytestmark = pytest.mark.unit

CALL = "hl1-1795339143.5"


@dataclass
class Desk:
    """The application as these tests need it."""

    answer: Welcome = field(default_factory=Welcome)
    ticket: str = "95519-20261122-000001"
    error: Exception | None = None
    delay: float = 0.0
    asked: list[object] = field(default_factory=list)

    async def _do(self, *what: object) -> None:
        self.asked.append(what)
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error

    async def welcome(self, caller: Caller) -> Welcome:
        await self._do(caller)
        return self.answer

    async def open_complaint(self, caller: Caller) -> str:
        await self._do(caller)
        return self.ticket

    async def take_message(self, caller: Caller, message: Message) -> None:
        await self._do(caller, message)

    async def rate(self, caller: Caller, score: int) -> None:
        await self._do(caller, score)


async def ring(
    desk: Desk,
    script: str,
    replies: Mapping[str, bytes] | None = None,
    known: Mapping[str, str] | None = None,
    hurried: float | None = None,
    **header: str,
) -> Dialogue:
    """One call of one script; `hurried` shortens its deadline."""
    table = routes(desk)
    if hurried is not None:
        table = {name: replace(route, deadline=hurried) for name, route in table.items()}
    async with listen(table, drain=1) as server:
        return await call(server.port, environment(script, CALL, **header), replies, known)


async def test_greet_tells_all_it_knows_and_the_mark_comes_last() -> None:
    welcome = Welcome("cc-claims", "en", 7, "PJSIP/web-8001", menu=False, is_open=True)
    dialogue = await ring(Desk(welcome), names.SCRIPT_GREET)
    assert dialogue.variables == {
        "CC_NEXT": "cc-claims",
        "CC_LANG": "en",
        "CC_PRIO": "7",
        "CC_STICKY": "PJSIP/web-8001",
        "CC_OPEN": "1",
        "CC_MENU": "skip",
        "CC_DONE": "1",
    }
    assert [*dialogue.variables][-1] == "CC_DONE"
    assert len(dialogue.asked) == 1, "one command, so that it waits for its turn on the channel once"


async def test_no_value_can_shift_those_beside_it() -> None:
    dialogue = await ring(Desk(ticket='95519,"1\\(2)[3]'), names.SCRIPT_COMPLAINT)
    assert dialogue.variables == {"CC_TICKET": "95519  1  2  3 ", "CC_NEXT": "cc-complaint", "CC_DONE": "1"}


async def test_greet_asks_with_a_comparable_number() -> None:
    """A8"""
    desk = Desk()
    await ring(desk, names.SCRIPT_GREET, agi_callerid="+86 138 0013 8000", agi_calleridname="王芳\x07")
    ((caller,),) = desk.asked
    assert caller == Caller(CALL, "PJSIP/trunk-main-00000001", "13800138000", "王芳 ", "95519", "zh")


async def test_a_withheld_number_is_no_number() -> None:
    """A8"""
    desk = Desk()
    await ring(desk, names.SCRIPT_GREET, agi_callerid="anonymous", agi_dnid="unknown")
    ((caller,),) = desk.asked
    assert isinstance(caller, Caller)
    assert (caller.number, caller.name, caller.dialled) == (None, "", "")


@pytest.mark.parametrize("desk", [Desk(error=ConnectionError("no database")), Desk(delay=10)])
async def test_greet_sends_the_caller_on_when_the_application_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(greet, "PATIENCE", 0.1)
    with caplog.at_level(logging.WARNING):
        dialogue = await ring(desk, names.SCRIPT_GREET)
    assert dialogue.variables["CC_NEXT"] == names.QUEUE_GENERAL
    assert dialogue.variables["CC_OPEN"] == ""  # the dialplan's own hours
    assert dialogue.variables["CC_DONE"] == "1"
    assert [record.getMessage() for record in caplog.records] == ["caller sent on unrecognised"]


async def test_complaint_gives_the_number_of_the_ticket() -> None:
    dialogue = await ring(Desk(), names.SCRIPT_COMPLAINT)
    assert dialogue.variables == {
        "CC_TICKET": "95519-20261122-000001",
        "CC_NEXT": "cc-complaint",
        "CC_DONE": "1",
    }


@pytest.mark.parametrize("script", [names.SCRIPT_COMPLAINT, names.SCRIPT_OVERFLOW, names.SCRIPT_SURVEY])
async def test_a_port_that_raises_leaves_no_mark_and_one_log_line(
    script: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(error=RuntimeError("broken"))
    with caplog.at_level(logging.WARNING):
        dialogue = await ring(desk, script, {"GET DATA": b"200 result=1\n"})
    assert names.VAR_DONE not in dialogue.variables
    assert names.VAR_TICKET not in dialogue.variables
    assert [record.getMessage() for record in caplog.records] == ["script failed"]


@pytest.mark.parametrize("script", [names.SCRIPT_COMPLAINT, names.SCRIPT_OVERFLOW, names.SCRIPT_SURVEY])
async def test_a_port_that_is_slow_leaves_no_mark_within_the_deadline(
    script: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        dialogue = await ring(Desk(delay=30), script, {"GET DATA": b"200 result=1\n"}, hurried=0.1)
    assert names.VAR_DONE not in dialogue.variables
    assert [record.getMessage() for record in caplog.records] == ["script missed its deadline"]


async def test_the_complaint_of_a_caller_who_hangs_up_at_once_is_still_opened() -> None:
    desk = Desk(delay=0.1)
    opened: list[object] = []

    async def open_complaint(caller: Caller) -> str:
        await asyncio.sleep(0.1)
        opened.append(caller.call)
        return "n"

    desk.open_complaint = open_complaint  # type: ignore[method-assign]
    async with listen(routes(desk), drain=1) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(environment(names.SCRIPT_COMPLAINT, CALL))
        await until(lambda: bool(server.live))
        writer.close()
        await until(lambda: server.counts["hung_up"] == 1)
    assert opened == [CALL]


async def test_overflow_makes_a_callback_task_of_what_the_dialplan_knows() -> None:
    desk = Desk()
    told = {"agi_arg_1": "TIMEOUT", "agi_arg_2": "1", "agi_arg_3": "/rec1/20261122/hl1-1.5-1"}
    dialogue = await ring(desk, names.SCRIPT_OVERFLOW, **told)
    assert dialogue.variables == {"CC_DONE": "1"}
    ((_, message),) = desk.asked  # type: ignore[misc]
    assert message == Message("TIMEOUT", "1", "/rec1/20261122/hl1-1.5-1")


@pytest.mark.parametrize("score", ["1", "2", "3", "4", "5"])
async def test_survey_stores_the_key(score: str) -> None:
    desk = Desk()
    dialogue = await ring(desk, names.SCRIPT_SURVEY, {"GET DATA": f"200 result={score}\n".encode()})
    assert [what[1] for what in desk.asked] == [int(score)]  # type: ignore[index]
    assert dialogue.variables == {"CC_DONE": "1"}


@pytest.mark.parametrize("key", ["", "0", "9", "*", "#", "12"])
async def test_survey_asks_twice_and_then_lets_go(key: str) -> None:
    """A19"""
    desk = Desk()
    dialogue = await ring(desk, names.SCRIPT_SURVEY, {"GET DATA": f"200 result={key}\n".encode()})
    assert desk.asked == []
    assert [asked[2] for asked in dialogue.asked[:-1]] == [names.PROMPT_SURVEY, names.PROMPT_SURVEY_AGAIN]
    assert dialogue.variables == {"CC_DONE": "1"}
