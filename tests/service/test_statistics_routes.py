"""Figures through the interface: what counts, what was left out, and the tickets behind every number (T-1, T-4)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from callcenter.accounts.permissions import Role
from callcenter.calls.call import Direction
from callcenter.ids import uuid7
from tests.conftest import NOON
from tests.service.desk import a_call
from tests.service.orders import FULL, HEARD, acted, fresh, opened
from tests.service.site import ELSEWHERE, Client, Site
from tests.service.walk import done
from tickets.intake import Channel, ComplainantType, Nature, Relation, Source
from tickets.lifecycle import Validity
from tickets.statistics import Row, figures

pytestmark = pytest.mark.service

FORWARDED = {
    "forwarder": "国家金融监督管理总局",
    "forwarder_level": "province",
    "forwarding_number": "转办1号",
    "forwarded_day": "2026-11-17",
}


async def a_month(site: Site) -> tuple[Client, dict[str, Any]]:
    """Two complaints, one of them from a callback, two findings, a non-complaint, an agent's grievance."""
    agent, handler = await site.client(Role.CALLBACK_AGENT), await site.client(Role.HANDLER)
    async with site.database.transaction() as conn:
        assert agent.user is not None
        call = await a_call(conn, user=agent.user.id, direction=Direction.CALLBACK)
    made: dict[str, Any] = {"call": call}
    made["letter"] = await opened(handler)
    for name, heard in {
        "callback": HEARD,
        "finding": {**HEARD, "intention": "no"},
        "data": {**HEARD, "subject": "contact_data", "intention": "no"},
    }.items():
        made[name] = (await agent.post(f"/calls/{call}/tickets", {**FULL, "heard": heard})).json
    made["transfer"] = await opened(handler, asks_company_to_act=False)
    made["grievance"] = await opened(handler, complainant_type="agent")
    return handler, made


async def test_findings_are_left_out_and_the_report_says_so(site: Site) -> None:
    """T-1, T-2, D-6, D-7, D-8, F-37, R-2.5"""
    handler, _ = await a_month(site)
    report = (await handler.get("/statistics/complaints")).json
    metrics = report["figures"].pop("metrics")
    assert report["figures"] == {
        "key": None,
        "occurrences": 2,
        "pieces": 2,
        "matters": 2,
        "valid_pieces": 0,
        "invalid_pieces": 0,
        "pending_pieces": 2,
        "mentions": 2,
        "excluded": {"callback_finding": 2, "non_complaint": 1, "not_a_customer": 1},
    }
    assert metrics["closing_rate"] == {"numerator": 0, "denominator": 2, "value": 0}
    assert {e["kind"]: e["tickets"] for e in report["excluded"]} == {
        "callback_finding": 2,
        "non_complaint": 1,
        "not_a_customer": 1,
    }
    assert "R-2.5" in {r["rule"] for r in report["rules"]}
    assert report["period"] == {
        "first_day": "2026-11-01",
        "last_day": "2026-11-18",
        "organisation": "gd-gz",
        "dimension": "accepting",
    }


async def test_every_figure_expands_into_its_tickets_and_their_recordings(site: Site) -> None:
    """T-4"""
    handler, made = await a_month(site)
    async with site.database.transaction() as conn:
        recording = uuid7(NOON)
        await conn.execute(
            """INSERT INTO recording_object (id, call_id, object_id, archive_no, path, sealed_at, sealed_by)
            VALUES ($1, $2, 'o', 'a', 'p', $3, 'x')"""
            if await _has(conn, "sealed_by")
            else """INSERT INTO recording_object (id, call_id, object_id, archive_no, path, sealed_at)
            VALUES ($1, $2, 'o', 'a', 'p', $3)""",
            recording,
            made["call"],
            NOON,
        )
    expected = {
        "occurrences": {"letter", "callback"},
        "pieces": {"letter", "callback"},
        "matters": {"letter", "callback"},
        "pending_pieces": {"letter", "callback"},
        "valid_pieces": set[str](),
        "callback_findings": {"finding", "data"},
        "non_complaints": {"transfer"},
        "not_customers": {"grievance"},
    }
    for figure, names in expected.items():
        items = (await handler.get(f"/statistics/{figure}/items")).json["items"]
        assert {item["number"] for item in items} == {made[name]["number"] for name in names}, figure
    [item] = (await handler.get("/statistics/pieces/items?group=source&value=callback")).json["items"]
    assert item["calls"] == [str(made["call"])]
    assert item["recordings"] == [str(recording)]


