"""What must be stored before a task may end (C-10, C-13, C-16). Must never take a claim for a proof."""

from collections.abc import Mapping
from typing import Never

from callcenter.callbacks import completion, errands, scripts, store, verdict
from callcenter.callbacks.errors import OutcomeRefusedError
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.task import Result
from callcenter.callbacks.verdict import Verdict
from callcenter.db.pool import Connection
from tickets.callbacks import Way
from tickets.errors import Words


async def judged(conn: Connection, found: Task, answers: Mapping[str, Given]) -> Verdict | None:
    """What these answers come to on the task's way through its script; None where it has none."""
    way = await scripts.way(conn, found, answers)
    return None if way is None else verdict.judge(way.judged, scripts.said(answers))


async def of_receipt(conn: Connection, found: Task, way: Way) -> Result:
    """What the answers on the latest receipt come to, by the same verdict as on the telephone; the task is completed.

    Raises OutcomeRefusedError without a receipt, without all answers, or without a ticket for what was objected to.
    """
    came_back = [each for each in await errands.of_task(conn, found.id) if each.way is way and each.returned_at]
    if not came_back:
        raise OutcomeRefusedError(
            Words("须有投保人签收回执的扫描件（C-10）。", "The scan of a receipt signed by the policyholder is needed.")
        )
    errand = came_back[-1]
    came = await judged(conn, found, await store.answers(conn, found.id, errand.id))
    if came is None:
        raise OutcomeRefusedError(Words("无问卷的任务请登记为已处理。", "A task without a script is served."))
    await refuse(conn, found, came)
    assert errand.returned_at is not None
    await completion.completed(conn, found.id, way, errand.returned_at)
    return came.result


async def refuse(conn: Connection, found: Task, came: Verdict) -> None:
    """Raises OutcomeRefusedError while questions are open, or what was objected to has no ticket."""
    if not came.completed:
        _refuse_open(came)
    if came.result is Result.PROBLEM and not await store.tickets(conn, found.id):
        raise OutcomeRefusedError(
            Words(
                "有否定或不明确的回答，须先登记问题件或投诉（C-13、C-16）。",
                "Some answer is negative or unclear: record a finding or a complaint first.",
            )
        )


async def refuse_untried(conn: Connection, found: Task) -> None:
    """Other ways were tried, and each says why it failed (C-10). Raises OutcomeRefusedError."""
    tried = await errands.of_task(conn, found.id)
    if not tried or any(each.failed_at is None for each in tried):
        raise OutcomeRefusedError(
            Words(
                "须已尝试信函或上门，并逐一登记未成功的原因（C-10）。",
                "A letter or a visit must have been tried, and each must say why it failed.",
            )
        )


def _refuse_open(came: Verdict) -> Never:
    questions = ", ".join(came.missing or came.objected)
    raise OutcomeRefusedError(Words(f"回访未完成（C-13）：{questions}。", f"Not completed: {questions}."))
