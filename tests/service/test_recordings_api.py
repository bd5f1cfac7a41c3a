"""Recordings over HTTP: what there is, its sound, its proof; nobody hears what they may not, every try is logged."""

import asyncio
import base64
import hashlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from callcenter.accounts import store as accounts
from callcenter.accounts.permissions import PERMISSIONS, Permission, Role
from callcenter.accounts.store import Organisation
from callcenter.archiving.listening import RIGHTS
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.web import server
from recordings import merkle
from recordings.checkpoint import Signer, Verifier, parse
from tests.fakes.captures import a_pair
from tests.service.recorded import Recorded, RecordedCall
from tests.service.site import ELSEWHERE, HOME, PATHS, Client, Reply, Site, settings
from tests.service.test_call_sight import a_leg

pytestmark = pytest.mark.service


class Listener(Client):
    """Somebody who always says what a recording is heard for."""

    async def __call__(self, method: str, path: str, **options: Any) -> Reply:
        wanted = any(f"/{what}" in path for what in ("audio", "peaks")) and "purpose=" not in path
        return await Client.__call__(
            self, method, path, **options, **({"params": {"purpose": "抽检"}} if wanted else {})
        )


@dataclass
class Hall:
    """A running site, and sealed calls of an agent of Guangzhou."""

    site: Site
    hotline: Recorded
    agent: UUID

    async def sealed(self, milliseconds: int = 1_500) -> RecordedCall:
        call = await self.hotline.call(milliseconds, user_id=self.agent)
        await self.hotline.seal()
        return call

    async def qa(self) -> Client:
        return await self.listener(Role.QA)

    async def listener(self, role: Role, where: str = HOME) -> Client:
        """Somebody who always says what for."""
        client = await self.site.client(role, where=where)
        return Listener(client.session, client.url, client.headers, client.user)

    async def log(self) -> list[tuple[Any, ...]]:
        """(verdict, reason, first, last) of every playback row, in order."""
        async with self.hotline.db.connection() as conn:
            rows = await conn.fetch(
                "SELECT verdict, reason, first_byte, last_byte FROM access_log"
                " WHERE object_kind = 'recording' ORDER BY id, reason"
            )
        return [tuple(row) for row in rows]


