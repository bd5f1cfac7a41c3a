"""The first call: a customer rings 95519 over SIP and complains. Must never open the ticket after the call."""

import asyncio
from typing import Any

from callcenter.demo.client import StoryError, until
from callcenter.demo.stage import Stage
from callcenter.lab.callers import ring
from callcenter.lab.rtp import Press, Wait, seconds

TO_THE_MENU = 5.5
"""Seconds from the answer until the caller presses a key: notice and the beginning of the menu."""
TO_THE_AGENT = 9.0
TO_THE_SURVEY = 5.0
LONGEST = 60.0
"""Seconds the caller stays after all that, should the hotline not hang up first."""
COMPLAINT = "我要投诉。我住院的理赔材料交了一个多月，一直没有结果，请你们尽快赔付。"
RESTATED = "您反映住院理赔一个多月没有结果，要求尽快赔付，对吗？已经为您登记投诉。"
PARTICULARS = {
    "complainant_type": "customer",
    "category": "claims",
    "severity": "general",
    "demand": "尽快赔付住院医疗理赔款",
    "description": "客户称住院理赔材料提交一个多月未有结果，要求尽快赔付。",
    "restated_and_confirmed": True,
}


async def caller(stage: Stage) -> dict[str, Any]:
    """A customer of the demonstration with a mobile number of their own."""
    found = await stage.agent.get("/customers", name="陈", limit="50")
    for candidate in found["items"]:
        number = next((number for number in candidate["phones"] if number.startswith("169")), None)
        if number is None or not candidate["policies"]:
            continue
        if len((await stage.agent.get("/customers", number=number))["items"]) == 1:
            return {**candidate, "number": number}
    raise StoryError("no customer to ring with: is this the demonstration's database?")


async def play(stage: Stage) -> tuple[str, list[str]]:
    """The whole call; returns its id and those of its tickets."""
    tell = stage.narrator.tell
    customer = await caller(stage)
    complaint, restated = await stage.voice(COMPLAINT), await stage.voice(RESTATED)
    async with stage.desk_phone(stage.agent) as phone, asyncio.TaskGroup() as tasks:
        await stage.log_in(stage.agent)
        tell(f"坐席 {stage.agent.login} 就绪", "the agent is ready")
        talk = (Wait(TO_THE_MENU), Press("3"), Wait(TO_THE_AGENT), complaint)
        rate = (Wait(seconds((restated,)) + TO_THE_SURVEY), Press("1"), Wait(TO_THE_SURVEY), Press("1"))
        stay = seconds((*talk, *rate)) + LONGEST
        calling = tasks.create_task(ring(stage.address, caller=customer["number"], steps=(*talk, *rate), stay=stay))
        tell(f"客户 {customer['number']} 拨打 95519", "a customer rings 95519")
        call_id = await _arrived(stage, customer["number"])
        ticket = await _opened_from_menu(stage, call_id)
        talking = await phone.next_call()
        talking.say(Wait(0.5), await stage.voice("您好，九五五一九，请讲。"))
        call = await stage.call_in_state(call_id, "talking")
        tell("坐席接听，客户陈述", "the agent answers, the customer explains")
        await stage.until_second(call, seconds(talk) + 0.5)
        talking.say(restated)
        await _complete(stage, customer, ticket["id"])
        await asyncio.sleep(seconds((restated,)) + 0.5)
        await talking.hang_up()
        tell("坐席挂机，客户评价本次服务", "the agent hangs up, the customer rates the call")
        result = await calling
    if not result.ok:
        raise StoryError(f"the customer's call failed: {result.errors[-300:]}")
    return call_id, [ticket["id"]]


async def _arrived(stage: Stage, number: str) -> str:
    async def look() -> Any:
        calls = (await stage.supervisor.get("/calls", state="live"))["items"]
        return next((call["id"] for call in calls if call["caller"] == number), None)

    call_id: str = await until(f"a live call of {number}", look)
    stage.narrator.tell(f"通话建立 {call_id}，先播放录音告知", "the call is there; the recording notice is played")
    return call_id


async def _opened_from_menu(stage: Stage, call_id: str) -> Any:
    async def look() -> Any:
        return next(iter((await stage.supervisor.get("/tickets", call_id=call_id))["items"]), None)

    ticket = await until("a ticket opened from the menu", look)
    stage.narrator.tell(
        f"客户按 3，通话中开立服务单 {ticket['number']}（{ticket['received_at']}）",
        f"the customer pressed 3: ticket {ticket['number']} was opened while the call is live",
    )
    return ticket


async def _complete(stage: Stage, customer: dict[str, Any], ticket_id: str) -> None:
    """The agent finds the customer, asks who it is, and completes the particulars (R-4.2)."""
    candidates = (await stage.agent.get("/customers", number=customer["number"]))["items"]
    chosen = next(one for one in candidates if one["id"] == customer["id"])
    stage.narrator.tell(
        f"来电号码匹配 {len(candidates)} 位客户，坐席核对后选定 {chosen['name']}",
        "candidates by number; the agent asked and chose",
    )
    ticket = await stage.agent.get(f"/tickets/{ticket_id}")
    completed = await stage.agent.patch(
        f"/tickets/{ticket_id}",
        {
            "version": ticket["version"],
            "customer_id": chosen["id"],
            "policy_number": chosen["policies"][0],
            "complainant_name": chosen["name"],
            **PARTICULARS,
        },
    )
    stage.narrator.tell(
        f"坐席复述并得到确认，{completed['number']} 要素齐全，答复期限 {completed['due_day']}",
        "restated and confirmed; the ticket is complete and its deadline known",
    )
