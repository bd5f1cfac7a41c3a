"""Findings and complaints of callbacks judged again, through the interface: trace, clocks, matter, figures, rights."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.calls.call import Direction
from tests.service.site import Client, Reply, Site
from tests.service.test_figures import AMOUNTS
from tests.service.test_ticket_routes import a_live_call
from tests.service.walk import done, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

HQ = "hq"
FINDING = {"subject": "mis_selling", "intention": "unclear", "respondent": "policyholder"}
COMPLAINT = {"subject": "mis_selling", "intention": "yes", "respondent": "policyholder"}
PARTICULARS = {
    "complainant_name": "王小明",
    "complainant_phone": "13900000001",
    "description": "称销售时承诺保本保息",
    "demand": "要求说明",
    "restated_and_confirmed": True,
}


@dataclass
class Case:
    """A ticket of a callback and its call."""

    id: str
    call: UUID


async def heard(site: Site, what: dict[str, str], **more: Any) -> Case:
    """A ticket opened on a callback at headquarters, where callbacks are made (C-11)."""
    agent = await site.client(Role.CALLBACK_AGENT, where=HQ)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=Direction.CALLBACK, serial=uuid4().int % 10**9)
    body = {**PARTICULARS, "heard": what, "another_matter": True, **more}
    reply = await agent.post(f"/calls/{call}/tickets", body)
    assert reply.status == 201, reply.body
    return Case(reply.json["id"], call)


def later(site: Site, days: int) -> None:
    """Days pass; everybody logs in again."""
    site.clock.advance(timedelta(days=days))
    site.people.clear()


async def shown(site: Site, case: Case | str) -> Any:
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    reply = await reader.get(f"/tickets/{case if isinstance(case, str) else case.id}")
    assert reply.status == 200, reply.body
    return reply.json


async def judge(site: Site, case: Case, what: dict[str, str], by: Client | None = None, **more: Any) -> Reply:
    reviewer = by or await site.client(Role.QA, where=HQ)
    file = await shown(site, case)
    body = {
        "version": file["version"],
        **what,
        "reason": "重听录音,客户原话如此",
        "call_id": str(case.call),
        "second": 41.5,
    }
    return await reviewer.post(f"/tickets/{case.id}/reclassifications", {**body, **more})


async def confirm(site: Site, proposed: Any, action: str = "confirm", by: Client | None = None, **more: Any) -> Reply:
    second = by or await site.client(Role.SUPERVISOR, where=HQ)
    body = {"version": (await shown(site, proposed["ticket_id"]))["version"], **more}
    return await second.post(f"/reclassifications/{proposed['id']}/actions/{action}", body)


async def figures(site: Site) -> tuple[dict[str, int], dict[str, Any]]:
    """The complaint figures and the findings' report of the whole company and time of the test."""
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    period = "first_day=2026-11-01&last_day=2026-12-31"
    complaints = await reader.get(f"/statistics/complaints?{period}")
    findings = await reader.get(f"/statistics/callback-findings?{period}")
    assert (complaints.status, findings.status) == (200, 200), (complaints.body, findings.body)
    return complaints.json["figures"], findings.json


def running(file: Any, kind: str = "decide_inform") -> list[Any]:
    return [each for each in file["clocks"] if each["kind"] == kind and each["met_at"] is each["voided_at"] is None]


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "reclassification_refused", list(rules)), reply.body


async def test_a_finding_has_a_number_of_its_own_series_and_a_complaint_has_none(site: Site) -> None:
    """R-2.4, R-2.5"""
    first, second, complaint = [await heard(site, what) for what in (FINDING, FINDING, COMPLAINT)]
    numbers = [(await shown(site, case))["finding_number"] for case in (first, second, complaint)]
    assert numbers == ["95519-WT-20261118-000001", "95519-WT-20261118-000002", None]
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    listed = await reader.get("/tickets?number=95519-WT-20261118-000002")
    assert [row["id"] for row in listed.json["items"]] == [second.id]