@pytest.fixture
async def hall(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Hall]:
    hotline = Recorded(database, clock, tmp_path)
    config = settings(tmp_path, recordings=hotline.config)
    app = server.build(config, database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as site:
        agent = await site.client(Role.AGENT)
        assert agent.user is not None
        yield Hall(site, hotline, agent.user.id)


async def test_the_sound_is_the_sealed_wav_and_was_logged_first(hall: Hall) -> None:
    """T-6, INV-6"""
    call = await hall.sealed()
    qa = await hall.qa()
    heard = await qa.get(f"/recordings/{call.id}/audio?purpose=抽检")
    hall.hotline.clock.advance(timedelta(milliseconds=1))
    shown = await qa.get(f"/recordings/{call.id}")
    assert heard.status == 200
    assert heard.headers["Content-Type"] == "audio/wav"
    assert hashlib.sha256(heard.body).hexdigest() == shown.json["segments"][0]["wav_sha256"]
    assert await hall.log() == [
        ("allow", "playback", 0, len(heard.body) - 1),
        ("allow", "recordings.show_recording", None, None),
    ]
    assert await hall.hotline.column("SELECT purpose FROM access_log WHERE reason = 'playback'") == ["抽检"]


async def test_flac_is_the_master_and_opus_is_small(hall: Hall) -> None:
    call = await hall.sealed(5_000)
    qa = await hall.qa()
    flac = await qa.get(f"/recordings/{call.id}/audio?format=flac")
    opus = await qa.get(f"/recordings/{call.id}/audio?format=opus")
    assert flac.body == call.file().read_bytes()
    assert (opus.headers["Content-Type"], opus.body[:4]) == ("audio/ogg", b"OggS")


RANGES: list[tuple[str, int, str | None]] = [
    ("bytes=0-0", 206, "bytes 0-0/48044"),
    ("bytes=-1", 206, "bytes 48043-48043/48044"),
    ("bytes=44-99", 206, "bytes 44-99/48044"),
    ("bytes=48040-999999", 206, "bytes 48040-48043/48044"),
    ("bytes=5-2", 416, "bytes */48044"),
    ("bytes=48044-", 416, "bytes */48044"),
    ("bytes=0-9,5-20", 206, "bytes 0-20/48044"),
    ("bytes=0-9,50-60", 200, None),
    ("bytes=" + ",".join(["0-"] * 1_000), 200, None),
    ("lines=1-2", 200, None),
    ("bytes=x", 200, None),
]


async def test_ranges_are_answered_by_the_book_and_each_is_logged(hall: Hall) -> None:
    """H3"""
    call = await hall.sealed()
    qa = await hall.qa()
    whole = (await qa.get(f"/recordings/{call.id}/audio")).body
    for header, status, content_range in RANGES:
        hall.hotline.clock.advance(timedelta(milliseconds=1))
        reply = await qa.get(f"/recordings/{call.id}/audio", headers={"Range": header})
        assert (reply.status, reply.headers.get("Content-Range")) == (status, content_range), header
        verdict, reason, first, last = (await hall.log())[-1]
        if status == 416:
            assert (verdict, reason, reply.code) == ("deny", "range_not_satisfiable", "range_not_satisfiable")
        else:
            assert reply.body == whole[first : last + 1]
            assert (verdict, reason) == ("allow", "playback")
    assert len(await hall.log()) == len(RANGES) + 1


async def test_if_range_head_options_and_unknown_methods(hall: Hall) -> None:
    """H4: HEAD logs too"""
    call = await hall.sealed()
    qa = await hall.qa()
    path = f"/recordings/{call.id}/audio"
    head = await qa("HEAD", path)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "48044", b"")
    assert await hall.log() == [("allow", "head", 0, 48_043)]
    etag = head.headers["ETag"]
    partial = await qa.get(path, headers={"Range": "bytes=0-3", "If-Range": etag})
    changed = await qa.get(path, headers={"Range": "bytes=0-3", "If-Range": '"another"'})
    same = await qa.get(path, headers={"If-None-Match": etag})
    assert (partial.status, changed.status, same.status) == (206, 200, 304)
    assert (await qa("OPTIONS", path)).status == 204
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        assert (await qa(method, path)).status == 405
    assert len(await hall.log()) == 4


async def test_odd_ids_are_refused(hall: Hall) -> None:
    """H5"""
    qa = await hall.qa()
    for tail in ("..%2f..%2fetc", "%2e%2e/audio", "%00/audio", "．．/audio", "1/audio", "x" * 300):
        assert (await qa.get(f"/recordings/{tail}")).status in (400, 404), tail


async def test_what_is_not_sealed_or_lost_is_refused_by_name_and_logged(hall: Hall) -> None:
    """H6"""
    waiting = await hall.hotline.call(user_id=hall.agent)
    qa = await hall.qa()
    early = await qa.get(f"/recordings/{waiting.id}/audio")
    shown = await qa.get(f"/recordings/{waiting.id}")
    assert (early.status, early.code, shown.json["state"]) == (409, "recording_not_sealed", "sealing")
    lost = await hall.hotline.call(captured=False, user_id=hall.agent)
    await hall.hotline.seal()
    gone = await qa.get(f"/recordings/{lost.id}/audio")
    assert (gone.status, gone.code) == (409, "recording_lost")
    none = await qa.get(f"/recordings/{waiting.id}/audio?segment=7")
    assert (none.status, none.code) == (409, "recording_lost")
    denied = sorted(row[1] for row in await hall.log() if row[0] == "deny")
    assert denied == ["recording_lost", "recording_lost", "recording_not_sealed"]


async def test_a_damaged_master_is_not_played_and_raises_an_incident(hall: Hall) -> None:
    call = await hall.sealed()
    call.file().chmod(0o640)
    content = bytearray(call.file().read_bytes())
    content[-300] ^= 0x20
    call.file().write_bytes(content)
    qa = await hall.qa()
    for form in ("wav", "flac"):
        reply = await qa.get(f"/recordings/{call.id}/audio?format={form}")
        assert (reply.status, reply.code) == (409, "recording_damaged")
    assert "recording_damaged" in await hall.hotline.column("SELECT kind FROM incident")


