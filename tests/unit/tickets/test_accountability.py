"""Who is held to account: found at fault, decided by another, never by the person."""

import itertools

import pytest

from tickets import accountability
from tickets.accountability import WEIGHS, Account, AccountAction, AccountState, Measure
from tickets.errors import AccountabilityRefusedError
from tickets.lifecycle import Liability, Validity

pytestmark = pytest.mark.unit

S, A = AccountState, AccountAction
AT_FAULT = {Liability.COMPANY, Liability.SALES, Liability.SHARED}


@pytest.mark.parametrize(("validity", "liability"), list(itertools.product([*Validity, None], [*Liability, None])))
def test_held_to_account_is_who_was_found_at_fault_of_a_valid_complaint(
    validity: Validity | None, liability: Liability | None
) -> None:
    """B-10, B-11, F-1"""
    if validity is Validity.VALID and liability in AT_FAULT:
        accountability.check_proposal(validity, liability, "代签名", "销售行为管理办法第八条")
        return
    with pytest.raises(AccountabilityRefusedError) as refused:
        accountability.check_proposal(validity, liability, "代签名", "销售行为管理办法第八条")
    assert refused.value.rules == ("B-10", "F-1")


@pytest.mark.parametrize(("breach", "basis"), [(" ", "第八条"), ("代签名", "")])
def test_what_was_broken_and_by_which_rule_it_is_punished_is_said(breach: str, basis: str) -> None:
    """B-10"""
    with pytest.raises(AccountabilityRefusedError):
        accountability.check_proposal(Validity.VALID, Liability.SALES, breach, basis)


def test_a_second_person_decides_and_the_person_concerned_never() -> None:
    """B-10, F-48"""
    possible = {}
    for state, action in itertools.product(S, A):
        try:
            possible[state, action] = accountability.after(Account(state, "user:1", "user:9"), action, "user:2", "属实")
        except AccountabilityRefusedError:
            continue
    assert possible == {
        (S.PROPOSED, A.DECIDE): S.DECIDED,
        (S.PROPOSED, A.DROP): S.DROPPED,
        (S.DECIDED, A.CARRY_OUT): S.CARRIED_OUT,
    }
    proposed = Account(S.PROPOSED, "user:1", "user:9")
    for actor, remark in (("user:1", "属实"), ("user:9", "属实"), ("user:2", " ")):
        with pytest.raises(AccountabilityRefusedError):
            accountability.after(proposed, A.DECIDE, actor, remark)
    assert accountability.after(Account(S.DECIDED, "user:1", None), A.CARRY_OUT, "user:1", "") is S.CARRIED_OUT


def test_everything_but_training_weighs_in_pay_or_promotion() -> None:
    """B-10"""
    assert set(Measure) - WEIGHS == {Measure.TRAINING}