async def test_quality_assurance_makes_a_finding_a_complaint_from_its_receipt(site: Site) -> None:
    """F-13, R-2.2, T-2, F-18, L-31, L-11, L-17: the finding's clock ends and stays as it was, the complaint's
    counts from the callback; the figures and the trace follow."""
    case = await heard(site, FINDING)
    before = await shown(site, case)
    later(site, 2)
    reply = await judge(site, case, COMPLAINT)
    assert (reply.status, reply.json["state"], reply.json["manner"]) == (201, "effected", "in_place"), reply.body
    file = await shown(site, case)
    named = ("nature", "channel", "source", "relation", "occurrences", "pieces", "validity", "received_at", "number")
    assert [file[name] for name in named] == [
        *("complaint", "phone_inbound", "callback", "first", 1, 1, "pending"),
        *(before["received_at"], before["number"]),
    ]
    assert file["finding_number"] == before["finding_number"]
    old, new = [each for each in file["clocks"] if each["kind"] == "decide_inform"][::-1]
    if old["cycle"] > new["cycle"]:
        old, new = new, old
    assert (old["due_day"], old["voided_why"], old["rules"][0]) == ("2026-12-09", "reclassified", "L-31")
    assert (new["cycle"], new["due_day"], new["rules"][0], new["voided_at"]) == (2, "2026-11-25", "L-11", None)
    assert [each["due_day"] for each in running(file, "answer_or_progress")] == ["2026-12-02"]
    assert file["due_day"] == "2026-11-25"
    assert (file["heard"]["intention"], file["verdict"]["nature"]) == ("yes", "complaint")
    event = file["events"][-1]
    assert (event["kind"], event["details"]["changed"]["nature"]) == (
        "reclassified",
        ["callback_finding", "complaint"],
    )
    complaints, findings = await figures(site)
    assert (complaints["occurrences"], complaints["pieces"], findings["findings"]) == (1, 1, 0)
    explained = await (await site.client(Role.SUPERVISOR, where=HQ)).get(f"/tickets/{case.id}/explain")
    assert explained.status == 200, explained.body


async def test_a_complaint_becomes_a_finding_only_by_a_second_persons_word(site: Site) -> None:
    """F-13, R-2.3, R-2.5, T-1, L-31"""
    case = await heard(site, COMPLAINT)
    proposed = (await judge(site, case, FINDING)).json
    assert (proposed["state"], proposed["to_nature"], proposed["second"]) == ("proposed", "callback_finding", 41.5)
    assert (await figures(site))[0]["pieces"] == 1
    refused(await judge(site, case, FINDING), "F-13")
    reviewer = await site.client(Role.QA, where=HQ)
    refused(await confirm(site, proposed, by=reviewer), "F-13")
    refused(await confirm(site, proposed, "refuse"), "F-13", "R-4.7")
    reply = await confirm(site, proposed, remark="录音中客户只是询问")
    assert (reply.status, reply.json["state"]) == (200, "effected"), reply.body
    file = await shown(site, case)
    named = ("nature", "channel", "relation", "matter_id", "occurrences", "pieces", "validity", "finding_number")
    assert [file[name] for name in named] == [
        *("callback_finding", "phone_outbound", None, None, 0, 0, None),
        "95519-WT-20261118-000001",
    ]
    assert [(each["rules"][0], each["due_day"]) for each in running(file)] == [("L-31", "2026-12-09")]
    assert running(file, "answer_or_progress") == []
    complaints, findings = await figures(site)
    assert (complaints["occurrences"], complaints["pieces"], findings["findings"]) == (0, 0, 1)
    assert findings["counted_as_complaints"] == 0
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM matter") == 0


