"""The callback routes: from the campaign to the finding and the complaint, with rights, masking and the access log."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import course
from callcenter.callbacks.questions import SEVEN
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.ids import uuid7
from tests.service.callbacks import a_call
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service

YES = [{"question": code, "answer": "yes"} for code in SEVEN]
WRONG_NUMBER = {
    "subject": "contact_data",
    "intention": "no",
    "respondent": "policyholder",
    "description": "联系地址登记有误",
}
SALES_CONDUCT = {
    "subject": "mis_selling",
    "intention": "yes",
    "respondent": "policyholder",
    "description": "销售时承诺保本保息，与条款不符",
    "demand": "要求全额退保",
    "restated_and_confirmed": True,
}


@dataclass
class Board:
    """A task of a campaign at headquarters, and the callback agent who works it."""

    site: Site
    database: Database
    clock: ManualClock
    agent: Client
    task: str

    async def act(self, action: str, json: Any = None, **options: Any) -> Reply:
        return await self.agent.post(f"/callback-tasks/{self.task}/{action}", json, **options)

    async def answer(self, answers: list[dict[str, str]]) -> Reply:
        return await self.agent("PUT", f"/callback-tasks/{self.task}/answers", json={"answers": answers})

    async def show(self) -> Any:
        reply = await self.agent.get(f"/callback-tasks/{self.task}")
        assert reply.status == 200, reply.body
        return reply.json

    async def talk(self) -> UUID:
        """The task is dialled and the customer answers; returns the call."""
        dialled = await self.act("dial")
        assert dialled.status == 202, dialled.body
        attempt = UUID(dialled.json["call_id"])
        self.clock.advance(timedelta(seconds=6))
        await a_call(self.database, attempt, self.clock.now())
        async with self.database.transaction() as conn:
            await course.answered(conn, attempt, self.clock.now())
        return attempt

    async def hang_up(self, attempt: UUID) -> None:
        now = self.clock.now()
        await a_call(self.database, attempt, now, now)
        async with self.database.transaction() as conn:
            await course.ended(conn, attempt, now, cause="normal", answered_at=now)


@pytest.fixture
async def board(site: Site, database: Database, clock: ManualClock) -> Board:
    holder = a_customer("王测试", "16900000001")
    await settle(database, (holder, [a_policy(holder, "P1")]))
    supervisor = await site.client(Role.SUPERVISOR, where="hq")
    campaign = await supervisor.post("/campaigns", {"name": "新单回访"})
    assert campaign.status == 201, campaign.body
    added = await supervisor.post("/callback-tasks", {"campaign_id": campaign.json["id"], "policies": ["P1", "P404"]})
    assert added.status == 201, added.body
    assert added.json["items"][1]["refusal"] == "unknown_policy"
    agent = await site.client(Role.CALLBACK_AGENT, where="hq")
    assert agent.user is not None
    async with database.connection() as conn:
        await conn.execute("UPDATE app_user SET extension = '8001' WHERE id = $1", agent.user.id)
    return Board(site, database, clock, agent, added.json["items"][0]["task_id"])


async def test_who_wants_no_sales_calls_is_called_back_all_the_same_and_the_agent_is_told(board: Board) -> None:
    """C-19"""
    async with board.database.transaction() as conn:
        await conn.execute("UPDATE customer SET sales_calls_refused_until = '2027-06-30'")
    assert (await board.show())["customer"]["sales_calls_refused_until"] == "2027-06-30"
    assert (await board.act("dial")).status == 202


async def test_the_same_key_dials_once_and_gives_the_same_attempt(board: Board) -> None:
    """H9"""
    key = {"Idempotency-Key": str(uuid4())}
    first, second = await board.act("dial", headers=key), await board.act("dial", headers=key)
    assert (first.status, second.status) == (202, 202)
    assert first.json["id"] == second.json["id"] == first.json["call_id"]
    assert len((await board.show())["attempts"]) == 1
    again = await board.act("dial")
    assert (again.status, again.code) == (409, "callback_illegal_move")


async def test_seven_answers_while_the_call_is_live_make_a_successful_callback(board: Board) -> None:
    """C-6, C-13"""
    attempt = await board.talk()
    for answer in YES:
        board.clock.advance(timedelta(seconds=5))
        reply = await board.answer([answer])
        assert reply.status == 200, reply.body
    assert reply.json["verdict"] == {"result": "successful", "completed": True, "missing": [], "objected": []}
    file = await board.show()
    assert [float(question["answer"]["second"]) for question in file["questions"]] == [5.0 * n for n in range(1, 8)]
    await board.hang_up(attempt)
    done = await board.act("outcome", {"kind": "completed"})
    assert (done.status, done.json["task"]["result"]) == (200, "successful")
    late = await board.answer([YES[0]])
    assert (late.status, late.code) == (409, "callback_no_conversation")


async def test_a_finding_stays_out_and_a_clear_complaint_about_sales_conduct_counts(board: Board) -> None:
    """T-1, T-2, T-3, R-2.2, R-2.3, R-2.5, C-16"""
    attempt = await board.talk()
    board.clock.advance(timedelta(seconds=20))
    await board.answer(YES[:1])
    finding = await board.act("findings", WRONG_NUMBER)
    assert finding.status == 201, finding.body
    board.clock.advance(timedelta(seconds=10))
    complaint = await board.act("findings", SALES_CONDUCT)
    assert complaint.status == 201, complaint.body
    told = ("nature", "channel", "source", "counts", "opened_live")
    assert [finding.json[name] for name in told] == ["callback_finding", "phone_outbound", "callback", False, True]
    assert [complaint.json[name] for name in told] == ["complaint", "phone_inbound", "callback", True, True]
    assert (finding.json["seconds_into_call"], complaint.json["seconds_into_call"]) == (20.0, 30.0)
    await board.hang_up(attempt)
    file = await board.show()
    assert [ticket["number"] for ticket in file["tickets"]] == [finding.json["number"], complaint.json["number"]]
    async with board.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT nature, pieces, heard, verdict, callback_task_id FROM ticket ORDER BY received_at"
        )
    assert [(row["nature"], row["pieces"]) for row in rows] == [("callback_finding", 0), ("complaint", 1)]
    assert rows[1]["heard"]["subject"] == "mis_selling"
    assert rows[1]["verdict"]["nature"] == "complaint"
    assert str(rows[0]["callback_task_id"]) == board.task


async def test_a_colleagues_conversation_is_not_ones_own_to_record(board: Board) -> None:
    """F-13, C-13: answers, findings and outcome are given by who talked, or by a supervisor for him."""
    attempt = await board.talk()
    colleague = await board.site.client(Role.CALLBACK_AGENT, Role.INTEGRATOR, where="hq")
    supervisor = await board.site.client(Role.SUPERVISOR, where="hq")
    assert colleague.user is not None
    task = f"/callback-tasks/{board.task}"

    async def each(client: Client) -> list[tuple[int, str | None]]:
        replies = [
            await client("PUT", f"{task}/answers", json={"answers": YES[:1]}),
            await client.post(f"{task}/findings", WRONG_NUMBER),
            await client.post(f"{task}/outcome", {"kind": "completed"}),
        ]
        return [(reply.status, reply.code) for reply in replies]

    refused = [(403, "callback_not_yours")] * 3
    assert await each(colleague) == refused
    assert await each(supervisor) == [(200, None), (201, None), (422, "callback_outcome_refused")]
    await board.hang_up(attempt)
    assert await each(colleague) == refused
    async with board.database.transaction() as conn:
        await conn.execute("UPDATE call SET user_id = $2 WHERE id = $1", attempt, colleague.user.id)
    assert [status for status, _ in await each(colleague)] == [200, 201, 422]


async def test_the_ordinary_way_to_a_ticket_knows_the_callbacks_matter(board: Board) -> None:
    """T-2, C-14: whichever way the agent opens it, it hangs on the task, the customer and the policy."""
    attempt = await board.talk()
    heard = {name: SALES_CONDUCT[name] for name in ("subject", "intention", "respondent")}
    made = await board.agent.post(f"/calls/{attempt}/tickets", {"heard": heard, "demand": "退保"})
    assert made.status == 201, made.body
    async with board.database.connection() as conn:
        row = await conn.fetchrow("SELECT * FROM ticket")
        task = await conn.fetchrow("SELECT customer_id, policy_id FROM callback_task")
    assert row is not None
    assert task is not None
    assert (str(row["callback_task_id"]), row["callback_attempt_id"]) == (board.task, attempt)
    assert (row["customer_id"], row["policy_id"], row["policy_number"]) == (
        task["customer_id"],
        task["policy_id"],
        "P1",
    )
    assert (row["source"], row["channel"], row["opened_via"]) == ("callback", "phone_inbound", "callback_agent")


@pytest.mark.parametrize("who", ["agent", "public"])
async def test_a_customers_clear_complaint_is_not_made_nobodys(board: Board, who: str) -> None:
    """T-2, R-1.1, F-37: whoever was heard to be the policyholder is not afterwards a sales agent or the public."""
    await board.talk()
    refused = await board.act("findings", {**SALES_CONDUCT, "complainant_type": who})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "#/body/complainant_type")
    assert refused.json["rules"] == ["T-2", "R-1.1", "F-37"]


async def test_a_finding_runs_under_the_limits_of_findings_through_the_same_stages(board: Board) -> None:
    """R-2.4, L-31, L-32, C-14"""
    await board.talk()
    data_error = await board.act("findings", WRONG_NUMBER)
    misled = await board.act("findings", {**SALES_CONDUCT, "intention": "unclear"})
    async with board.database.connection() as conn:
        due = {
            str(row["ticket_id"]): row["due_day"].isoformat()
            for row in await conn.fetch("SELECT ticket_id, due_day FROM ticket_clock WHERE kind = 'decide_inform'")
        }
        statuses = await conn.fetch("SELECT DISTINCT status FROM ticket")
    assert due == {data_error.json["id"]: "2026-11-25", misled.json["id"]: "2026-12-09"}
    assert [row["status"] for row in statuses] == ["recorded"]
    assert misled.json["nature"] == "callback_finding"


@pytest.mark.parametrize("unsaid", ["subject", "intention", "respondent"])
async def test_nothing_is_taken_for_said_that_the_agent_did_not_say(board: Board, unsaid: str) -> None:
    """F-13, T-2: what is spoken of, whether they want to complain, and who speaks; on both routes."""
    call = await board.talk()
    said = {name: value for name, value in SALES_CONDUCT.items() if name != unsaid}
    refused = await board.act("findings", said)
    assert (refused.status, [each["pointer"] for each in refused.json["errors"]]) == (400, [f"#/body/{unsaid}"])
    heard = {name: said[name] for name in ("subject", "intention", "respondent") if name in said}
    refused = await board.agent.post(f"/calls/{call}/tickets", {"heard": heard})
    assert (refused.status, [each["pointer"] for each in refused.json["errors"]]) == (400, [f"#/body/heard/{unsaid}"])


async def test_a_finding_sent_twice_with_one_key_is_one_ticket(board: Board) -> None:
    """H9"""
    await board.talk()
    key = {"Idempotency-Key": str(uuid4())}
    replies = [await board.act("findings", WRONG_NUMBER, headers=key) for _ in range(3)]
    assert {reply.json["number"] for reply in replies} == {replies[0].json["number"]}


async def test_a_problem_case_can_be_concluded_once_its_finding_is_recorded(board: Board) -> None:
    """C-13, C-16"""
    attempt = await board.talk()
    await board.answer([*YES[:-1], {"question": YES[-1]["question"], "answer": "unclear"}])
    refused = await board.act("outcome", {"kind": "completed"})
    assert (refused.status, refused.code) == (422, "callback_outcome_refused")
    await board.act("findings", {**WRONG_NUMBER, "subject": "unclear_answer"})
    await board.hang_up(attempt)
    done = await board.act("outcome", {"kind": "completed"})
    assert done.json["task"]["result"] == "problem"


async def test_an_answer_and_a_ticket_of_one_moment_stand_at_the_same_second_of_the_recording(board: Board) -> None:
    """T-3, C-6: both count from the customer's answer, however long the telephone rang before."""
    call = await board.talk()
    board.clock.advance(timedelta(seconds=33))
    answers = (await board.answer(YES[:1])).json["answers"]
    finding = (await board.act("findings", WRONG_NUMBER)).json
    file = (await board.agent.get(f"/tickets/{finding['id']}")).json
    shown = (await board.agent.get(f"/calls/{call}")).json
    seconds = [
        finding["seconds_into_call"],
        file["calls"][0]["seconds_into_call"],
        shown["tickets"][0]["seconds_into_call"],
    ]
    assert [float(answers[0]["second"]), *seconds] == [33.0] * 4


