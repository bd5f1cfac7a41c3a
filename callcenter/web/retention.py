"""How long the proof of a callback is kept, as shown on its task and its recordings (C-25, E-4, E-6)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from callcenter.web.api import Model
from tickets.retention import LONG_TERM, SHORT_TERM


class RetentionView(Model):
    """The class of proof that is bound to a policy: kept for ever here, and by law at least `years` from the end of its
    contract. Before a contract has ended the years have not begun."""

    kind: Annotated[Literal["policy_bound"], Field(title="保管类别")] = "policy_bound"
    kept: Annotated[Literal["permanent"], Field(title="保管期限")] = "permanent"
    years: Annotated[int, Field(title="合同终止后至少年数")]
    task_id: UUID


def retention(task_id: UUID, *, long_term: bool) -> RetentionView:
    """Of the callback of a policy."""
    return RetentionView(years=LONG_TERM if long_term else SHORT_TERM, task_id=task_id)