async def _has(conn: Any, column: str) -> bool:
    found = await conn.fetchval(
        "SELECT 1 FROM information_schema.columns WHERE table_name = 'recording_object' AND column_name = $1", column
    )
    return found is not None


@pytest.mark.parametrize(
    ("group", "keys"),
    [
        ("month", {"2026-11": 2}),
        ("channel", {"visit": 1, "phone_inbound": 1}),
        ("source", {"direct": 1, "callback": 1}),
        ("category", {"claims": 2}),
        ("severity", {"general": 2}),
        ("validity", {"pending": 2}),
        ("organisation", {"gd-gz": 2}),
        ("status", {"recorded": 2}),
        ("subject", {"mis_selling": 1, "no_callback": 1}),
    ],
)
async def test_the_groups_add_up_to_the_whole(site: Site, group: str, keys: dict[str, int]) -> None:
    """D-7, D-11, T-4: by group, and each group's list has as many; what no callback yielded is a group, too."""
    handler, _ = await a_month(site)
    report = (await handler.get(f"/statistics/complaints?group={group}")).json
    assert {g["key"]: g["pieces"] for g in report["groups"]} == keys
    for key, pieces in keys.items():
        items = (await handler.get(f"/statistics/pieces/items?group={group}&value={key}")).json["items"]
        assert sum(item["pieces"] for item in items) == pieces


async def test_pieces_are_split_by_validity_whoever_is_at_fault(site: Site) -> None:
    """F-1, D-9, T-4: validity and liability are two answers, and only validity counts."""
    handler = await site.client(Role.HANDLER)
    invalid = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音", "liability": "none"}
    valid = {"validity": "valid", "causes": ["claims"], "liability": "none"}
    made = {name: await opened(handler) for name in ("valid", "blameless", "invalid", "pending")}
    for name, said in (("valid", {**valid, "liability": "company"}), ("blameless", valid), ("invalid", invalid)):
        reply = await acted(handler, made[name], "determine", **said)
        assert reply.status == 200, reply.body
        assert (reply.json["validity"], reply.json["liability"]) == (said["validity"], said["liability"])
    figures_ = (await handler.get("/statistics/complaints")).json["figures"]
    assert (figures_["valid_pieces"], figures_["invalid_pieces"], figures_["pending_pieces"]) == (2, 1, 1)
    for figure, names in {"valid_pieces": {"valid", "blameless"}, "invalid_pieces": {"invalid"}}.items():
        items = (await handler.get(f"/statistics/{figure}/items")).json["items"]
        assert {item["number"] for item in items} == {made[name]["number"] for name in names}