async def test_nothing_is_recorded_before_anybody_answered(board: Board) -> None:
    await board.act("dial")
    for reply in (await board.answer(YES[:1]), await board.act("findings", WRONG_NUMBER)):
        assert (reply.status, reply.code) == (409, "callback_no_conversation")


async def test_the_board_is_filtered_and_paged(board: Board) -> None:
    open_tasks = await board.agent.get("/callback-tasks", params={"on_board": "true", "ready": "true", "limit": 1})
    assert [item["id"] for item in open_tasks.json["items"]] == [board.task]
    assert open_tasks.json["next"] is None
    done = await board.agent.get("/callback-tasks", params={"state": "done"})
    assert done.json["items"] == []


async def test_what_is_late_or_assumed_is_shown_where_tasks_are_made_and_listed(board: Board) -> None:
    """C-4, C-21"""
    holder = a_customer("陈测试", "16900000002")
    old = a_policy(holder, "P2", received_on=date(2026, 10, 1), cooling_off_days=None)
    await settle(board.database, (holder, [old]))
    supervisor = await board.site.client(Role.SUPERVISOR, where="hq")
    campaign = (await supervisor.post("/campaigns", {"name": "补访"})).json["id"]
    made = (await supervisor.post("/callback-tasks", {"campaign_id": campaign, "policies": ["P1", "P2"]})).json["items"]
    assert [one["refusal"] for one in made] == ["open_in_another_campaign", None]
    assert (made[1]["late"], made[1]["cooling_off_assumed"]) == (True, True)
    [listed] = (await board.agent.get("/callback-tasks", params={"campaign_id": campaign})).json["items"]
    assert (listed["late"], listed["cooling_off_assumed"]) == (True, True)
    assert ((await board.show())["task"]["late"], (await board.show())["task"]["cooling_off_assumed"]) == (False, False)