async def test_a_proposal_may_be_refused_or_withdrawn_and_then_nothing_changed(site: Site) -> None:
    """F-13"""
    case = await heard(site, COMPLAINT)
    reviewer = await site.client(Role.QA, where=HQ)
    for action, by in (("refuse", None), ("withdraw", reviewer)):
        proposed = (await judge(site, case, FINDING)).json
        reply = await confirm(site, proposed, action, by=by, remark="客户说了要投诉")
        assert (reply.status, reply.json["state"]) == (200, {"refuse": "refused", "withdraw": "withdrawn"}[action])
    assert (await shown(site, case))["nature"] == "complaint"
    listed = await reviewer.get(f"/reclassifications?ticket_id={case.id}")
    assert [row["state"] for row in listed.json["items"]] in (["withdrawn", "refused"], ["refused", "withdrawn"])


async def test_the_later_word_of_a_customer_opens_a_complaint_of_its_own_and_ends_the_finding(site: Site) -> None:
    """R-1.4, D-11, F-63, L-11, T-1, T-2: received when it was said, in the finding's matter, with its own clocks."""
    case = await heard(site, FINDING)
    handler = await site.client(Role.HANDLER, where=HQ)
    await done(handler, case.id, "dispatch")
    later(site, 20)
    handler = await site.client(Role.HANDLER, where=HQ)
    file = await shown(site, case)
    body = {
        "version": file["version"],
        "subject": "mis_selling",
        "description": "客户来电,要求投诉业务员",
        "demand": "退保",
        "restated_and_confirmed": True,
    }
    key = {"Idempotency-Key": str(uuid4())}
    reply = await handler.post(f"/tickets/{case.id}/later-word", body, headers=key)
    assert (reply.status, reply.json["manner"]) == (201, "new_order"), reply.body
    again = await handler.post(f"/tickets/{case.id}/later-word", body, headers=key)
    assert again.json["complaint_id"] == reply.json["complaint_id"]
    complaint = await shown(site, reply.json["complaint_id"])
    named = ("nature", "channel", "source", "relation", "pieces", "demand", "status")
    assert [complaint[name] for name in named] == [
        *("complaint", "phone_inbound", "callback", "first", 1, "退保", "recorded")
    ]
    assert complaint["received_at"][:10] == "2026-12-08"
    assert [(each["rules"][0], each["due_day"]) for each in running(complaint)] == [("L-11", "2026-12-15")]
    assert [other["id"] for other in complaint["matter"]] == [case.id]
    assert str(case.call) in [each["call_id"] for each in complaint["calls"]]
    finding = await shown(site, case)
    assert (finding["nature"], finding["status"], finding["ended_as"]) == ("callback_finding", "closed", "turned")
    assert {each["kind"] for each in finding["clocks"] if each["met_at"] is each["voided_at"] is None} == {"archive"}
    assert {slip["state"] for slip in finding["slips"]} == {"released"}
    again = await handler.post(f"/tickets/{case.id}/later-word", {**body, "version": finding["version"]})
    refused(again, "B-2", "F-63")


async def test_an_ended_finding_that_was_a_complaint_is_followed_by_one(site: Site) -> None:
    """B-2, F-13, T-2: what has ended is not opened again; the complaint is received when it was found, once."""
    case = await heard(site, FINDING)
    await walk(site, case.id, Status.CLOSED, where=HQ)
    reply = await judge(site, case, COMPLAINT)
    assert (reply.status, reply.json["manner"]) == (201, "new_order"), reply.body
    finding = await shown(site, case)
    assert (finding["nature"], finding["status"], finding["ended_as"]) == ("callback_finding", "closed", "closed")
    complaints, findings = await figures(site)
    assert (complaints["pieces"], findings["findings"]) == (1, 1)
    refused(await judge(site, case, COMPLAINT), "B-2", "T-2")


