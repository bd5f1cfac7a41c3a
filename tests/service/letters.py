"""An opinion letter that legal counsel cleared and the customer got, for tests that need one before INFORM.

await a_letter(site, ticket["id"])
"""

from datetime import timedelta
from typing import Any

from callcenter.accounts import posts, store
from callcenter.accounts.permissions import Role
from tests.service.site import HOME, Client, Reply, Site, session_of
from tickets.calendar import shanghai_day

TEXT = {
    "facts": "住院费用符合条款约定",
    "basis": "保险条款第五条;住院费用属于保险责任",
    "decision": "同意赔付",
    "addressee": "王小明",
    "address": "广州市天河区体育东路1号",
}


async def counsel(site: Site, where: str = HOME) -> Client:
    """The legal counsel who serves the organisation, logged in just now; named for it if nobody is."""
    today = shanghai_day(site.clock.now())
    async with site.database.connection() as conn:
        found = await posts.counsel(conn, where, today)
    if found is None:
        named = await site.client(Role.LEGAL, Role.COORDINATOR, where=where)
        assert named.user is not None
        admin = await site.client(Role.ADMIN, Role.SUPERVISOR, where="hq")
        since = str(today - timedelta(days=1))
        body = {"organisation_id": where, "kind": "counsel", "user_id": str(named.user.id), "since": since}
        reply = await admin.post("/posts/tenures", body)
        assert reply.status == 201, reply.body
        return named
    async with site.database.transaction() as conn:
        user = await store.user(conn, found.user_id)
        assert user is not None
        token = await session_of(conn, site.clock, user)
    return Client(site.session, site.nobody.url, {"Authorization": f"Bearer {token}"}, user)


async def drafted(client: Client, ticket: str, **text: Any) -> Any:
    """A letter that was drafted."""
    reply = await client.post(f"/tickets/{ticket}/letters", {**TEXT, **text})
    assert reply.status == 201, reply.body
    return reply.json


async def tried(client: Client, letter: Any, action: str, **said: Any) -> Reply:
    """What becomes of an action on the letter as it was read last."""
    return await client.post(f"/letters/{letter['id']}/actions/{action}", {"version": letter["version"], **said})


async def taken(client: Client, letter: Any, action: str, **said: Any) -> Any:
    """The letter one step further; it must succeed."""
    reply = await tried(client, letter, action, **said)
    assert reply.status == 200, reply.body
    return reply.json


async def cleared(site: Site, ticket: str, where: str = HOME) -> Any:
    """A letter that the counsel of the organisation has cleared."""
    legal = await counsel(site, where)
    handler = await site.client(Role.HANDLER, where=where)
    letter = await taken(handler, await drafted(handler, ticket), "submit")
    return await taken(legal, letter, "clear")


async def a_letter(site: Site, ticket: str, where: str = HOME, **said: Any) -> Any:
    """A letter that was cleared and posted just now; the ticket must be handled."""
    handler = await site.client(Role.HANDLER, where=where)
    sending = {"means": "posted", "proof": "挂号信 XA12345678944", **said}
    return await taken(handler, await cleared(site, ticket, where), "send", **sending)
