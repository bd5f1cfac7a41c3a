"""What went wrong is listed, narrowed, and marked as seen; where files lie is not told."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.calls.call import Incident
from callcenter.calls.store import raise_incidents
from callcenter.db.pool import Database
from tests.conftest import NOON
from tests.service.desk import a_call, hang_up
from tests.service.site import ELSEWHERE, Site

pytestmark = pytest.mark.service


async def happened(database: Database, *kinds: str) -> None:
    async with database.transaction() as conn:
        incidents = [
            (None, Incident(kind, NOON + timedelta(minutes=n), {"base": "/srv/rec1/20261118/hl-1.1-1", "seq": 1}))
            for n, kind in enumerate(kinds)
        ]
        await raise_incidents(conn, incidents)


async def test_incidents_are_listed_newest_first_page_by_page(site: Site, database: Database) -> None:
    """INV-11"""
    await happened(database, "degraded", "recording_lost", "degraded")
    supervisor = await site.client(Role.SUPERVISOR, where="hq")
    first = (await supervisor.get("/incidents?limit=2")).json
    rest = (await supervisor.get(f"/incidents?limit=2&cursor={first['next']}")).json
    assert [one["kind"] for one in first["items"] + rest["items"]] == ["degraded", "recording_lost", "degraded"]
    assert rest["next"] is None
    (lost,) = (await supervisor.get("/incidents?kind=recording_lost")).json["items"]
    assert lost["details"] == {"base": "hl-1.1-1", "seq": 1}


async def test_who_has_looked_first_stays_and_his_note_is_in_the_audit_trail(site: Site, database: Database) -> None:
    await happened(database, "degraded")
    one, two = await site.client(Role.SUPERVISOR, where="hq"), await site.client(Role.ADMIN, where="hq")
    (incident,) = (await one.get("/incidents?seen=false")).json["items"]
    seen = await one.post(f"/incidents/{incident['id']}/actions/see", {"note": "已回访客户"})
    again = await two.post(f"/incidents/{incident['id']}/actions/see", {})
    assert (seen.status, again.status) == (200, 200)
    assert seen.json["seen_at"] == again.json["seen_at"] is not None
    assert (await one.get("/incidents?seen=false")).json["items"] == []
    async with database.connection() as conn:
        (row,) = await conn.fetch("SELECT details FROM audit WHERE action = 'incident.seen'")
    assert row["details"] == {"note": "已回访客户"}


async def test_an_incident_of_a_call_is_known_to_whom_the_call_is(site: Site, database: Database) -> None:
    """H2, T-6: of a call nobody took, and of no call, to every supervisor."""
    own, elsewhere = await site.client(Role.SUPERVISOR), await site.client(Role.SUPERVISOR, where=ELSEWHERE)
    assert own.user is not None
    async with database.transaction() as conn:
        taken, lost = await a_call(conn, user=own.user.id), await a_call(conn, 2)
        await hang_up(conn, lost, NOON)
        for call, kind in ((taken, "degraded"), (lost, "nobody_there"), (None, "event_log_missing")):
            await raise_incidents(conn, [(call, Incident(kind, NOON, {}))])
    seen = [{row["kind"] for row in (await who.get("/incidents")).json["items"]} for who in (own, elsewhere)]
    assert seen == [{"degraded", "nobody_there", "event_log_missing"}, {"nobody_there", "event_log_missing"}]


async def test_an_unknown_incident_is_not_found_and_agents_see_none(site: Site, database: Database) -> None:
    """H2"""
    await happened(database, "degraded")
    supervisor, agent = await site.client(Role.SUPERVISOR), await site.client(Role.AGENT)
    unknown = UUID(int=uuid4().int)
    assert (await supervisor.post(f"/incidents/{unknown}/actions/see", {})).status == 404
    assert (await agent.get("/incidents")).status == 403
