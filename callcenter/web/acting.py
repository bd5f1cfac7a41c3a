"""Who acts, as the use cases take it. Must never decide what they may."""

from callcenter.calls.sight import Eyes
from callcenter.opening import By
from callcenter.web.api import Context


def eyes(ctx: Context) -> Eyes:
    """The one who asks, as far as knowing of calls goes."""
    return by(ctx).eyes


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
