"""The callback figures: the check values come out of a campaign lived through, and SQL counts what the rules define."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count, product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import figures, scope, scope_rules
from callcenter.callbacks.attempt import Outcome as Attempted
from callcenter.callbacks.figures import Scope
from callcenter.callbacks.scope import Rule
from callcenter.clock import ManualClock
from callcenter.customers import store
from callcenter.customers.customer import Policy
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.conftest import NOON
from tests.service.callbacks import a_task, an_agent
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Site, settings
from tests.service.spring import UNCLEAR, YES, Spring
from tickets.calendar import SHANGHAI, Calendar
from tickets.callbacks import CallbackFigure, Case, Outcome, Solved, total

pytestmark = pytest.mark.service
MORNING, EVENING = time(10), time(19)


@pytest.fixture
async def spring(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Spring]:
    """A company in test mode whose clock can be set."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        yield Spring(site, seen)


async def lived(spring: Spring) -> None:
    """Of 100 in scope 89 successful, 5 problems with 4 solved in time, 6 never reached, 2 of these by letter later."""
    await spring.at(date(2025, 9, 3), MORNING)
    await spring.load(100)
    numbers = list(spring.tasks)
    for number in numbers[:89]:
        await spring.reach(number, YES)
    for number in numbers[89:94]:
        await spring.reach(number, UNCLEAR)
    for day, hour in ((3, EVENING), (4, MORNING), (5, EVENING)):
        await spring.at(date(2025, 9, day), hour)
        for number in numbers[94:]:
            await spring.miss(number)
    await spring.at(date(2025, 9, 10), MORNING)
    for number in numbers[89:93]:
        await spring.solve(number)
    letters = {number: await spring.send_letter(number) for number in numbers[94:]}
    await spring.at(date(2025, 10, 20), MORNING)
    for number in numbers[94:96]:
        await spring.return_letter(number, letters[number], YES)


@pytest.mark.timeout(300)
async def test_the_check_values_come_out_of_a_campaign_lived_through(spring: Spring) -> None:
    """C-3, C-10, C-13, C-14, C-20, T-4: and every number opens into its policies, these into tickets."""
    await lived(spring)
    report = await spring.report()
    values = {name: share["value"] for name, share in report["figures"]["metrics"].items()}
    assert values == {
        "coverage": 100.0,
        "completion_in_window": 94.0,
        "success_in_cooling_off": 89.0,
        "problem_rate": 5.32,
        "problem_handling_on_time": 80.0,
        "final_success": 95.0,
    }
    counts = report["figures"]["counts"]
    assert (counts["in_scope"], counts["successful_later"], counts["problems_turned_good"]) == (100, 2, 4)
    targets = {name: (share["target"], share["met"]) for name, share in report["figures"]["metrics"].items()}
    assert targets["coverage"] == (100.0, True)
    assert targets["success_in_cooling_off"] == (95.0, False)
    opened = {figure: await spring.behind(figure) for figure in counts}
    assert {figure: len({item["id"] for item in items}) for figure, items in opened.items()} == counts
    assert all(item["task_id"] for item in opened["in_scope"])
    assert {len(item["tickets"]) for item in opened["problems_in_window"]} == {1}
    assert {len(item["calls"]) for item in opened["successful_later"]} == {3}
    assert {item["way"] for item in opened["successful_later"]} == {"letter"}
    by_campaign = (await spring.report("campaign"))["groups"]
    assert [(group["key"], group["name"], group["counts"]) for group in by_campaign] == [
        (spring.campaign, "九月新单回访", counts)
    ]
    assert [item["late"] for item in opened["successful_later"]] == [True, True]
    ways = {group["key"]: group["counts"]["in_scope"] for group in (await spring.report("way"))["groups"]}
    assert ways == {"phone": 94, "letter": 2, "none": 4}
    assert len(await spring.behind("in_scope", "&group=way&value=letter")) == 2
    october = await spring.report(days="first_day=2025-10-01&last_day=2025-10-31")
    assert october["figures"]["counts"]["in_scope"] == 0
    assert october["figures"]["metrics"]["coverage"]["value"] is None


async def test_a_policy_nobody_made_a_task_for_lowers_coverage(spring: Spring) -> None:
    """C-1, C-20: in scope is what must be called back, not what somebody put on a list."""
    await spring.at(date(2025, 9, 3), MORNING)
    await spring.load(2)
    await spring.reach("S000", YES)
    async with spring.site.database.transaction() as conn:
        holder = a_customer("被遗漏", "16999999999")
        await store.add_customer(conn, holder, spring.clock.now())
        held = {"received_on": date(2025, 9, 1), "cooling_off_days": 15}
        await store.add_policy(conn, a_policy(holder, "X1", **held))
        await store.add_policy(conn, a_policy(holder, "X2", sales_channel="group", **held))
        await store.add_policy(conn, a_policy(holder, "X3", status="surrendered", **held))
        await store.add_policy(conn, a_policy(holder, "X4", received_on=None))
    report = await spring.report()
    assert report["figures"]["metrics"]["coverage"]["value"] == 33.33
    assert [each["policies"] for each in report["excluded"]] == [1, 1]
    untouched = {item["number"] for item in await spring.behind("in_scope")} - {"S000"}
    assert untouched == {"S001", "X1"}


