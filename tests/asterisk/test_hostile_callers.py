"""Callers as the network sends them: withheld, foreign, lying, and INVITEs that come twice."""

import asyncio
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.lab import sip
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring, ring_many
from callcenter.lab.console import Console
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Wait
from tests.asterisk.fakes import Cel, agi, eventually, extras
from tests.asterisk.invitation import invited
from tests.asterisk.office import at_work, ended, rows, settings, until
from tests.service.customers import organisations

pytestmark = pytest.mark.asterisk

OPENED = """
SELECT t.complainant_phone, l.opened_live, c.caller, c.ended_at
FROM ticket t JOIN ticket_call l ON l.ticket_id = t.id JOIN call c ON c.id = l.call_id WHERE c.started_at >= $1"""

Plug = Callable[..., Awaitable[Phone]]
GREET = {"greet": {"CC_NEXT": "cc-general", "CC_MENU": "skip", "CC_SURVEY": "0"}}


@pytest.fixture
async def environ(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    async with database.transaction() as conn:
        await organisations(conn)
    return settings(asterisk, database_url, redis_url, tmp_path)


@pytest.mark.parametrize(
    "caller",
    [
        "anonymous",
        "+8613800138000",
        "unknown",
        "0",
        "1" * 40,
        "%22%5C",
        "%0A%7B%7D",
        "%E4%BD%A0",
        "$%7BCC_CALL%7D",
        "%01%FF",
    ],
)
async def test_any_caller_id_is_answered_and_recorded(asterisk: AsteriskAddress, cel: Cel, caller: str) -> None:
    """A8, B8: the dialplan never evaluates what a caller calls himself, and the CEL file stays JSON."""
    async with agi(asterisk, GREET) as asked:
        result = await ring(asterisk, caller=caller, stay=1.5)
    assert result.ok, result.errors
    told = await cel.until("LINKEDID_END")
    assert len(asked.environments) == 1
    [[base]] = extras(told, "CC_REC_START")
    assert base.startswith(str(asterisk.volumes[0]))
    assert ".." not in base
    [[number, dialled]] = extras(told, "CC_ARRIVED")
    assert dialled == "95519"
    assert re.fullmatch(r"[+0-9A-Za-z*#]*", number)


async def test_a_caller_who_claims_to_be_an_agent_is_challenged(asterisk: AsteriskAddress, cel: Cel) -> None:
    result = await ring(asterisk, caller="desk-8001", stay=1.0)
    assert not result.ok
    assert "401" in result.errors
    assert cel.rows() == []


@pytest.mark.parametrize(
    ("dialled", "kept"),
    [("95519", "95519"), ("+95519", "+95519"), ("4001095519", "4001095519"), ("95519..", "95519"), ("9$%7Bx%7D", "9")],
)
async def test_only_digits_of_the_number_dialled_are_kept(
    asterisk: AsteriskAddress, cel: Cel, dialled: str, kept: str
) -> None:
    """H12: nothing of what was dialled is evaluated, or becomes part of a file's name."""
    async with agi(asterisk, GREET):
        await ring(asterisk, dialled=dialled, stay=1.0)
    told = await cel.until("LINKEDID_END")
    [[_, number]] = extras(told, "CC_ARRIVED")
    [[base]] = extras(told, "CC_REC_START")
    assert number == kept
    assert re.fullmatch(r"[A-Za-z0-9/._-]+", base)
    assert ".." not in base


NAMES: dict[str, bytes] = {
    "an honest one": '"王小明"'.encode(),
    "GBK": '"王小明"'.encode("gbk"),
    "broken UTF-8": b'"\xff\xfe\xc3"',
    "picture and direction": '"😀\u202e投诉\u200b"'.encode(),
    "markup": b'"<script>alert(1)</script>"',
    "terminal": b'"a\x01\x1b[31mb"',
    "expressions": b'"${SHELL(id)} $[1+1]"',
    "ends of JSON": b'"\\"}\\\\{"',
    "three thousand": b'"' + b"n" * 3_000 + b'"',
    "ten thousand": b'"' + b"n" * 10_000 + b'"',
    "none": b"",
    "no quotes": "王 小明".encode(),
}


async def test_whatever_a_caller_calls_himself_he_is_served_and_it_stays_a_name(
    asterisk: AsteriskAddress, cel: Cel, environ: dict[str, str], database: Database
) -> None:
    """A5, B8: true callers, our own processes; stored capped and plain, or refused by the switch and not stored."""
    numbers = {name: f"1390000{serial:04d}" for serial, name in enumerate(NAMES)}
    answers: dict[str, int] = {}

    async def rings(name: str) -> None:
        caller = NAMES[name] + f" <sip:{numbers[name]}@{asterisk.here}>".encode()
        async with invited(asterisk, caller) as status:
            answers[name] = status
            await asyncio.sleep(2.0 if status == 200 else 0.0)

    async with at_work(environ, database) as telephony:
        async with asyncio.TaskGroup() as callers:
            for name in NAMES:
                callers.create_task(rings(name))
        served = {name for name, status in answers.items() if status == 200}
        assert served >= {"an honest one", "GBK", "broken UTF-8", "picture and direction", "markup", "three thousand"}
        calls = {call["caller"]: call for call in await ended(database, *(numbers[name] for name in served))}
        result = await ring(asterisk, caller="13900009999", stay=2.0)
        assert result.ok
        assert telephony.controller is not None
        assert telephony.controller.hears()
    assert set(calls) == {numbers[name] for name in served}
    stored = {name: calls[numbers[name]]["caller_name"] for name in served}
    assert stored["an honest one"] == "王小明"
    assert stored["markup"] == "<script>alert(1)</script>"
    for name, text in stored.items():
        assert text is None or (len(text) <= 80 and text.isprintable()), name
    assert "uid=" not in str(stored)
    assert len(cel.rows()) > len(served)  # every line is still JSON


CALLERS: dict[str, str | None] = {
    "13800138000": "13800138000",
    "+8613800138000": "13800138000",
    "008613800138000": "13800138000",
    "anonymous": None,
    "unknown": None,
    "1" * 40: None,
    "alice": None,
    "%EF%BC%91%EF%BC%93%EF%BC%98": None,
    "%22%5C%0A": None,
}


async def test_a_callers_number_is_comparable_or_nothing_on_his_complaint(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database
) -> None:
    """A8, T-3: true callers press 3; the ticket is opened whatever number the network told."""
    begun = SystemClock().now()
    async with at_work(environ, database):
        async with asyncio.TaskGroup() as callers:
            for caller in CALLERS:
                steps = (Wait(4.5), Press("3"))
                callers.create_task(ring(asterisk, caller=caller, steps=steps, stay=11.0))

        async def opened() -> list[asyncpg.Record]:
            found = await rows(database, OPENED, begun)
            return found if len(found) == len(CALLERS) and all(row["ended_at"] for row in found) else []

        found = await until(opened)
    assert sorted(str(row["complainant_phone"]) for row in found) == sorted(map(str, CALLERS.values()))
    assert all(row["opened_live"] for row in found)
    for row in found:
        assert row["caller"] is None or re.fullmatch(r"[+0-9A-Za-z*#]{1,40}", row["caller"])


async def test_an_invite_that_comes_again_after_the_answer_is_a_second_call_of_its_own(
    asterisk: AsteriskAddress, cel: Cel
) -> None:
    """A late retransmission makes plain Asterisk begin a second call.

    Two channels have two unique ids, so two calls and never two segments under one name; that they are one complaint
    is for the ticket's use case to see (same Call-ID is not kept by Asterisk, same caller within seconds is).
    """
    host, port = asterisk.host, asterisk.sip_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((asterisk.here, 0))
        line.settimeout(5)
        mine = line.getsockname()[1]
        headers = {
            "Via": f"SIP/2.0/UDP {host}:{mine};branch={sip.branch()};rport",
            "From": f"<sip:13600000001@{host}>;tag={secrets.token_hex(4)}",
            "To": f"<sip:95519@{host}:{port}>",
            "Call-ID": f"{secrets.token_hex(8)}@{host}",
            "CSeq": "1 INVITE",
            "Contact": f"<sip:13600000001@{host}:{mine}>",
            "Max-Forwards": "70",
            "Content-Type": "application/sdp",
        }
        invite = sip.Message(
            f"INVITE sip:95519@{host}:{port} SIP/2.0", tuple(headers.items()), sip.describe(host, mine, "8")
        ).encode()
        line.sendto(invite, (host, port))
        answer = sip.parse(line.recv(4096))
        while answer.code < 200:
            answer = sip.parse(line.recv(4096))
        ack = {**headers, "To": answer.header("To"), "CSeq": "1 ACK", "Via": f"{headers['Via']}a"}
        line.sendto(sip.Message(f"ACK sip:95519@{host}:{port} SIP/2.0", tuple(ack.items())).encode(), (host, port))
        await cel.until("CC_REC_START")
        await asyncio.sleep(1.0)
        line.sendto(invite, (host, port))
        told = await cel.until("CC_REC_START", count=2)
        with Console(asterisk.console) as console:
            for name in {row["channame"] for row in told if row["channame"]}:
                console.command(f"channel request hangup {name}")
        await eventually(lambda: ends(cel) == starts(cel) == 2)
    first, second = (fields[0] for fields in extras(cel.rows(), "CC_REC_START"))
    assert first != second


def starts(cel: Cel) -> int:
    return sum(row["eventenum"] == "CHAN_START" for row in cel.rows())


def ends(cel: Cel) -> int:
    return sum(row["eventenum"] == "CHAN_END" for row in cel.rows())


async def test_fifty_callers_at_once_are_all_recorded(asterisk: AsteriskAddress, cel: Cel, phone: Plug) -> None:
    await phone("8000", Manner())
    async with agi(asterisk, {"greet": {"CC_NEXT": "cc-general", "CC_OPEN": "0"}}):
        numbers = tuple(f"1350000{index:04d}" for index in range(50))
        result = await ring_many(asterisk, callers=numbers, stay=4.0, rate=25)
    assert (result.succeeded, result.failed, result.retransmissions) == (50, 0, 0)
    told = await cel.until("LINKEDID_END", count=50)
    sizes = [(int(r), int(t)) for _, r, t in extras(told, "CC_REC_END")]
    assert len(sizes) == 50
    assert all(r == t for r, t in sizes)
    assert all(abs(r / 16_000 - 4.0) < 0.5 for r, _ in sizes)