async def test_an_ended_complaint_leaves_the_figures_by_the_province_and_comes_back_as_it_was(site: Site) -> None:
    """R-3.25, F-13, B-2"""
    case = await heard(site, COMPLAINT)
    await walk(site, case.id, Status.CLOSED, where=HQ)
    before = await shown(site, case)
    proposed = (await judge(site, case, FINDING)).json
    reply = await confirm(site, proposed)
    assert (reply.status, reply.json["state"]) == (200, "effected"), reply.body
    file = await shown(site, case)
    assert (file["nature"], file["status"], file["pieces"], running(file)) == ("callback_finding", "closed", 0, [])
    assert (await figures(site))[0]["pieces"] == 0
    reply = await judge(site, case, COMPLAINT)
    assert (reply.status, reply.json["manner"]) == (201, "restored"), reply.body
    file = await shown(site, case)
    named = ("nature", "status", "pieces", "relation", "validity", "causes", "number", "closed_at")
    assert [file[name] for name in named] == [before[name] for name in named]
    assert (await figures(site))[0]["valid_pieces"] == 1


async def test_what_is_judged_again_needs_evidence_reason_and_another_verdict(site: Site) -> None:
    """F-13, R-1.1, T-2"""
    case, other = await heard(site, FINDING), await heard(site, FINDING)
    refused(await judge(site, case, FINDING), "F-13")
    refused(await judge(site, case, COMPLAINT, call_id=str(other.call)), "F-13")
    refused(await judge(site, case, {**COMPLAINT, "respondent": "authorised"}), "R-1.1")
    refused(await judge(site, case, {**COMPLAINT, "respondent": "someone_else"}), "F-13")
    assert (await judge(site, case, COMPLAINT, reason=" ")).status == 400
    async with site.database.transaction() as conn:
        await conn.execute(
            "UPDATE call SET state = 'ended', answered_at = $2, ended_at = $3 WHERE id = $1",
            case.call,
            site.clock.now(),
            site.clock.now() + timedelta(seconds=41),
        )
    refused(await judge(site, case, COMPLAINT), "F-13")
    assert (await shown(site, case))["nature"] == "callback_finding"


async def test_nobody_judges_again_what_they_judged_themselves_nor_without_the_right(site: Site) -> None:
    """F-13, T-6"""
    both = await site.client(Role.CALLBACK_AGENT, Role.QA, where=HQ)
    assert both.user is not None
    call = await a_live_call(site, both.user.id, direction=Direction.CALLBACK, serial=77)
    opened = await both.post(f"/calls/{call}/tickets", {**PARTICULARS, "heard": FINDING})
    case = Case(opened.json["id"], call)
    refused(await judge(site, case, COMPLAINT, by=both), "F-13")
    for role in (Role.CALLBACK_AGENT, Role.HANDLER, Role.SUPERVISOR):
        assert (await judge(site, case, COMPLAINT, by=await site.client(role, where=HQ))).status == 403
    elsewhere = await site.client(Role.QA, where="sc")
    assert (await judge(site, case, COMPLAINT, by=elsewhere)).status == 404


async def test_no_row_changes_its_nature_without_its_trace(site: Site) -> None:
    """T-1, T-2, F-13: the schema refuses it, whoever writes."""
    case = await heard(site, FINDING)
    complaint = await heard(site, COMPLAINT)
    turn = """UPDATE ticket SET nature = 'complaint', channel = 'phone_inbound', gravity = 'general', occurrences = 1,
        relation = 'repeat', validity = 'pending', matter_id = (SELECT id FROM matter LIMIT 1),
        heard = jsonb_set(heard, '{intention}', '"yes"'), verdict = jsonb_set(verdict, '{nature}', '"complaint"')
        WHERE id = $1"""
    counted = "UPDATE ticket SET heard = jsonb_set(heard, '{intention}', '\"no\"') WHERE id = $1"
    weighs = "UPDATE ticket SET occurrences = 1, pieces = 1 WHERE id = $1"
    for statement, ticket, constraint in (
        (turn, case.id, "ticket_nature_has_reason"),
        (counted, complaint.id, "ticket_heard_decides"),
        (weighs, case.id, "ticket_weight"),
    ):
        with pytest.raises(asyncpg.CheckViolationError) as caught:
            async with site.database.transaction() as conn:
                await conn.execute(statement, UUID(ticket))
        assert caught.value.constraint_name == constraint


