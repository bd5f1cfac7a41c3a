"""The team leader's live board: what is open, in the air and done today, of a campaign and of all."""

from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks.overview import OPEN, RENEWED, Boards
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.site import Site, settings
from tests.service.spring import YES, Spring

pytestmark = pytest.mark.service


@pytest.fixture
async def spring(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Spring]:
    """Four tasks whose cooling-off period ends on 16 September."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        spring = Spring(site, seen)
        await spring.at(date(2025, 9, 3), time(10))
        await spring.load(4)
        yield spring


async def board(spring: Spring, path: str = "", where: str = "hq") -> Any:
    leader = await spring.site.client(Role.SUPERVISOR, where=where)
    reply = await leader.get(path or f"/campaigns/{spring.campaign}/board")
    assert reply.status == 200, reply.body
    return reply.json


def some(shown: Any, **expected: int) -> None:
    assert {name: shown[name] for name in expected} == expected


async def test_the_board_follows_the_day(spring: Spring) -> None:
    """C-3, C-17, C-20"""
    shown = await board(spring)
    some(shown, open=4, waiting=4, ready=4, due_today=0, near_end=0, overdue=0, attempts_today=0, dialling=0)
    await spring.at(date(2025, 9, 3), time(10, 1))
    await spring.reach("S000", YES)
    await spring.miss("S001")
    agent = await spring.agent()
    assert (await agent.post(f"/callback-tasks/{spring.tasks['S002']}/dial")).status == 202
    shown = await board(spring)
    some(shown, open=3, waiting=2, ready=1, dialling=1, talking=0, attempts_today=2, answered=1, abandoned=0)
    assert {outcome: count for outcome, count in shown["attempts"].items() if count} == {"answered": 1, "no_answer": 1}
    assert {result: count for result, count in shown["results"].items() if count} == {"successful": 1}
    assert shown["agents"] == {"offline": 1, "ready": 0, "paused": 0, "wrap_up": 0}
    assert {name: value for name, value in (await board(spring, "/callback-board")).items() if name != "at"} == {
        name: value for name, value in shown.items() if name != "at"
    }


async def test_what_ends_soon_today_or_has_ended_stands_out_and_yesterday_is_over(spring: Spring) -> None:
    """C-3, C-20, D-14: the day is Shanghai's."""
    await spring.reach("S000", YES)
    await spring.at(date(2025, 9, 14), time(0, 1))
    some(await board(spring), open=3, due_today=0, near_end=3, overdue=0, attempts_today=0)
    await spring.at(date(2025, 9, 16), time(23, 59))
    some(await board(spring), due_today=3, near_end=3, overdue=0)
    await spring.at(date(2025, 9, 17), time(0))
    shown = await board(spring)
    some(shown, due_today=0, near_end=0, overdue=3)
    assert sum(shown["results"].values()) == 0


async def test_many_lookers_are_one_count(spring: Spring) -> None:
    """Asked again within two seconds it is not counted anew; of another organisation it is another board."""
    boards = Boards(spring.site.database)
    at = spring.clock.now()
    first = await boards.show("hq/", None, at)
    async with spring.site.database.connection() as conn:
        await conn.execute("UPDATE callback_task SET not_before = $1", at + timedelta(days=1))
    assert await boards.show("hq/", None, at + RENEWED / 2) is first
    assert (await boards.show("hq/", None, at + RENEWED)).ready == 0
    assert (await boards.show("hq/sc/", None, at)).open == 0


async def test_the_board_is_the_leaders_and_only_of_what_lies_below(spring: Spring) -> None:
    """T-6, H2"""
    elsewhere = await spring.site.client(Role.SUPERVISOR, where="sc")
    assert (await elsewhere.get(f"/campaigns/{spring.campaign}/board")).status == 404
    assert (await elsewhere.get("/callback-board")).json["open"] == 0
    assert (await (await spring.agent()).get("/callback-board")).status == 403
    leader = await spring.site.client(Role.SUPERVISOR, where="hq")
    assert (await leader.get(f"/campaigns/{uuid4()}/board")).code == "campaign_not_found"


async def test_the_board_reads_indexes_however_many_tasks_are_done(spring: Spring) -> None:
    """Ten thousand tasks that are done cost the board nothing."""
    async with spring.site.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO callback_task (id, campaign_id, purpose, source, organisation_id, number, script_version,
                state, not_before, result, concluded_at, created_at)
            SELECT gen_random_uuid(), $1, 'new_business', 'import', 'hq', '16900000001', '2010-4.1', 'done', $2,
                'not_completed', $2, $2 FROM generate_series(1, 10000)""",
            UUID(spring.campaign),
            spring.clock.now() - timedelta(days=30),
        )
    async with spring.site.database.connection() as conn:
        await conn.execute("ANALYZE callback_task")
        plan = await conn.fetch(
            "EXPLAIN " + OPEN.replace("$1", "'hq/'").replace("$2::uuid", f"'{spring.campaign}'::uuid")
            .replace("$2", f"'{spring.campaign}'").replace("$3", "now()").replace("$4", "now()").replace("$5", "now()")
        )  # fmt: skip
    assert "Seq Scan on callback_task" not in "\n".join(row[0] for row in plan)
