"""The demonstration itself, over the public API and real SIP calls. Must never look into the database.

A customer rings and complains; a callback yields a finding and a complaint; every recording is sealed and hangs on its
ticket; the figures count the two complaints, leave the finding out and say so.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callcenter.demo import callback_call, captures, complaint_call, people
from callcenter.demo.client import Person, logged_in, until
from callcenter.demo.evidence import CallSeen, CaptureSeen, Evidence, Figures, RecordingSeen, TicketSeen
from callcenter.demo.narrator import Narrator, Say
from callcenter.demo.stage import Stage, ticket_seen
from callcenter.lab.asterisk import AsteriskAddress
from recordings.archive import object_path
from tickets.calendar import shanghai_day

SEALED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the story takes place: the API, the switch, and the folder that keeps what is made.

    `public_key_file` holds the public half of the key that signs the archive's log; None where it is not to be seen.
    """

    base_url: str
    address: AsteriskAddress
    folder: Path
    archive_root: str
    public_key_file: Path | None = None

    @property
    def public_key(self) -> str:
        return self.public_key_file.read_text("ascii").strip() if self.public_key_file is not None else ""

    @property
    def checkpoint_file(self) -> str:
        return str(Path(self.archive_root).parent / "log/checkpoint") if self.public_key_file is not None else ""


async def tell(setting: Setting, say: Say) -> Evidence:
    """Plays everything and returns what was seen. Raises StoryError when a part does not happen."""
    narrator = Narrator(say)
    voices = setting.folder / "voices"
    voices.mkdir(parents=True, exist_ok=True)
    names = (people.AGENT, people.CALLBACK_AGENT, people.SUPERVISOR, people.SECRETARY)
    async with logged_in(setting.base_url, people.PASSWORD, *names) as (agent, callback_agent, supervisor, secretary):
        stage = Stage(setting.address, voices, narrator, agent, callback_agent, supervisor)
        began_at = (await supervisor.get("/me"))["now"]
        before = await _figures(secretary)

        narrator.part("complaint", "客户拨打 95519 投诉", "a customer rings 95519 and complains")
        call_id, opened = await complaint_call.play(stage)
        inbound = await stage.call_seen(call_id)

        narrator.part("callback", "回访新保单客户", "a callback reaches a customer")
        answered = await callback_call.play(stage)
        outbound = await stage.call_seen(answered.call_id)

        narrator.part("archive", "录音归档", "the recordings are sealed")
        calls = (inbound, outbound)
        tickets = [await _ticket(stage, ticket_id) for ticket_id in (*opened, *answered.tickets)]
        recordings = [await _recording(stage, call, tickets, setting) for call in calls]
        _tell_tickets(narrator, tickets)

        narrator.part("figures", "投诉统计", "the complaint figures")
        after = await _figures(secretary)
        figures = await _compared(secretary, before, after)
        _tell_figures(narrator, figures)
        narrator.end()
    return Evidence(
        folder=str(setting.folder),
        archive_root=setting.archive_root,
        public_key=setting.public_key,
        public_key_file=str(setting.public_key_file or ""),
        checkpoint_file=setting.checkpoint_file,
        began_at=began_at,
        calls=calls,
        tickets=tuple(tickets),
        recordings=tuple(recordings),
        figures=figures,
        answers=answered.answers,
        seconds=narrator.seconds,
    )


async def _figures(secretary: Person) -> Any:
    today = (await secretary.get("/me"))["now"]
    return await secretary.get("/statistics/complaints", **_day(today))


def _day(now: str) -> dict[str, str]:
    day = shanghai_day(datetime.fromisoformat(now)).isoformat()
    return {"first_day": day, "last_day": day}


async def _ticket(stage: Stage, ticket_id: str) -> TicketSeen:
    async def look() -> Any:
        ticket = await stage.supervisor.get(f"/tickets/{ticket_id}")
        ready = ticket["calls"] and all(call["recording_id"] and call["call_ended_at"] for call in ticket["calls"])
        return ticket if ready else None

    ticket = await until(f"ticket {ticket_id} with its sealed recording", look, SEALED_WITHIN)
    return ticket_seen(ticket, ticket["calls"][0]["recording_id"])


