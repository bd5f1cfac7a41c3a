"""The second call: a callback reaches a customer and yields a finding and a complaint. Must never mix up the two."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from callcenter.demo.client import StoryError
from callcenter.demo.stage import Stage
from callcenter.lab.rtp import seconds

FINDING = {
    "subject": "contact_data",
    "intention": "no",
    "respondent": "policyholder",
    "description": "客户的联系地址已变更，系统登记有误，请更正。",
    "demand": "更正联系地址",
    "restated_and_confirmed": True,
}
COMPLAINT = {
    "subject": "mis_selling",
    "intention": "yes",
    "respondent": "policyholder",
    "description": "客户称业务员销售时承诺保本保息、随时可取，与条款不符，明确要求投诉。",
    "demand": "核实销售过程并全额退还保费",
    "restated_and_confirmed": True,
}
SPOKEN = "我要投诉业务员，他说这个保险保本保息，随时可以取，根本不是这样。我的地址也登记错了。"
RESTATED = "您的投诉已经登记，地址更正也已经登记，我们会尽快答复您。"
NEW_WITHIN = timedelta(days=20)
SENIOR = timedelta(days=59 * 365)


@dataclass(frozen=True)
class Answered:
    """What the callback left behind."""

    call_id: str
    tickets: list[str]
    answers: list[dict[str, Any]]


async def play(stage: Stage) -> Answered:
    """The whole callback."""
    tell = stage.narrator.tell
    task_id, number = await _task(stage)
    async with stage.customers_phone() as customers, stage.desk_phone(stage.callback_agent) as phone:
        attempt = await stage.callback_agent.post(f"/callback-tasks/{task_id}/dial")
        tell(f"回访坐席拨打 {number}", "the callback agent dials the customer")
        customer = await customers.next_call()
        if customer.dialled != number:
            raise StoryError(f"{customer.dialled} was dialled, not {number}")
        desk = await phone.next_call()
        await stage.call_in_state(attempt["call_id"], "talking")
        tell("客户接听，播放录音告知后接通坐席", "the customer answered and heard the notice; the agent is connected")
        desk.say(await stage.voice("您好，这里是九五五一九回访，请问您是投保人本人吗？"))
        customer.say(await stage.voice("是的，我是本人。"))
        answers = await _ask(stage, task_id)
        spoken = await stage.voice(SPOKEN)
        customer.say(spoken)
        await asyncio.sleep(seconds((spoken,)))
        tickets = [await _record(stage, task_id, said) for said in (FINDING, COMPLAINT)]
        thanks = await stage.voice(RESTATED)
        desk.say(thanks)
        await asyncio.sleep(seconds((thanks,)) + 0.5)
        await desk.hang_up()
        await customer.hang_up()
    await stage.call_in_state(attempt["call_id"], "ended")
    await _conclude(stage, task_id)
    return Answered(attempt["call_id"], tickets, answers)


async def _task(stage: Stage) -> tuple[str, str]:
    """A campaign with one task: a policy sold lately, and a customer who asked to be rung now (C-18)."""
    campaign = await stage.supervisor.post("/campaigns", {"name": "新单回访（演示）"})
    now = (await stage.supervisor.get("/me"))["now"]
    async for policy in _sold_lately(stage, datetime.fromisoformat(now).date()):
        added = await stage.supervisor.post(
            "/callback-tasks", {"campaign_id": campaign["id"], "policies": [policy], "chosen_at": now}
        )
        task_id = added["items"][0]["task_id"]
        if task_id is not None:
            task = (await stage.callback_agent.get(f"/callback-tasks/{task_id}"))["task"]
            stage.narrator.tell(f"保单 {policy} 的回访任务，犹豫期至 {task['due_at']}", "a callback task is made")
            return task_id, task["number"]
    raise StoryError("no policy to call back about: is this the demonstration's database?")


async def _sold_lately(stage: Stage, today: date) -> AsyncIterator[str]:
    found = await stage.callback_agent.get("/customers", name="王", limit="50")
    for candidate in found["items"]:
        customer = await stage.callback_agent.get(f"/customers/{candidate['id']}")
        for policy in customer["policies"]:
            if _is_plain(policy, date.fromisoformat(customer["birth_date"]), today):
                yield policy["number"]


def _is_plain(policy: dict[str, Any], born: date, today: date) -> bool:
    """Sold lately, and so that the seven questions are what there is to ask (C-6, C-7)."""
    new = policy["received_on"] and today - date.fromisoformat(policy["received_on"]) < NEW_WITHIN
    recorded = policy["sales_channel"] == "bank" or policy["product_kind"] == "unit_linked"
    paid_in_parts = policy["payment"] != "single"
    return bool(new) and paid_in_parts and not recorded and today - born < SENIOR


async def _ask(stage: Stage, task_id: str) -> list[dict[str, Any]]:
    """Every question of the script, each answer stored as it is given."""
    file = await stage.callback_agent.get(f"/callback-tasks/{task_id}")
    stored: list[dict[str, Any]] = []
    for question in file["questions"]:
        await asyncio.sleep(0.7)
        said = "no" if question["code"] == "surrender_loss_known" else "yes"
        told = await stage.callback_agent.put(
            f"/callback-tasks/{task_id}/answers", {"answers": [{"question": question["code"], "answer": said}]}
        )
        stored = told["answers"]
    stage.narrator.tell(
        f"{len(stored)} 个问题逐一登记回答，判定 {told['verdict']['result']}", "every answer stored with its second"
    )
    return stored


async def _record(stage: Stage, task_id: str, said: dict[str, Any]) -> str:
    ticket = await stage.callback_agent.post(f"/callback-tasks/{task_id}/findings", said)
    rules = ", ".join(dict.fromkeys(reason["rule"] for reason in ticket["reasons"]))
    if ticket["counts"]:
        zh, en = "投诉，渠道呼入，来源回访，计入投诉件", "complaint: inbound, source callback, counted"
    else:
        zh, en = "问题件，渠道呼出，不计入投诉件", "finding: outbound, never counted"
    stage.narrator.tell(f"通话第 {ticket['seconds_into_call']:.0f} 秒登记 {ticket['number']}：{zh}（{rules}）", f"{en}")
    ticket_id: str = ticket["id"]
    return ticket_id


async def _conclude(stage: Stage, task_id: str) -> None:
    done = await stage.callback_agent.post(f"/callback-tasks/{task_id}/outcome", {"kind": "completed"})
    stage.narrator.tell(f"回访结果 {done['task']['result']}", "the callback is concluded from its answers")