async def test_the_report_leaves_as_a_file_and_only_for_those_in_reach(spring: Spring) -> None:
    """T-6, C-20"""
    await spring.at(date(2025, 9, 3), MORNING)
    await spring.load(1)
    head = await spring.site.client(Role.SUPERVISOR, where="hq")
    days = "first_day=2025-09-01&last_day=2025-09-30&purpose=test"
    file = await head.get(f"/statistics/callbacks?{days}", headers={"Accept": "text/csv"})
    text = file.body.decode("utf-8-sig")
    assert (file.status, "回访覆盖率,0,1,0.0,100.0" in text) == (200, True), text
    items = await head.get(f"/statistics/callbacks/in_scope/items?{days}", headers={"Accept": "text/csv"})
    assert "S000" in items.body.decode("utf-8-sig")
    elsewhere = await spring.site.client(Role.SUPERVISOR, where="sc")
    counts = (await elsewhere.get(f"/statistics/callbacks?{days}")).json["figures"]["counts"]
    assert counts["in_scope"] == 0
    refused = await elsewhere.get(f"/statistics/callbacks?{days}&organisation=gd")
    assert refused.status == 404
    agent = await spring.site.client(Role.AGENT, where="hq")
    assert (await agent.get("/statistics/callbacks")).status == 403


CASES = [
    (result, completed, solved, accepted)
    for result in (None, "successful", "problem", "not_completed")
    for completed in (-9, 2, 20)
    for solved in ((None, 0, 14, 15, 19, 20, 22, 25) if result == "problem" else (None,))
    for accepted in ((True, False) if solved is not None else (False,))
]
LAST_DAY = date(2025, 9, 20)


def a_moment(days: int) -> datetime:
    return datetime.combine(LAST_DAY, MORNING, SHANGHAI) + timedelta(days=days)


async def write(database: Database) -> list[Case]:
    """A policy with a task of every kind, as they stand in the store and as the definition sees them."""
    made: list[Case] = []
    async with database.transaction() as conn:
        campaign = uuid4()
        await conn.execute(
            "INSERT INTO campaign (id, name, organisation_id, purpose, script_version, created_by, created_at) "
            "VALUES ($1, 'x', 'hq', 'new_business', '2010-4.1', 'x', now())",
            campaign,
        )
        for n, (result, completed, solved, accepted) in enumerate(CASES):
            holder = a_customer(f"客户{n}", f"169{n:08}")
            await store.add_customer(conn, holder, a_moment(-15))
            policy = a_policy(holder, f"P{n}", "gd-gz", received_on=date(2025, 9, 5), cooling_off_days=15)
            await store.add_policy(conn, policy)
            is_done = result in ("successful", "problem")
            task = uuid4()
            await conn.execute(
                """INSERT INTO callback_task (id, campaign_id, purpose, source, organisation_id, customer_id, policy_id,
                    number, script_version, state, not_before, result, concluded_at, created_at, tried_at, completed_at,
                    way)
                VALUES ($1, $2, 'new_business', 'import', 'hq', $3, $4, '16900000001', '2010-4.1', $5, $6, $7, $8, $6,
                    $9, $10, $11)""",
                task,
                campaign,
                holder.id,
                policy.id,
                "waiting" if result is None else "done",
                a_moment(-15),
                result,
                None if result is None else a_moment(completed),
                a_moment(completed),
                a_moment(completed) if is_done else None,
                "phone" if is_done else None,
            )
            if result == "problem":
                await a_finding(conn, task, a_moment(completed), solved, accepted=accepted)
            told = None if solved is None else Solved(a_moment(completed + solved), accepted)
            outcome = Outcome(result) if result else Outcome.NOT_COMPLETED
            made.append(Case(LAST_DAY, a_moment(completed), outcome, a_moment(completed) if is_done else None, told))
    return made


NUMBERS = count(1)