async def test_another_province_sees_neither_task_nor_campaign(board: Board) -> None:
    """T-6, H2"""
    elsewhere = await board.site.client(Role.CALLBACK_AGENT, where="sc-cd")
    shown = await elsewhere.get(f"/callback-tasks/{board.task}")
    assert (shown.status, shown.code) == (404, "callback_task_not_found")
    for action, body in (("dial", None), ("findings", WRONG_NUMBER), ("outcome", {"kind": "completed"})):
        assert (await elsewhere.post(f"/callback-tasks/{board.task}/{action}", body)).status in (404, 422)
    assert (await elsewhere.get("/callback-tasks")).json["items"] == []
    assert (await elsewhere.get("/campaigns")).json["items"] == []


async def test_roles_decide_who_dials_who_reads_and_who_manages(board: Board) -> None:
    """T-6"""
    expected = {
        Role.AGENT: (403, 403, 403),
        Role.CALLBACK_AGENT: (200, 202, 403),
        Role.AUDITOR: (200, 403, 403),
        Role.QA: (200, 403, 403),
    }
    for role, (reads, dials, manages) in expected.items():
        client = await board.site.client(role, where="hq")
        assert (await client.get(f"/callback-tasks/{board.task}")).status == reads
        assert (await client.post(f"/callback-tasks/{board.task}/dial")).status == dials
        assert (await client.post("/campaigns", {"name": "x"})).status == manages


