"""What callbacks refuse, each with a stable code and the rules it rests on. Must never name a customer."""

from callcenter.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError


class IllegalTaskMoveError(ConflictError):
    """The action does not exist from this state of the task."""

    code = "callback_illegal_move"


class IllegalCampaignMoveError(ConflictError):
    """The campaign cannot be started, paused, resumed, stopped, finished or changed from its state."""

    code = "campaign_illegal_move"


class CampaignRefusedError(InvalidError):
    """The campaign cannot be so: its script, its scope or what is still open in it (C-6, C-22, C-23)."""

    code = "campaign_refused"


class CampaignOverError(ConflictError):
    """The campaign is stopped or finished: no task is made in it any more."""

    code = "campaign_over"


class ScopeRuleRefusedError(InvalidError):
    """The scope rule would leave out what the law asks for (C-1 … C-4, C-7, C-22)."""

    code = "scope_rule_refused"


class ScriptRefusedError(InvalidError):
    """The script cannot be kept or published so; the words list each reason (C-5 … C-7, C-12, C-15, E-13)."""

    code = "script_refused"


class ScriptPublishedError(ConflictError):
    """The script is published: it never changes, write another version."""

    code = "script_published"


class AlreadyDiallingError(ConflictError):
    """The task, or the agent who asked, is on a call of another attempt."""

    code = "callback_already_dialling"


class OutsideCallingHoursError(ConflictError):
    """Nobody may be rung at this hour, nor did the customer ask for it (C-18)."""

    code = "callback_outside_calling_hours"


class NoConversationError(ConflictError):
    """There has been no conversation on this task that the record could belong to."""

    code = "callback_no_conversation"


class RespondentNotConfirmedError(ConflictError):
    """Who speaks has not been confirmed to be the policyholder, so nothing may be asked or told (C-5)."""

    code = "callback_respondent_not_confirmed"


class NotYourCallError(ForbiddenError):
    """The conversation is another agent's: only who talked on it, or a supervisor, records what came of it."""

    code = "callback_not_yours"


class NotDialableError(InvalidError):
    """The number may not be dialled, or the agent has no telephone to connect it to (C-12)."""

    code = "callback_not_dialable"


class AnswerRefusedError(InvalidError):
    """The answer does not belong to a question of the task's script."""

    code = "callback_answer_refused"


class OutcomeRefusedError(InvalidError):
    """The outcome is not borne out by what is stored (C-10, C-13)."""

    code = "callback_outcome_refused"


class SampleRefusedError(ConflictError):
    """What was drawn is not judged so (C-24)."""

    code = "callback_sample_refused"


class WayRefusedError(InvalidError):
    """The letter or visit cannot be recorded or ended so (C-10, C-11, C-17)."""

    code = "callback_way_refused"


class NoReceiptError(ConflictError):
    """There is no receipt signed by the policyholder that the record could rest on (C-10)."""

    code = "callback_no_receipt"


class LinkRefusedError(InvalidError):
    """There can be no link to an electronic callback here, or it is dead already (C-9, C-12)."""

    code = "callback_link_refused"


class LinkNotFoundError(NotFoundError):
    """The task has no such link."""

    code = "callback_link_not_found"

    def __init__(self, link_id: object) -> None:
        super().__init__("callback link", link_id)


class WayNotFoundError(NotFoundError):
    """The task has no such letter or visit."""

    code = "callback_way_not_found"

    def __init__(self, way_id: object) -> None:
        super().__init__("letter or visit", way_id)


class TaskNotFoundError(NotFoundError):
    """There is no such task, or none in reach: the two are not told apart."""

    code = "callback_task_not_found"

    def __init__(self, task_id: object) -> None:
        super().__init__("callback task", task_id)


class CampaignNotFoundError(NotFoundError):
    """There is no such campaign, or none in reach."""

    code = "campaign_not_found"

    def __init__(self, campaign_id: object) -> None:
        super().__init__("campaign", campaign_id)


class ScriptNotFoundError(NotFoundError):
    """There is no script of this version."""

    code = "script_not_found"

    def __init__(self, version: object) -> None:
        super().__init__("script", version)


class TaskLockedError(ConflictError):
    """The task is another agent's for now: wait until the lock ends, or have it handed over."""

    code = "callback_locked"


class CampaignNotRunningError(ConflictError):
    """The campaign is not being dialled: it is a draft, paused, stopped or finished."""

    code = "campaign_not_running"


class SalespersonError(ForbiddenError):
    """Who sold the policy never performs its callback (C-11)."""

    code = "callback_salesperson"


class NotACallingPostError(ForbiddenError):
    """Callbacks are made by staff of headquarters and provinces only (C-11)."""

    code = "callback_not_a_calling_post"


class HandOverRefusedError(InvalidError):
    """Who is to take the task over may not work on it."""

    code = "callback_hand_over_refused"


class AppointmentRefusedError(InvalidError):
    """The moment has passed, or it is promised for somebody who may not ring this customer."""

    code = "callback_appointment_refused"


class UnknownPlanError(InvalidError):
    """There is no plan of tries of this version."""

    code = "callback_unknown_plan"


class PlanTakenError(ConflictError):
    """A plan of this version exists, and a plan is never changed."""

    code = "callback_plan_exists"


class PlanRefusedError(InvalidError):
    """The plan cannot be kept: too few tries for its days and bands, or the calling hours leave no room (C-17)."""

    code = "callback_plan_refused"


class UnknownTrunkError(InvalidError):
    """The settings know no trunk of this name."""

    code = "callback_unknown_trunk"