async def a_finding(conn: Any, task: UUID, found: datetime, solved: int | None, *, accepted: bool) -> None:
    """A ticket with no more than what the figures look at."""
    await conn.execute("SET LOCAL session_replication_role = replica")
    told = None if solved is None else found + timedelta(days=solved)
    await conn.execute(
        """INSERT INTO ticket (id, number, nature, channel, source, gravity, status, occurrences, pieces, opened_via,
            opened_by, accepting_organisation_id, received_at, received_day, stored_at, rulebook, heard, verdict,
            callback_task_id, handled_at, informed_at, answer_accepted, finding_number)
        VALUES ($1, $2, 'callback_finding', 'phone_outbound', 'callback', 'grave_finding', $3, 0, 0, 'callback_agent',
            'x', 'gd-gz', $4::timestamptz, $4::timestamptz::date, $4, 'x', '{}', '{"nature": "callback_finding"}', $5,
            $6, $6, $7, '95519-WT-20250901-' || right($2, 6))""",
        uuid4(),
        f"95519-20250901-{next(NUMBERS):06}",
        "recorded" if told is None else "informed",
        found,
        task,
        told,
        None if told is None else accepted,
    )
    await conn.execute("SET LOCAL session_replication_role = origin")


async def test_sql_counts_what_the_definition_counts(database: Database) -> None:
    """C-13, C-14, C-20: every kind of case, on days before, on and after each limit."""
    await settle(database)
    made = await write(database)
    calendar = Calendar()
    async with database.connection() as conn:
        for today in (a_moment(days).date() for days in (0, 5, 11, 12, 13, 25, 33, 60)):
            asked = Scope(LAST_DAY, LAST_DAY, "hq/", today, calendar)
            counted = await figures.counted(conn, asked)
            assert counted.figures == total(made, today, calendar), today
        group = await figures.split(conn, asked, figures.Grouping.ORGANISATION)
        assert [(each.key, each.name, each.figures) for each in group] == [("gd-gz", "广州市公司", counted.figures)]
        for figure in CallbackFigure:
            listed = await figures.items(conn, asked, figure, None, None, 1000)
            assert len(listed) == counted.figures[figure]


@pytest.mark.parametrize("outcome", Attempted)
async def test_a_task_was_tried_when_a_dialling_counts_as_a_try(database: Database, outcome: Attempted) -> None:
    """C-17, C-20"""
    task = await a_task(database)
    agent = await an_agent(database)
    async with database.connection() as conn:
        await conn.execute(
            "INSERT INTO callback_attempt (id, task_id, request_key, user_id, number, agent_endpoint, requested_at) "
            "VALUES ($1, $2, $1, $3, '16900000001', 'desk-8001', $4)",
            uuid4(),
            task.id,
            agent.user_id,
            NOON,
        )
        await conn.execute("UPDATE callback_attempt SET outcome = $1, ended_at = $2", outcome, NOON)
        row = await conn.fetchrow("SELECT tried_at, agent_id FROM callback_task")
    assert row is not None
    assert (row["tried_at"], row["agent_id"]) == (NOON if outcome.is_try else None, agent.user_id)


KEYS = ("product_kind", "sales_channel", "long_term", "guaranteed_renewal", "cooling_off_days")
POLICIES = [
    dict(zip(KEYS, values, strict=True))
    for values in product(("life", "health"), ("agent", "bank", "group"), (True, False), (True, False), (None, 10, 20))
]


async def test_the_store_keeps_the_scope_and_the_end_of_the_period_as_the_rules_give_them(database: Database) -> None:
    """C-1, C-2, C-4: by the rule in force on the day a policy was signed for, also when another is published later."""
    holder = a_customer("王测试", "16900000001")
    held: list[Policy] = [a_policy(holder, f"P{n}", **fields) for n, fields in enumerate(POLICIES)]
    held.append(a_policy(holder, "UNSIGNED", received_on=None))
    held.append(a_policy(holder, "GROUP", group_business=True))
    held.append(a_policy(holder, "EARLIER", received_on=date(2026, 11, 1), cooling_off_days=None))
    await settle(database, (holder, held))
    await compare(database, held, scope.NEW_BUSINESS, scope.NEW_BUSINESS)
    longer = replace(scope.NEW_BUSINESS, fallback_days=30, bank_days=25, any_term=True)
    async with database.transaction() as conn:
        published = {"reason": "监管要求", "actor": "user:x", "address": "::1", "at": NOON}
        await scope_rules.publish(conn, uuid4(), longer, date(2026, 11, 10), **published)
    await compare(database, held, longer, scope.NEW_BUSINESS)


async def compare(database: Database, held: list[Policy], since: Rule, before: Rule) -> None:
    """The columns say what the rules say; `since`: of policies signed for on 10 November 2026 or later."""
    async with database.connection() as conn:
        rows = {row["id"]: row for row in await conn.fetch("SELECT id, called_back, cooling_off_ends FROM policy")}
    for policy in held:
        rule = before if policy.number == "EARLIER" else since
        period = scope.cooling_off(policy, rule)
        told = (rows[policy.id]["called_back"], rows[policy.id]["cooling_off_ends"])
        in_scope = scope.refusal(policy, rule) is not scope.Reason.OUT_OF_SCOPE
        assert told == (in_scope, period and period.last_day), policy