async def test_numbers_and_names_are_masked_for_who_only_watches(board: Board) -> None:
    """T-6"""
    auditor = await board.site.client(Role.AUDITOR, where="hq")
    reply = await auditor.get(f"/callback-tasks/{board.task}")
    assert reply.json["task"]["number"] == "169****0001"
    assert reply.json["customer"]["name"] == "王**"
    assert "16900000001" not in reply.body.decode()
    async with board.database.connection() as conn:
        assert await conn.fetchval(
            "SELECT count(*) FROM access_log WHERE object_id = $1 AND verdict = 'allow'", board.task
        )


async def test_an_agent_without_a_telephone_cannot_dial(board: Board) -> None:
    supervisor = await board.site.client(Role.SUPERVISOR, where="hq")
    reply = await supervisor.post(f"/callback-tasks/{board.task}/dial")
    assert (reply.status, reply.code) == (422, "callback_not_dialable")


async def test_a_complaint_is_opened_in_the_breath_that_saves_answers_and_outcome(board: Board) -> None:
    """C-13, C-16, R-1.4, R-2.2, F-13, T-3: one request, one transaction; the same key again is the same tickets."""
    attempt = await board.talk()
    board.clock.advance(timedelta(seconds=30))
    answers = [*YES[:3], {"question": "cover_known", "answer": "no"}, *YES[4:]]
    body = {"answers": answers, "findings": [SALES_CONDUCT, WRONG_NUMBER], "outcome": {"kind": "completed"}}
    key = {"Idempotency-Key": str(uuid4())}
    reply = await board.act("wrap-up", body, headers=key)
    assert reply.status == 201, reply.body
    assert (reply.json["task"]["state"], reply.json["task"]["result"]) == ("done", "problem")
    assert [each["counts"] for each in reply.json["tickets"]] == [True, False]
    assert [each["reasons"][0]["zh"] for each in reply.json["tickets"]] == [
        "回访中客户对销售行为有明确投诉意向",
        "客户没有投诉意向",
    ]
    assert all(each["opened_live"] for each in reply.json["tickets"])
    assert {answer["second"] for answer in reply.json["answers"]} == {"30.000"}
    assert (await board.act("wrap-up", body, headers=key)).json == reply.json
    await board.hang_up(attempt)


