"""Who is held to account for what a complaint brought to light (B-10): found at fault, decided by a second person.

Must never save or send, and says nothing of people who were not found at fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.errors import AccountabilityRefusedError, Words
from tickets.lifecycle import Liability, Validity


class Measure(StrEnum):
    """What it means for the person; most of it weighs in pay or promotion."""

    TRAINING = "training"
    WARNING = "warning"
    DEDUCTION = "deduction"
    NO_PROMOTION = "no_promotion"
    SUSPENSION = "suspension"
    TERMINATION = "termination"
    REFERRAL = "referral"


MEASURE_WORDS: Mapping[Measure, Words] = {
    Measure.TRAINING: Words("培训教育", "training"),
    Measure.WARNING: Words("警告", "warning"),
    Measure.DEDUCTION: Words("扣减绩效薪酬", "deduction from pay"),
    Measure.NO_PROMOTION: Words("取消评优晋升资格", "no promotion"),
    Measure.SUSPENSION: Words("暂停展业或停职", "suspension"),
    Measure.TERMINATION: Words("解除合同", "termination"),
    Measure.REFERRAL: Words("移送司法或监管", "referred to the authorities"),
}

WEIGHS = frozenset(Measure) - {Measure.TRAINING}
"""What weighs in pay and promotion (B-10)."""


class AccountState(StrEnum):
    """How far it is."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    CARRIED_OUT = "carried_out"
    DROPPED = "dropped"


class AccountAction(StrEnum):
    """A second person decides or drops it; somebody says that it was carried out."""

    DECIDE = "decide"
    DROP = "drop"
    CARRY_OUT = "carry_out"


ACCOUNT_STATE_WORDS: Mapping[AccountState, Words] = {
    AccountState.PROPOSED: Words("拟问责", "proposed"),
    AccountState.DECIDED: Words("已决定", "decided"),
    AccountState.CARRIED_OUT: Words("已执行", "carried out"),
    AccountState.DROPPED: Words("不予问责", "dropped"),
}
ACCOUNT_ACTION_WORDS: Mapping[AccountAction, Words] = {
    AccountAction.DECIDE: Words("决定", "decide"),
    AccountAction.DROP: Words("不予问责", "drop"),
    AccountAction.CARRY_OUT: Words("执行", "carry out"),
}
_MOVES: Mapping[tuple[AccountState, AccountAction], AccountState] = {
    (AccountState.PROPOSED, AccountAction.DECIDE): AccountState.DECIDED,
    (AccountState.PROPOSED, AccountAction.DROP): AccountState.DROPPED,
    (AccountState.DECIDED, AccountAction.CARRY_OUT): AccountState.CARRIED_OUT,
}


@dataclass(frozen=True, slots=True)
class Account:
    """A proposal as far as deciding it goes: who proposed it, and the user it is about, if the person is one."""

    state: AccountState
    proposer: str
    about: str | None


def check_proposal(validity: Validity | None, liability: Liability | None, breach: str, basis: str) -> None:
    """Refuse to hold anybody to account before the complaint was found valid and somebody at fault (F-1).

    Raises AccountabilityRefusedError.
    """
    at_fault = liability in (Liability.COMPANY, Liability.SALES, Liability.SHARED)
    if validity is not Validity.VALID or not at_fault:
        words = Words("认定有效且有责后方可问责", "held to account is who was found at fault of a valid complaint")
        raise AccountabilityRefusedError(words, rules=("B-10", "F-1"))
    if not breach.strip() or not basis.strip():
        words = Words("须写明违规事实和依据", "say what was broken, and by which rule it is punished")
        raise AccountabilityRefusedError(words, rules=("B-10",))


def after(account: Account, action: AccountAction, actor: str, remark: str) -> AccountState:
    """The state after an act of somebody who neither proposed it nor is the person; else AccountabilityRefusedError."""
    try:
        found = _MOVES[account.state, action]
    except KeyError:
        state, act = ACCOUNT_STATE_WORDS[account.state], ACCOUNT_ACTION_WORDS[action]
        words = Words(f"{state.zh}的事项不能{act.zh}", f"what is {state.en} refuses: {act.en}")
        raise AccountabilityRefusedError(words, rules=("B-10",), state=account.state.value) from None
    if account.about == actor:
        words = Words("当事人须回避", "the person keeps out of it")
        raise AccountabilityRefusedError(words, rules=("B-10", "F-48"))
    if action is AccountAction.CARRY_OUT:
        return found
    if account.proposer == actor:
        words = Words("须由提出人以外的人员决定", "a second person decides, not who proposed it")
        raise AccountabilityRefusedError(words, rules=("B-10",))
    if not remark.strip():
        words = Words("须写明决定意见", "the decision says why")
        raise AccountabilityRefusedError(words, rules=("B-10", "R-4.7"))
    return found