@dataclass
class Naive:
    """What a person with a pencil would know of the tickets: nature, matter, place in it, and whether it ended."""

    natures: dict[str, str] = field(default_factory=dict)
    affairs: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    next: int = 0

    def open(self, ticket: str, nature: str, affair: int | None = None) -> None:
        self.natures[ticket] = nature
        self.affairs[ticket] = self.next if affair is None else affair
        self.order.append(ticket)
        self.next += 1

    def complaints(self, affair: int | None = None) -> list[str]:
        mine = (each for each in self.order if affair is None or self.affairs[each] == affair)
        return [each for each in mine if self.natures[each] == "complaint"]

    def figures(self) -> Sequence[int]:
        """Occurrences, pieces, findings: of the complaints of an affair the first one weighs, for nobody escalated."""
        pieces = {self.affairs[each] for each in self.complaints()}
        return len(self.complaints()), len(pieces), len(self.order) - len(self.complaints())


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_judged_again_the_figures_are_those_of_a_naive_recount(site: Site, seed: int) -> None:
    """T-1, T-2, D-1, D-4, D-6, F-13, F-63: random sequences of findings, complaints, words, judgements, relations."""
    chance = random.Random(seed)
    naive, cases = Naive(), dict[str, Case]()
    for _ in range(14):
        act = chance.choice(("open", "open", "judge", "judge", "judge", "word", "relate"))
        if act == "open" or not cases:
            what = chance.choice((FINDING, COMPLAINT))
            case = await heard(site, what)
            cases[case.id] = case
            naive.open(case.id, "complaint" if what is COMPLAINT else "callback_finding")
        elif act == "judge":
            case = cases[chance.choice(sorted(cases))]
            into = naive.natures[case.id] != "complaint"
            reply = await judge(site, case, COMPLAINT if into else FINDING)
            if (await shown(site, case))["ended_as"] == "turned":
                assert reply.status == 409
                continue
            assert reply.status == 201, reply.body
            if not into:
                assert (await confirm(site, reply.json)).status == 200
            naive.natures[case.id] = "complaint" if into else "callback_finding"
            naive.affairs = affairs(naive, case.id)
        elif act == "word":
            open_ = [each for each in naive.order if naive.natures[each] != "complaint"]
            if open_:
                await spoken(site, naive, cases, chance.choice(open_))
        elif len(naive.complaints()) > 1:
            one, other = chance.sample(naive.complaints(), 2)
            await related(site, naive, one, other)
        await agrees(site, naive)


def affairs(naive: Naive, changed: str) -> dict[str, int]:
    """A matter without a complaint is none: its findings stand alone again."""
    mine = naive.affairs[changed]
    if naive.complaints(mine):
        return naive.affairs
    alone = {each: naive.next + place for place, each in enumerate(naive.order) if naive.affairs[each] == mine}
    naive.next += len(naive.order)
    return {**naive.affairs, **alone}


async def spoken(site: Site, naive: Naive, cases: dict[str, Case], ticket: str) -> None:
    file = await shown(site, ticket)
    handler = await site.client(Role.HANDLER, where=HQ)
    body = {"version": file["version"], "subject": "mis_selling", "description": "客户来电投诉"}
    reply = await handler.post(f"/tickets/{ticket}/later-word", body)
    if file["status"] == "closed":
        assert reply.status == 409
        return
    assert reply.status == 201, reply.body
    made = reply.json["complaint_id"]
    naive.open(made, "complaint", naive.affairs[ticket])
    cases[made] = Case(made, cases[ticket].call)


async def related(site: Site, naive: Naive, one: str, other: str) -> None:
    handler = await site.client(Role.HANDLER, where=HQ)
    body = {"version": (await shown(site, one))["version"], "same_matter_as": other, "reason": "同一事件"}
    reply = await handler.post(f"/tickets/{one}/relation", body)
    assert reply.status == 200, reply.body
    mine, theirs = naive.affairs[one], naive.affairs[other]
    if mine == theirs:
        return
    is_root = naive.complaints(mine)[0] == one
    for each in naive.order:
        if naive.affairs[each] == mine and (is_root or each == one):
            naive.affairs[each] = theirs


