"""Orders opened and acted on through the interface, for tests that need some.

ticket = await opened(agent)
reply = await acted(agent, ticket, "note", note="…")
"""

from typing import Any
from uuid import UUID

from callcenter.accounts.permissions import Role
from tests.service.desk import a_call
from tests.service.site import HOME, Client, Reply, Site

FULL = {
    "complainant_type": "customer",
    "complainant_name": "王小明",
    "complainant_phone": "13900000001",
    "category": "claims",
    "demand": "请尽快赔付",
    "description": "住院费用三十天仍未赔付",
    "restated_and_confirmed": True,
}
HEARD = {"subject": "mis_selling", "intention": "yes", "respondent": "policyholder"}


async def a_live_call(site: Site, user: UUID | None = None, **others: Any) -> UUID:
    """A call that is live now."""
    async with site.database.transaction() as conn:
        return await a_call(conn, user=user, **others)


async def opened(client: Client, **changes: Any) -> Any:
    """A complaint by a visit, its form signed, unless told otherwise."""
    form = {"form_signed": True} if changes.get("channel", "visit") == "visit" else {}
    reply = await client.post("/tickets", {**FULL, "channel": "visit", **form, **changes})
    assert reply.status == 201, reply.body
    return reply.json


async def fresh(site: Site, role: Role, where: str = HOME) -> Client:
    """Somebody who logged in just now: a session does not outlive a leap of the clock."""
    site.people.clear()
    return await site.client(role, where=where)


async def acted(client: Client, ticket: Any, action: str, **said: Any) -> Reply:
    """One action on the version as it stands."""
    shown = await client.get(f"/tickets/{ticket['id']}")
    return await client.post(f"/tickets/{ticket['id']}/actions/{action}", {"version": shown.json["version"], **said})


async def acknowledged(client: Client, ticket: Any) -> Any:
    """Its clock of acknowledging."""
    file = (await client.get(f"/tickets/{ticket['id']}")).json
    return next(clock for clock in file["clocks"] if clock["kind"] == "acknowledge")