async def test_a_period_is_over_what_was_received_in_it_whatever_happens_later(site: Site) -> None:
    """F-56, D-11: decided and closed in December, an order of November stays November's in every figure."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    site.clock.set(datetime(2026, 12, 1, 2, tzinfo=UTC))
    handler = await fresh(site, Role.HANDLER)
    for action, said in (
        ("acknowledge", {"note": "已确认", "manner": "电话"}),
        ("settle", {"note": "已解决"}),
        ("inform", {"manner": "电话", "accepted": True}),
        ("determine", {"validity": "valid", "causes": ["claims"], "liability": "none"}),
        ("close", {}),
    ):
        assert (await acted(handler, ticket, action, **said)).status == 200
    for month, pieces in (("2026-11", 1), ("2026-12", 0)):
        period = f"first_day={month}-01&last_day={month}-30"
        report = (await handler.get(f"/statistics/complaints?{period}")).json["figures"]
        assert (report["pieces"], report["valid_pieces"]) == (pieces, pieces)
        assert len((await handler.get(f"/statistics/valid_pieces/items?{period}")).json["items"]) == pieces


async def test_findings_have_their_own_report(site: Site) -> None:
    """R-2.4, R-2.5, C-14, L-31, L-32"""
    handler, made = await a_month(site)
    site.clock.set(datetime(2026, 11, 25, 16, tzinfo=UTC))
    handler = await fresh(site, Role.HANDLER)
    report = (await handler.get("/statistics/callback-findings")).json
    assert (report["findings"], report["open"], report["overdue"]) == (2, 2, 1)
    assert report["by_subject"] == {"contact_data": 1, "mis_selling": 1}
    assert (report["complaints_from_callbacks"], report["counted_as_complaints"]) == (1, 0)
    for action, said in [("settle", {"note": "已更正"}), ("inform", {"manner": "电话", "accepted": True})]:
        assert (await acted(handler, made["finding"], action, **said)).status == 200
    report = (await handler.get("/statistics/callback-findings")).json
    assert (report["informed"], report["informed_in_time"]) == (1, 1)


async def test_an_organisation_counts_itself_and_what_is_below(site: Site) -> None:
    """D-12"""
    await a_month(site)
    elsewhere = await site.client(Role.HANDLER, where=ELSEWHERE)
    await opened(elsewhere)
    head = await site.client(Role.HANDLER, where="hq")
    for organisation, pieces in {"hq": 3, "gd": 2, "gd-gz": 2, "gd-gz-a": 0, "sc": 1}.items():
        report = (await head.get(f"/statistics/complaints?organisation={organisation}")).json
        assert report["figures"]["pieces"] == pieces, organisation
    assert (await elsewhere.get("/statistics/complaints?organisation=gd")).status == 404
    assert (await head.get("/statistics/complaints?organisation=gd&dimension=underwriting")).json["figures"][
        "pieces"
    ] == 0


async def test_the_day_in_shanghai_decides_the_month(site: Site) -> None:
    """D-11, D-14: half past midnight on 1 December there is still November in UTC."""
    site.clock.set(datetime(2026, 11, 30, 16, 30, tzinfo=UTC))
    handler = await site.client(Role.HANDLER)
    await opened(handler)
    november = await handler.get("/statistics/complaints?first_day=2026-11-01&last_day=2026-11-30")
    december = await handler.get("/statistics/complaints?first_day=2026-12-01&last_day=2026-12-31")
    assert (november.json["figures"]["pieces"], december.json["figures"]["pieces"]) == (0, 1)


async def test_figures_are_as_reproducible_by_a_naive_recount(site: Site) -> None:
    """D-1, T-4: the sum over stored weights and the pure definition agree."""
    handler, made = await a_month(site)
    await handler("PATCH", f"/tickets/{made['letter']['id']}", json={"version": 1, "complainant_type": "public"})
    async with site.database.connection() as conn:
        rows = [
            Row(
                str(r["id"]),
                str(r["matter_id"]) if r["matter_id"] else None,
                Nature(r["nature"]),
                Relation(r["relation"]) if r["relation"] else None,
                ComplainantType(r["complainant_type"]),
                Channel(r["channel"]),
                Source(r["source"]),
                None,
                Validity(r["validity"] or "pending"),
                r["received_day"],
            )
            for r in await conn.fetch("SELECT * FROM ticket")
        ]
    report = (await handler.get("/statistics/complaints")).json
    naive = figures(rows)
    for name in ("occurrences", "pieces", "matters", "valid_pieces", "pending_pieces"):
        assert report["figures"][name] == getattr(naive, name), name
    assert naive.excluded is not None
    assert {e["kind"]: e["tickets"] for e in report["excluded"]} == {k.value: n for k, n in naive.excluded.items()}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/statistics/profit/items", 404, "figure_unknown"),
        ("/statistics/pieces/items?group=channel", 422, "invalid"),
        ("/statistics/complaints?first_day=2026-11-02&last_day=2026-11-01", 422, "invalid"),
        ("/statistics/complaints?first_day=1900-01-01&last_day=2026-11-01", 422, "invalid"),
        ("/statistics/complaints?first_day=0000-01-01", 400, "not_valid"),
        ("/statistics/complaints?organisation=nowhere", 404, "not_found"),
        ("/statistics/complaints?group=colour", 400, "not_valid"),
    ],
)
async def test_figures_that_make_no_sense_are_refused(site: Site, path: str, status: int, code: str) -> None:
    """H13, H17"""
    handler = await site.client(Role.HANDLER)
    reply = await handler.get(path)
    assert (reply.status, reply.code) == (status, code), reply.body


async def test_who_may_not_see_figures_is_refused(site: Site) -> None:
    """T-6"""
    assert (await (await site.client(Role.AGENT)).get("/statistics/complaints")).status == 403


async def test_the_period_leads_the_plan(site: Site) -> None:
    """design.md §7: a figure grows with its answer, not with the store."""
    handler = await site.client(Role.HANDLER)
    await opened(handler)
    async with site.database.transaction() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(
            "EXPLAIN SELECT sum(pieces) FROM ticket t WHERE received_day BETWEEN '2026-11-01' AND '2026-11-30'"
        )
    assert "ticket_figures" in "\n".join(row[0] for row in plan)


def test_ids_are_ids() -> None:
    """The items above are compared as text."""
    assert str(UUID(int=1)).endswith("1")


async def test_every_number_of_the_findings_report_opens_into_its_tickets(site: Site) -> None:
    """T-4, C-14"""
    handler, made = await a_month(site)
    report = (await handler.get("/statistics/callback-findings")).json

    async def tickets(figure: str, query: str = "") -> set[str]:
        reply = await handler.get(f"/statistics/{figure}/items{query}")
        assert reply.status == 200, reply.body
        return {item["id"] for item in reply.json["items"]}

    findings = {made["finding"]["id"], made["data"]["id"]}
    assert await tickets("callback_findings") == await tickets("open_findings") == findings
    assert await tickets("complaints_from_callbacks") == {made["callback"]["id"]}
    assert await tickets("informed_findings") == await tickets("findings_in_time") == set()
    numbers = ("open", "informed", "informed_in_time", "overdue", "complaints_from_callbacks")
    names = ("open_findings", "informed_findings", "findings_in_time", "overdue_findings", "complaints_from_callbacks")
    for number, name in zip(numbers, names, strict=True):
        assert report[number] == len(await tickets(name))
    for subject, count in report["by_subject"].items():
        assert count == len(await tickets("callback_findings", f"?group=subject&value={subject}"))
    for status, count in report["by_status"].items():
        assert count == len(await tickets("callback_findings", f"?group=status&value={status}"))


async def test_a_complaint_without_a_known_policy_is_in_the_figures_of_whom_nobody_knows(site: Site) -> None:
    """D-12: the dimensions agree on the whole company."""
    await a_month(site)
    head = await site.client(Role.SECRETARY, where="hq")
    accepting = (await head.get("/statistics/complaints?group=organisation")).json
    underwriting = (await head.get("/statistics/complaints?group=organisation&dimension=underwriting")).json
    assert accepting["figures"] == underwriting["figures"]
    assert accepting["excluded"] == underwriting["excluded"]
    (unknown,) = [group for group in underwriting["groups"] if group["key"] == "unknown"]
    listed = await head.get("/statistics/pieces/items?dimension=underwriting&group=organisation&value=unknown")
    assert len(listed.json["items"]) == unknown["pieces"]


async def test_the_responsible_organisation_is_where_its_department_was_asked(site: Site) -> None:
    """D-12, R-3.26, R-4.31, T-4: a third dimension, in which a case of the province is its departments'."""
    head = await site.client(Role.SECRETARY, where="hq")
    handler, province = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where="gd")
    mine = await opened(handler)
    theirs = await opened(province, source="regulator", **FORWARDED)
    for client, ticket in ((handler, mine), (province, theirs)):
        await done(client, ticket["id"], "dispatch", opinion="请核实")
    by = "dimension=responsible&group=organisation"
    report = (await head.get(f"/statistics/complaints?{by}")).json
    assert {group["key"]: group["pieces"] for group in report["groups"]} == {"gd-gz": 1, "gd": 1}
    for key, ticket in (("gd-gz", mine), ("gd", theirs)):
        items = (await head.get(f"/statistics/pieces/items?{by}&value={key}")).json["items"]
        assert [item["id"] for item in items] == [ticket["id"]]
    city = (await head.get("/statistics/complaints?dimension=responsible&organisation=gd-gz&group=department")).json
    assert [(group["key"], group["pieces"]) for group in city["groups"]] == [("business_management", 1)]


