"""What came of a conversation handed in at once: answers, findings or complaints, the outcome. All of it or nothing.

Must never decide anything itself: answers and outcome are `conversation`'s, what a problem is `findings`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from callcenter.callbacks import conversation, findings, store
from callcenter.callbacks.conversation import Conclusion, Said
from callcenter.callbacks.store import Given, Task
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.complaints import Complaints, Opened
from callcenter.db.pool import Database
from callcenter.opening import By


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What the agent hands in; without a conclusion the task stays where it is."""

    said: Sequence[Said] = ()
    problems: Sequence[findings.Problem] = ()
    conclusion: Conclusion | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The task after it, its answers, and the tickets in the order of the problems."""

    task: Task
    answers: dict[str, Given]
    opened: Sequence[Opened]


async def hand_in(
    db: Database,
    complaints: Complaints,
    task_id: UUID,
    wanted: WrapUp,
    *,
    key: UUID,
    by: By,
    at: datetime,
    hours: CallingHours = STANDARD,
) -> Done:
    """Writes everything in one transaction; the same key again opens the same tickets.

    Raises what `conversation.answer`, `findings.record` and `conversation.conclude` raise; then nothing is written.
    """
    async with db.transaction() as conn:
        task = await store.task(conn, task_id, by.path or "", lock=True)
        answers = await store.answers(conn, task_id)
        if wanted.said:
            answers = await conversation.answer_on(conn, task_id, wanted.said, by=by, at=at)
        opened = []
        for number, problem in enumerate(wanted.problems):
            its_key = key if number == 0 else uuid5(key, str(number))
            opening = await findings.asked(conn, task_id, problem, key=its_key, by=by)
            opened.append(await complaints.open_on(conn, opening, by))
        if wanted.conclusion is not None:
            task, _ = await conversation.conclude_on(conn, task_id, wanted.conclusion, by=by, at=at, hours=hours)
        return Done(task, answers, opened)