async def _recording(stage: Stage, call: CallSeen, tickets: list[TicketSeen], setting: Setting) -> RecordingSeen:
    recording_id = next(ticket.recording_id for ticket in tickets if ticket.call_id == call.id)
    sealed = await stage.supervisor.get(f"/recordings/{recording_id}")

    async def proved() -> Any:
        proof = await stage.supervisor.get(f"/recordings/{recording_id}/proof")
        return proof if proof["checkpoint"] or setting.public_key_file is None else None

    proof = await until(f"recording {recording_id} under a signed checkpoint", proved, SEALED_WITHIN)
    seen = RecordingSeen(
        id=recording_id,
        call_id=call.id,
        object_id=sealed["object_id"],
        archive_no=sealed["archive_no"],
        path=str(object_path(sealed["object_id"])),
        sealed_at=sealed["sealed_at"],
        inventory_sha512=sealed["inventory_sha512"],
        segments=sealed["segments"],
        proof=proof,
        captures=await asyncio.to_thread(_captures, setting, object_path(sealed["object_id"])),
    )
    stage.narrator.tell(f"录音档案 {seen.archive_no} 已封存：{seen.path}", f"sealed as {seen.object_id}")
    stage.narrator.tell(f"  清单 SHA-512 {seen.inventory_sha512[:32]}…", "of the inventory")
    for segment in seen.segments:
        stage.narrator.tell(
            f"  录音段 {segment['number']}，{segment['duration_ms'] / 1000:.1f} 秒，SHA-256 {segment['wav_sha256']}",
            f"segment {segment['number']}, {segment['completeness']}",
        )
    for capture in seen.captures:
        stage.narrator.tell(f"  采集文件 {capture.path}，SHA-256 {capture.sha256}", f"captured, {capture.side}")
    if proof["checkpoint"]:
        leaf, size = proof["inclusion"]["leaf_index"], proof["inclusion"]["tree_size"]
        stage.narrator.tell(
            f"  存证：日志第 {leaf} 项，共 {size} 项，已签名", "leaf of the log under a signed checkpoint"
        )
    return seen


def _captures(setting: Setting, path: Path) -> tuple[CaptureSeen, ...]:
    """None where the archive is not to be seen from here."""
    if not setting.archive_root:
        return ()
    return captures.of_recording(Path(setting.archive_root) / path, setting.address.volumes)


async def _compared(secretary: Person, before: Any, after: Any) -> Figures:
    period = after["period"]
    items = await secretary.get(
        "/statistics/pieces/items", first_day=period["first_day"], last_day=period["last_day"], limit="200"
    )
    return Figures(
        before=_numbers(before["figures"]),
        after=_numbers(after["figures"]),
        excluded_before=_excluded(before),
        excluded_after=_excluded(after),
        exclusions=after["excluded"],
        counted_tickets=[item["number"] for item in items["items"]],
    )


def _numbers(figures: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in figures.items() if isinstance(value, int)}


def _excluded(answer: Any) -> dict[str, int]:
    return {one["kind"]: one["tickets"] for one in answer["excluded"]}


def _tell_tickets(narrator: Narrator, tickets: list[TicketSeen]) -> None:
    for ticket in tickets:
        counted = ("计入", "counted") if ticket.counted else ("不计入", "not counted")
        narrator.tell(
            f"{ticket.number} 开立 {ticket.opened_at}，通话结束 {ticket.call_ended_at}，"
            f"早 {ticket.seconds_before_end} 秒，{counted[0]}",
            f"opened {ticket.seconds_before_end} s before its call ended, {counted[1]}",
        )


def _tell_figures(narrator: Narrator, figures: Figures) -> None:
    gained = figures.gained
    narrator.tell(
        f"投诉件数 {figures.after['pieces']}（本次 +{gained['pieces']}），投诉次数 {figures.after['occurrences']}"
        f"（本次 +{gained['occurrences']}）",
        f"pieces +{gained['pieces']}, occurrences +{gained['occurrences']}",
    )
    for one in figures.exclusions:
        narrator.tell(
            f"未计入：{one['zh']} {one['tickets']} 件（{', '.join(one['rules'])}）",
            f"left out: {one['tickets']} {one['en']}",
        )
