"""An inbound call as our telephony process sees it: greeted, a complaint opened, answered by an agent, ended,
recorded."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agi.ari.commands import Ari
from agi.ari.rest import Rest
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring, ring_many
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Say, Wait
from tests.asterisk.fakes import Cel
from tests.asterisk.office import QUICK, at_work, ended, joined, of_call, on_duty, rows, settings, until
from tests.service.customers import organisations

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def environ(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    async with database.transaction() as conn:
        await organisations(conn)
    return settings(asterisk, database_url, redis_url, tmp_path)


def captured(base: str) -> int:
    """Bytes of what the customer said."""
    return Path(f"{base}-r.sln").stat().st_size


async def test_a_customer_complains_and_everything_of_the_call_is_known(
    asterisk: AsteriskAddress,
    environ: dict[str, str],
    database: Database,
    phone: Plug,
    complaint: Say,
) -> None:
    """T-3, INV-1, INV-12"""
    await phone("8001", Manner(ring=0.3))
    agent = await on_duty(database, "8001", "cc-complaint")
    async with at_work(environ, database):
        await joined(asterisk, "cc-complaint", "8001")
        steps = (Wait(5.0), Press("3"), Wait(6.0), complaint)
        result = await ring(asterisk, caller="13800138002", steps=steps, stay=18.0)
        assert result.ok
        (call,) = await ended(database, "13800138002")
    assert (call["direction"], call["caller"], call["did"]) == ("inbound", "13800138002", "95519")
    assert call["user_id"] == agent
    assert (call["state"], call["queue"], call["end_cause"], call["degraded"]) == (
        "ended",
        "cc-complaint",
        "normal",
        False,
    )
    (ticket,) = await rows(database, "SELECT t.*, l.* FROM ticket t JOIN ticket_call l ON l.ticket_id = t.id")
    assert ticket["call_id"] == call["id"]
    assert (ticket["nature"], ticket["opened_live"]) == ("complaint", True)
    assert call["started_at"] < ticket["received_at"] < call["ended_at"]
    legs = await of_call(database, "call_leg", call["id"])
    legs.sort(key=lambda leg: leg["started_at"])
    assert [(leg["role"], leg["endpoint"]) for leg in legs] == [("customer", "trunk-main"), ("agent", "desk-8001")]
    assert all(leg["answered_at"] and leg["ended_at"] for leg in legs)
    kinds = {row["kind"] for row in await of_call(database, "call_event", call["id"])}
    assert kinds >= {"arrived", "notice", "choice", "queued", "ringing", "answered", "bridged", "ended"}
    (segment,) = await of_call(database, "segment", call["id"])
    assert (segment["state"], segment["end_reason"], segment["seq"]) == ("finished", "handler", 1)
    size = captured(segment["base"])
    assert segment["r_bytes"] == size
    assert abs(size / 16 - segment["expected_ms"]) <= 250 + segment["expected_ms"] / 100
    topics = [row["topic"] for row in await rows(database, "SELECT topic FROM outbox_event ORDER BY id")]
    assert {"call.ended", "segment.finished"} <= set(topics)
    assert not await of_call(database, "incident", call["id"])


async def test_calls_of_the_time_without_us_are_all_known_and_every_fallback_is_an_incident(
    asterisk: AsteriskAddress, cel: Cel, environ: dict[str, str], database: Database
) -> None:
    """INV-11, INV-12: three callers while none of our processes runs, two while they do; by the switch's own log."""
    without, with_us = ["13800139001", "13800139002", "13800139003"], ["13800139004", "13800139005"]
    result = await ring_many(asterisk, callers=tuple(without), stay=3.0)
    assert result.ok
    await cel.until("LINKEDID_END", count=3)
    async with at_work(environ, database):
        assert (await ring_many(asterisk, callers=tuple(with_us), stay=3.0)).ok
        calls = await ended(database, *without, *with_us)
        told = await cel.until("LINKEDID_END", count=5)
        begun = {row["linkedid"] for row in told if row["eventenum"] == "CHAN_START" and row["context"] == "cc-in"}
        assert {call["cc_call"] for call in calls} == begun
        assert len(begun) == 5
        degraded = [row["linkedid"] for row in told if row["userdeftype"] == "CC_DEGRADED"]
        assert len(degraded) == 3
        ids = [call["id"] for call in calls]
        raised = await rows(
            database,
            "SELECT c.cc_call FROM incident i JOIN call c ON c.id = i.call_id"
            " WHERE i.kind = 'degraded' AND c.id = ANY($1::uuid[])",
            ids,
        )
        assert sorted(row["cc_call"] for row in raised) == sorted(degraded)
        assert {call["cc_call"] for call in calls if call["degraded"]} == set(degraded)


async def test_channels_nobody_expects_in_our_application_are_sent_on(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database
) -> None:
    """B6, B7, INV-8: without arguments, with a hundred, with those of no call; halves of Local channels."""
    wrong: tuple[tuple[str, ...], ...] = ((), ("x",) * 100, ("hl1-1795339143.5",), ("../../etc/passwd",))
    async with (
        at_work(environ, database) as telephony,
        Rest(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password) as rest,
    ):
        ari, controller = Ari(rest), telephony.controller
        assert controller is not None
        before = controller.counts["unexpected"]
        for number, args in enumerate(wrong):
            channel = f"unexpected-{number}"
            await ari.originate(channel=channel, endpoint="Local/room@cc-conf/n", application="cc", args=args)
        await until(lambda: controller.counts["unexpected"] - before >= len(wrong))

        async def gone() -> bool:
            return not any([await ari.is_in_stasis(f"unexpected-{number}") for number in range(len(wrong))])

        await until(gone, timeout=QUICK.lease)
        for left in await ari.channels():
            await ari.hangup(left.id)
        assert controller.hears()
    assert await rows(database, "SELECT FROM call WHERE cc_call LIKE 'unexpected%'") == []


async def test_a_caller_who_wants_an_agent_is_directed_by_the_controller(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug
) -> None:
    """B6, INV-8: he passes through our application under its lease, and leaves it by our decision."""
    await phone("8001", Manner(ring=0.1, stay=1.0))
    await on_duty(database, "8001", "cc-general")
    async with at_work(environ, database) as telephony:
        await joined(asterisk, "cc-general", "8001")
        await ring(asterisk, caller="13800138001", steps=(Wait(5.0), Press("0")), stay=14.0)
        (call,) = await ended(database, "13800138001")
        assert telephony.controller is not None
        assert telephony.controller.counts["unexpected"] == 0
    assert (call["queue"], call["degraded"]) == ("cc-general", False)