async def test_skip_level_is_what_the_regulators_headquarters_sent(site: Site) -> None:
    """M-16, T-4: by the regulator's level; what its branches and cities sent is forwarded, and no more."""
    province = await site.client(Role.HANDLER, where="gd")
    sent = {
        level: await opened(province, source="regulator", **{**FORWARDED, "forwarder_level": level})
        for level in ("headquarters", "province", "city")
    }
    own = await opened(province)
    report = (await province.get("/statistics/complaints?group=regulator")).json
    assert {group["key"]: group["pieces"] for group in report["groups"]} == {
        "headquarters": 1,
        "province": 1,
        "city": 1,
        "not_forwarded": 1,
    }
    assert report["figures"]["metrics"]["skip_level_rate"] == {"numerator": 1, "denominator": 0, "value": None}
    share = report["figures"]["metrics"]["forwarded_share"]
    assert (share["numerator"], share["denominator"]) == (3, 4)
    [item] = (await province.get("/statistics/skip_level_pieces/items")).json["items"]
    assert item["id"] == sent["headquarters"]["id"]
    [item] = (await province.get("/statistics/pieces/items?group=regulator&value=not_forwarded")).json["items"]
    assert item["id"] == own["id"]


async def test_a_trend_has_no_gaps_and_groups_are_compared_with_their_earlier_selves(site: Site) -> None:
    """M-14, D-11, R-2.5, T-4: a month without a complaint stands in the trend; each group says what it leaves out."""
    handler, _ = await a_month(site)
    days = "first_day=2026-09-01&last_day=2026-11-30"
    trend = (await handler.get(f"/statistics/complaints?{days}&group=month")).json
    assert [(each["key"], each["pieces"]) for each in trend["groups"]] == [
        ("2026-09", 0),
        ("2026-10", 0),
        ("2026-11", 2),
    ]
    assert trend["groups"][2]["excluded"] == {"callback_finding": 2, "non_complaint": 1, "not_a_customer": 1}
    quarters = (await handler.get(f"/statistics/complaints?{days}&group=quarter")).json["groups"]
    assert [each["key"] for each in quarters] == ["2026-Q3", "2026-Q4"]
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE ticket SET received_day = '2026-10-20' WHERE source = 'callback'")
    now = "first_day=2026-11-01&last_day=2026-11-30&group=category&compare=previous"
    report = (await handler.get(f"/statistics/complaints?{now}")).json
    assert [each["pieces"] for each in report["groups"]] == [1]
    earlier = report["comparison"]
    assert [(each["key"], each["pieces"]) for each in earlier["groups"]] == [("claims", 1)]
    assert earlier["changes_of_groups"]["claims"]["pieces"] == 0.0
