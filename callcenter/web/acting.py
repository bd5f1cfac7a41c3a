"""Who acts, as the use cases take it. Must never decide what they may."""

from collections.abc import Iterator
from contextlib import contextmanager

from callcenter.accounts.doer import Doer
from callcenter.calls.sight import Eyes
from callcenter.errors import NotFoundError
from callcenter.opening import By
from callcenter.web.api import Context
from tickets.errors import CallNotFoundError, TicketNotFoundError


def eyes(ctx: Context) -> Eyes:
    """The one who asks, as far as knowing of calls goes."""
    return by(ctx).eyes


def doer(ctx: Context) -> Doer:
    """The one who asks, as those take it who need only a name and a reach."""
    return Doer.of(ctx.actor, ctx.address)


def by(ctx: Context) -> By:
    """The one who asks, with where and what they may."""
    actor = ctx.actor
    return By(
        actor=actor.audit_name,
        user_id=actor.id if actor.kind == "user" else None,
        organisation_id=actor.organisation_id,
        path=actor.path,
        address=ctx.address,
        permissions=frozenset(actor.permissions),
        department=actor.department,
    )


@contextmanager
def sought() -> Iterator[None]:
    """Tells the access log of tickets and calls that were asked for in vain (H2, H14)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
    except CallNotFoundError as error:
        raise NotFoundError("call", error.details["call"]) from None