async def test_damage_far_into_a_long_recording_cuts_the_answer_off(hall: Hall) -> None:
    call = await hall.sealed(60_000)
    call.file().chmod(0o640)
    content = bytearray(call.file().read_bytes())
    content[-300] ^= 0x20
    call.file().write_bytes(content)
    qa = await hall.qa()
    for form in ("wav", "flac"):
        with pytest.raises(aiohttp.ClientPayloadError):
            await qa.get(f"/recordings/{call.id}/audio?format={form}")


async def test_only_those_who_may_listen_hear_and_every_refusal_is_logged(hall: Hall) -> None:
    """T-6, H2, H23: by role, by organisation; peaks need the same right as the sound."""
    call = await hall.sealed()
    for role in Role:
        if role is Role.INTEGRATOR:
            continue
        client = await hall.listener(role)
        hears = {Permission.RECORDING_LISTEN, *({Permission.RECORDING_LISTEN_OWN} if role is Role.AGENT else ())}
        allowed = hears & PERMISSIONS[role]
        for what in ("audio", "peaks"):
            assert (await client.get(f"/recordings/{call.id}/{what}")).status == (200 if allowed else 403), role
    stranger = await hall.listener(Role.QA, ELSEWHERE)
    for what in ("", "/audio", "/peaks", "/proof"):
        assert (await stranger.get(f"/recordings/{call.id}{what}")).status == 404
        assert (await hall.site.nobody.get(f"/recordings/{call.id}{what}")).status == 401
        assert (await stranger.get(f"/recordings/{uuid4()}{what}")).status == 404
    denied = [row for row in await hall.log() if row[0] == "deny"]
    assert len(denied) >= 12
    assert all(row[2] is None for row in denied)


async def test_the_a_counter_hears_the_calls_of_what_it_decides_for_the_b_counter_beside_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-7, H2: only those of its tickets, and only the A counter of the same area."""
    async with hall.hotline.db.transaction() as conn:
        for id, kind, parent in (("gd-gz-b", "counter_b", "gd-gz"), ("sc-cd-a", "counter_a", "sc-cd")):
            path = f"{PATHS[parent]}{id}/"
            await accounts.add_organisation(conn, Organisation(id, kind, parent, id, path))  # type: ignore[arg-type]
            monkeypatch.setitem(PATHS, id, path)
    b, a = await hall.site.client(Role.HANDLER, where="gd-gz-b"), await hall.site.client(Role.HANDLER, where="gd-gz-a")
    elsewhere = await hall.site.client(Role.HANDLER, where="sc-cd-a")
    assert b.user is not None
    call, other = [await hall.hotline.call(1_500, user_id=b.user.id) for _ in range(2)]
    await hall.hotline.seal()
    ticket = (await b.post("/tickets", {"channel": "letter"})).json
    assert (await a.get(f"/recordings/{call.id}/audio?purpose=核实案情")).status == 404
    assert (await b.post(f"/tickets/{ticket['id']}/calls", {"call_id": str(call.id)})).status == 200
    assert (await a.get(f"/recordings/{call.id}/audio?purpose=核实案情")).status == 200
    for client, id in ((a, other.id), (elsewhere, call.id), (elsewhere, other.id)):
        assert (await client.get(f"/recordings/{id}/audio?purpose=核实案情")).status == 404


async def a_ticket_on(hall: Hall, call: RecordedCall, where: str = HOME, **others: Any) -> str:
    """A ticket on the call; which organisation accepted it, and who opened it, is its opener's."""
    opener = await hall.site.client(Role.SUPERVISOR, where=where)
    opened = await opener.post("/tickets", {"channel": "letter", "demand": "赔付", **others})
    assert opened.status == 201, opened.body
    async with hall.hotline.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO ticket_call VALUES ($1, $2, false, NULL, now())", UUID(opened.json["id"]), call.id
        )
    return str(opened.json["id"])


