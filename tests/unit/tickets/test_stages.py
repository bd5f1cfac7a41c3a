"""The stages of the measures, read off a ticket's status and the two checkpoints of the first."""

import itertools

import pytest

from tickets.lifecycle import MOVES, Status
from tickets.stages import CASE_STAGE_WORDS, CaseStage, stage

pytestmark = pytest.mark.unit

ORDER = list(CaseStage)


def test_there_are_five_and_the_first_is_called_record_and_confirm() -> None:
    """R-4.1, F-31: the garbled slide titles are read as 记录与确认."""
    assert [CASE_STAGE_WORDS[each].zh for each in CaseStage] == ["记录与确认", "跟进", "处理", "反馈", "结案"]


@pytest.mark.parametrize(
    ("recorded", "confirmed", "expected"),
    [
        (False, False, CaseStage.RECORD_AND_CONFIRM),
        (True, False, CaseStage.RECORD_AND_CONFIRM),
        (False, True, CaseStage.RECORD_AND_CONFIRM),
        (True, True, CaseStage.FOLLOW_UP),
    ],
)
def test_recording_and_confirming_are_two_checkpoints_of_one_stage(
    recorded: bool, confirmed: bool, expected: CaseStage
) -> None:
    """F-32: the stage is over when both are passed, in whichever order."""
    assert stage(Status.RECORDED, recorded=recorded, confirmed=confirmed) is expected


def test_every_status_is_in_a_stage_and_no_move_leads_back_to_an_earlier_one() -> None:
    """R-4.1, F-32: the six of R-2.4 are these five, recording and confirming being one."""
    for recorded, confirmed in itertools.product((False, True), repeat=2):
        of = {each: stage(each, recorded=recorded, confirmed=confirmed) for each in Status}
        assert all(ORDER.index(of[after]) >= ORDER.index(of[before]) for (before, _), after in MOVES.items())
    reached = {stage(each, recorded=done, confirmed=done) for each in Status for done in (False, True)}
    assert reached == set(CaseStage)