async def agrees(site: Site, naive: Naive) -> None:
    complaints, findings = await figures(site)
    assert (complaints["occurrences"], complaints["pieces"], findings["findings"]) == naive.figures()
    async with site.database.connection() as conn:
        rows = {str(row["id"]): dict(row) for row in await conn.fetch("SELECT * FROM ticket")}
        facts = await conn.fetchval(AMOUNTS)
        clocks = await conn.fetch(
            """SELECT ticket_id, internal ->> 'limit' AS limit FROM ticket_clock
            WHERE kind = 'decide_inform' AND met_at IS NULL AND voided_at IS NULL"""
        )
    assert facts == 0
    assert {ticket: row["nature"] for ticket, row in rows.items()} == naive.natures
    for ticket, row in rows.items():
        first = naive.natures[ticket] == "complaint" and naive.complaints(naive.affairs[ticket])[0] == ticket
        assert (row["relation"] == "first", row["pieces"]) == (first, int(first)), row["number"]
        assert row["heard"]["intention"] == ("yes" if row["nature"] == "complaint" else "unclear")
        running_now = [each["limit"] for each in clocks if each["ticket_id"] == row["id"]]
        if row["closed_at"] is not None or row["relation"] == "merged":
            assert running_now == []
        else:
            assert running_now == ["L-11" if row["nature"] == "complaint" else "L-31"], row["number"]


async def test_when_the_first_order_leaves_the_next_one_counts_and_its_clocks_run_on(site: Site) -> None:
    """F-13, F-63, D-1, D-4, F-60: and when it comes back, everything stands as before."""
    root, follower = await heard(site, COMPLAINT), await heard(site, COMPLAINT)
    handler = await site.client(Role.HANDLER, where=HQ)
    body = {"version": 1, "same_matter_as": root.id, "reason": "同一事件"}
    merged = await handler.post(f"/tickets/{follower.id}/relation", body)
    assert (merged.status, merged.json["relation"]) == (200, "merged"), merged.body
    assert running(merged.json) == []
    proposed = (await judge(site, root, FINDING)).json
    assert (await confirm(site, proposed)).status == 200
    left, first = await shown(site, root), await shown(site, follower)
    assert (left["nature"], left["relation"], left["pieces"]) == ("callback_finding", None, 0)
    assert (first["relation"], first["pieces"], first["merged_into_id"]) == ("first", 1, None)
    assert [each["rules"][0] for each in running(first)] == ["L-11"]
    assert first["events"][-1]["kind"] == "recounted"
    assert (await figures(site))[0]["pieces"] == 1
    assert (await judge(site, root, COMPLAINT)).status == 201
    back, again = await shown(site, root), await shown(site, follower)
    assert (back["relation"], back["pieces"], again["relation"], again["pieces"]) == ("first", 1, "merged", 0)
    assert (again["merged_into_id"], running(again)) == (root.id, [])
    assert [(each["cycle"], each["rules"][0]) for each in running(back)] == [(3, "L-11")]
    assert (await figures(site))[0]["pieces"] == 1


async def test_two_who_judge_the_same_ticket_at_once_do_it_once(site: Site) -> None:
    """F-13: the version their reader saw decides; the other is told."""
    case = await heard(site, FINDING)
    reviewers = [await site.client(Role.QA, where=HQ), await site.client(Role.QA, Role.AUDITOR, where=HQ)]
    replies = await asyncio.gather(*(judge(site, case, COMPLAINT, by=reviewer) for reviewer in reviewers))
    assert sorted(reply.status for reply in replies) == [201, 409]
    file = await shown(site, case)
    assert [event["kind"] for event in file["events"]].count("reclassified") == 1
    assert len(running(file)) == 1