async def test_nobody_hears_without_a_reason(hall: Hall) -> None:
    """E-11: a purpose, or the ticket it is heard for; the refusal is in the access log like every other."""
    call = await hall.sealed()
    ticket = await a_ticket_on(hall, call)
    qa = await hall.site.client(Role.QA)
    for what in ("audio", "peaks"):
        for query in ("", "?purpose=x", "?purpose=%20%20%20"):
            reply = await qa.get(f"/recordings/{call.id}/{what}{query}")
            assert (reply.status, reply.code) == (400, "purpose_missing"), query
        assert (await qa.get(f"/recordings/{call.id}/{what}?purpose=抽检")).status == 200
        assert (await qa.get(f"/recordings/{call.id}/{what}?ticket_id={ticket}")).status == 200
    verdicts = [row[0] for row in await hall.log()]
    assert (verdicts.count("deny"), verdicts.count("allow")) == (6, 4)
    assert set(await hall.hotline.column("SELECT ticket_id FROM access_log WHERE verdict = 'allow'")) == {
        None,
        UUID(ticket),
    }


async def test_the_ticket_it_is_heard_for_must_be_there_and_hang_on_it(hall: Hall) -> None:
    """E-11, H2: also a purpose does not help a ticket made up, another's, or of another call."""
    call, other = await hall.sealed(), await hall.sealed()
    elsewhere = await a_ticket_on(hall, other)
    strangers = await a_ticket_on(hall, call, where=ELSEWHERE)
    qa = await hall.site.client(Role.QA)
    for ticket, status, code in (
        (uuid4(), 404, "not_found"),
        (strangers, 404, "not_found"),
        (elsewhere, 422, "ticket_not_of_recording"),
        ("1", 400, "not_valid"),
    ):
        for what in ("audio", "peaks"):
            reply = await qa.get(f"/recordings/{call.id}/{what}?ticket_id={ticket}&purpose=抽检")
            assert (reply.status, reply.code) == (status, code), ticket
    reasons = {row[1] for row in await hall.log() if row[0] == "deny"}
    assert reasons == {"ticket_not_found", "ticket_not_of_recording"}
    assert [row for row in await hall.log() if row[0] == "allow"] == []


CASE = [role for role in Role if Permission.RECORDING_LISTEN_CASE in PERMISSIONS[role]]


@pytest.mark.parametrize("role", CASE)
async def test_who_works_on_cases_hears_what_hangs_on_a_ticket_they_may_see(hall: Hall, role: Role) -> None:
    """T-6, E-11: by the ticket, not by the organisation alone."""
    of_case, of_none, of_strangers = await hall.sealed(300), await hall.sealed(300), await hall.sealed(300)
    ticket = await a_ticket_on(hall, of_case)
    await a_ticket_on(hall, of_strangers, where=ELSEWHERE)
    client = await hall.listener(role)
    assert Permission.RECORDING_LISTEN not in PERMISSIONS[role]
    for query in ("purpose=核实案情", f"ticket_id={ticket}&purpose=核实案情"):
        assert (await client.get(f"/recordings/{of_case.id}/audio?{query}")).status == 200
    for call in (of_none, of_strangers):
        assert (await client.get(f"/recordings/{call.id}")).status == 200
        for what in ("audio", "peaks"):
            reply = await client.get(f"/recordings/{call.id}/{what}")
            assert (reply.status, reply.code) == (403, "recording_not_yours")
    async with hall.hotline.db.transaction() as conn:
        await conn.execute("UPDATE ticket SET accepting_organisation_id = $1", ELSEWHERE)
    assert (await client.get(f"/recordings/{of_case.id}/audio")).status == 403


