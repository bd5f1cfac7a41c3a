"""After the call: how satisfied was the caller, by one key from 1 (very satisfied) to 5 (very dissatisfied).

Asks twice at most and never insists: silence is an answer too, and stores nothing.
"""

from agi import names
from agi.ports import SurveyDesk
from agi.scripts.dialogue import caller_of, finish
from agi.session import Session

DEADLINE = 40.0
ANSWER_TIME = 6000
"""Milliseconds to press a key after the question."""

SCORES = ("1", "2", "3", "4", "5")
QUESTIONS = (names.PROMPT_SURVEY, names.PROMPT_SURVEY_AGAIN)


async def run(desk: SurveyDesk, session: Session) -> None:
    for question in QUESTIONS:
        key = await session.get_data(question, ANSWER_TIME, 1)
        if key in SCORES:
            await desk.rate(caller_of(session), int(key))
            await session.stream_file(names.PROMPT_SURVEY_THANKS)
            break
    await finish(session)