async def test_what_is_handed_in_at_once_is_all_written_or_none_of_it(board: Board) -> None:
    """C-13, C-16: an outcome the answers do not bear out leaves neither answers nor ticket behind."""
    await board.talk()
    body = {"answers": YES[:2], "findings": [WRONG_NUMBER], "outcome": {"kind": "completed"}}
    reply = await board.act("wrap-up", body)
    assert (reply.status, reply.code) == (422, "callback_outcome_refused"), reply.body
    file = await board.show()
    assert (file["tickets"], [question["answer"] for question in file["questions"]]) == ([], [None] * 7)


async def test_seconds_go_on_after_hold_and_transfer_and_the_next_agent_answers_for_the_call(board: Board) -> None:
    """C-6, C-13, archive.md: one recording through hold and transfer, counted from the customer's answer."""
    attempt = await board.talk()
    board.clock.advance(timedelta(seconds=20))
    assert float((await board.answer(YES[:1])).json["answers"][0]["second"]) == 20.0
    second = await board.site.client(Role.CALLBACK_AGENT, Role.AUDITOR, where="hq")
    assert second.user is not None
    refused = await second("PUT", f"/callback-tasks/{board.task}/answers", json={"answers": YES[1:2]})
    assert (refused.status, refused.code) == (403, "callback_not_yours")
    async with board.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO call_leg (id, call_id, channel_id, role, user_id, started_at, answered_at)
            VALUES ($1, $2, 'second', 'agent', $3, $4, $4)""",
            uuid7(board.clock.now()),
            attempt,
            second.user.id,
            board.clock.now(),
        )
    board.clock.advance(timedelta(seconds=45))
    reply = await second("PUT", f"/callback-tasks/{board.task}/answers", json={"answers": YES[1:]})
    assert reply.status == 200, reply.body
    assert {float(each["second"]) for each in reply.json["answers"]} == {20.0, 65.0}
    finding = await second.post(f"/callback-tasks/{board.task}/findings", WRONG_NUMBER)
    assert (finding.status, finding.json["seconds_into_call"]) == (201, 65.0), finding.body