async def test_an_agent_hears_the_calls_he_spoke_on_and_no_others(hall: Hall) -> None:
    """archive.md §2.11: hearing oneself is a right of its own."""
    own = await hall.sealed(300)
    colleague = await hall.site.client(Role.CALLBACK_AGENT)
    assert colleague.user is not None
    others = await hall.hotline.call(300, user_id=colleague.user.id)
    consulted = await hall.hotline.call(300, user_id=colleague.user.id)
    listened = await hall.hotline.call(300, user_id=colleague.user.id)
    rung = await hall.hotline.call(300, user_id=colleague.user.id)
    async with hall.hotline.db.transaction() as conn:
        for call, part in ((consulted, "consult"), (listened, "supervisor"), (rung, "agent")):
            await conn.execute(
                "INSERT INTO call_leg (id, call_id, channel_id, role, user_id, started_at, answered_at)"
                " VALUES (gen_random_uuid(), $1, 'x', $2, $3, now(), CASE WHEN $4 THEN now() END)",
                call.id,
                part,
                hall.agent,
                call is not rung,
            )
    await hall.hotline.seal()
    await a_ticket_on(hall, others)
    agent = await hall.listener(Role.AGENT)
    asked = (own, consulted, others, listened, rung)
    heard = [(await agent.get(f"/recordings/{call.id}/audio")).status for call in asked]
    assert heard == [200, 200, 403, 403, 403]
    assert (await (await hall.listener(Role.CALLBACK_AGENT)).get(f"/recordings/{others.id}/audio")).status == 200


async def test_a_telephone_that_only_rang_lets_nobody_of_its_organisation_hear_the_call(hall: Hall) -> None:
    """T-6, archive.md §2.11: neither the agent nor the supervisor there; once it was answered, both."""
    call = await hall.sealed(300)
    rung, above = await hall.listener(Role.AGENT, ELSEWHERE), await hall.listener(Role.SUPERVISOR, ELSEWHERE)
    assert rung.user is not None
    async with hall.hotline.db.transaction() as conn:
        await a_leg(conn, call.id, rung.user.id, answered=False)
    for who in (rung, above):
        assert [(await who.get(f"/recordings/{call.id}{part}")).status for part in ("", "/audio", "/peaks")] == [
            404
        ] * 3
        assert (await who.get("/recordings")).json["items"] == []
    async with hall.hotline.db.transaction() as conn:
        await conn.execute("UPDATE call_leg SET answered_at = now()")
    assert [(await who.get(f"/recordings/{call.id}/audio")).status for who in (rung, above)] == [200, 200]


def test_hearing_oneself_ones_cases_and_everything_are_three_rights() -> None:
    """archive.md §2.11, E-11"""
    rights = {role: {right for right in RIGHTS if right in PERMISSIONS[role]} for role in Role}
    assert rights[Role.AGENT] == rights[Role.CALLBACK_AGENT] == {Permission.RECORDING_LISTEN_OWN}
    assert Permission.RECORDING_LISTEN_CASE in rights[Role.HANDLER]
    everything = {role for role in Role if Permission.RECORDING_LISTEN in rights[role]}
    assert everything == {Role.SUPERVISOR, Role.QA, Role.AUDITOR}
    assert rights[Role.ADMIN] == rights[Role.INTEGRATOR] == set()


async def test_a_revoked_session_hears_no_further_range(hall: Hall) -> None:
    """F62, H20"""
    call = await hall.sealed()
    qa = await hall.qa()
    path = f"/recordings/{call.id}/audio"
    assert (await qa.get(path, headers={"Range": "bytes=0-9"})).status == 206
    async with hall.hotline.db.transaction() as conn:
        await conn.execute("UPDATE session SET revoked_at = now()")
    assert (await qa.get(path, headers={"Range": "bytes=10-19"})).status == 401


async def test_without_the_access_log_nothing_is_played(hall: Hall) -> None:
    """F61, INV-6: fail closed."""
    call = await hall.sealed()
    qa = await hall.qa()
    async with hall.hotline.db.transaction() as conn:
        await conn.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$"
        )
        await conn.execute("CREATE TRIGGER broken BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION no_room()")
    for what in ("audio", "peaks"):
        reply = await qa.get(f"/recordings/{call.id}/{what}")
        assert (reply.status, reply.code) == (503, "access_log_unavailable")
    head = await qa("HEAD", f"/recordings/{call.id}/audio")
    assert head.status == 503


async def test_the_proof_convinces_without_us(hall: Hall) -> None:
    """INV-10"""
    calls = [await hall.sealed(300) for _ in range(5)]
    qa = await hall.qa()
    shown = (await qa.get(f"/recordings/{calls[2].id}")).json
    proof = (await qa.get(f"/recordings/{calls[2].id}/proof")).json
    inclusion = proof["inclusion"]
    leaf = inclusion["leaf"].encode()
    assert shown["inventory_sha512"].encode() in leaf
    assert shown["archive_no"].encode() in leaf
    path = [base64.b64decode(node) for node in inclusion["path"]]
    assert merkle.verify_inclusion(
        merkle.leaf_hash(leaf),
        inclusion["leaf_index"],
        inclusion["tree_size"],
        path,
        base64.b64decode(inclusion["root"]),
    )


async def test_with_a_key_the_proof_comes_under_a_signed_checkpoint_of_the_same_tree(hall: Hall) -> None:
    """INV-10: leaf, path and signature fit together without anything of ours."""
    signer = Signer.generate("hotline95519/log")
    call = await hall.sealed(300)
    qa = await hall.qa()
    assert (await qa.get(f"/recordings/{call.id}/proof")).json["checkpoint"] is None
    hall.hotline.site.log.sign(signer)
    later = await hall.sealed(300)
    proof = (await qa.get(f"/recordings/{call.id}/proof")).json
    signed = parse(proof["checkpoint"].encode(), [Verifier.parse(signer.verifier().text())])
    inclusion = proof["inclusion"]
    assert (signed.size, inclusion["tree_size"]) == (1, 1)
    assert base64.b64encode(signed.root).decode() == inclusion["root"]
    assert (await qa.get(f"/recordings/{later.id}/proof")).json["checkpoint"] is None


async def test_peaks_come_as_json_and_as_audiowaveform_data(hall: Hall) -> None:
    call = await hall.sealed(2_000)
    qa = await hall.qa()
    found = (await qa.get(f"/recordings/{call.id}/peaks")).json
    dat = await qa.get(f"/recordings/{call.id}/peaks?format=dat")
    assert (found["channels"], found["length"], len(found["data"])) == (2, 100, 400)
    assert struct.unpack_from("<iIiiII", dat.body) == (2, 1, 8_000, 160, 100, 2)


async def test_the_list_shows_what_is_expected_sealing_sealed_lost_and_orphaned(hall: Hall) -> None:
    """INV-1: nothing is missing without a trace."""
    made: dict[str, RecordedCall] = {}
    made["sealed"] = await hall.sealed()
    made["lost"] = await hall.hotline.call(captured=False, user_id=hall.agent)
    await hall.hotline.seal()
    made["sealing"] = await hall.hotline.call(user_id=hall.agent)
    made["expected"] = await hall.hotline.call(user_id=hall.agent, state="expected", captured=False)
    a_pair(hall.hotline.volumes[0], 500, "hl8-1795000000.1")
    await hall.hotline.look()
    qa, hq = await hall.qa(), await hall.listener(Role.QA, "hq")
    for state, call in made.items():
        found = (await qa.get(f"/recordings?state={state}")).json["items"]
        assert [(item["id"], item["state"]) for item in found] == [(str(call.id), state)]
    assert len((await qa.get("/recordings")).json["items"]) == 4
    everything = (await hq.get("/recordings?limit=3")).json
    rest = (await hq.get(f"/recordings?limit=3&cursor={everything['next']}")).json
    states = [item["state"] for item in everything["items"] + rest["items"]]
    assert sorted(states) == ["expected", "lost", "orphan", "sealed", "sealing"]
    assert (await qa.get("/recordings?state=orphan")).json["items"] == []
    orphan = (await hq.get("/recordings?state=orphan")).json["items"][0]
    assert (await hq.get(f"/recordings/{orphan['id']}/audio")).status == 200
    incomplete = (await qa.get("/recordings?incomplete=true")).json["items"]
    assert incomplete == []


async def test_many_listeners_at_once_do_not_disturb_each_other(hall: Hall) -> None:
    call = await hall.sealed(20_000)
    qa = await hall.qa()

    async def part(number: int) -> Reply:
        headers = {"Range": f"bytes={number * 1_000}-{number * 1_000 + 999}"}
        return await qa.get(f"/recordings/{call.id}/audio", headers=headers)

    whole = (await qa.get(f"/recordings/{call.id}/audio")).body
    parts = await asyncio.gather(*(part(number) for number in range(20)))
    assert b"".join(reply.body for reply in parts) == whole[:20_000]
