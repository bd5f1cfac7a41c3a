"""A committee that meets and rules, for tests that need a ruling in force.

ruled = await a_ruling(site, ticket["id"])
"""

from datetime import timedelta
from typing import Any

from callcenter.accounts.permissions import Role
from tests.service.site import HOME, Client, Site
from tickets.calendar import shanghai_day
from tickets.categories import Department


async def seat(site: Site, secretary: Client, member: Client, *, chair: bool = False, **more: Any) -> Any:
    """Somebody becomes a member of the secretary's committee."""
    assert member.user is not None
    body = {
        "user_id": str(member.user.id),
        "chair": chair,
        "first_day": shanghai_day(site.clock.now()).isoformat(),
        **more,
    }
    reply = await secretary.post("/committee/members", body)
    assert reply.status == 201, reply.body
    return reply.json


class Committee:
    """The committee of an organisation: its secretary, its chair, and a head of each department asked for."""

    def __init__(self, site: Site, secretary: Client, chair: Client, heads: dict[Department, Client]) -> None:
        self.site = site
        self.secretary = secretary
        self.chair = chair
        self.heads = heads

    @classmethod
    async def of(cls, site: Site, where: str = HOME, *departments: Department) -> "Committee":
        """Appoints chair and heads, new people each time."""
        secretary = await site.client(Role.SECRETARY, where=where)
        chair = await site.client(Role.SUPERVISOR, Role.DEPARTMENT_HEAD, where=where)
        await seat(site, secretary, chair, chair=True)
        heads = {}
        for department in departments or (Department.BUSINESS_MANAGEMENT,):
            heads[department] = await site.client(Role.DEPARTMENT_HEAD, Role.COORDINATOR, where=where)
            await seat(site, secretary, heads[department], department=department.value)
        return cls(site, secretary, chair, heads)

    @property
    def people(self) -> list[str]:
        """Ids of everybody who sits in it."""
        return [str(member.user.id) for member in (self.chair, *self.heads.values()) if member.user is not None]

    def agenda(self, *tickets: str, **more: Any) -> dict[str, Any]:
        """The body of a meeting on these tickets in an hour, everybody invited."""
        return {
            "subject": "疑难投诉审议",
            "planned_at": (self.site.clock.now() + timedelta(hours=1)).isoformat(),
            "chair_id": self.people[0],
            "members": self.people,
            "tickets": list(tickets),
            **more,
        }

    async def drafted(self, *tickets: str, **more: Any) -> Any:
        """A meeting that was drafted."""
        reply = await self.secretary.post("/meetings", self.agenda(*tickets, **more))
        assert reply.status == 201, reply.body
        return reply.json

    async def act(self, meeting: Any, action: str, client: Client | None = None, **said: Any) -> Any:
        """The meeting one step further; it must succeed."""
        body = {"version": meeting["version"], **said}
        reply = await (client or self.secretary).post(f"/meetings/{meeting['id']}/actions/{action}", body)
        assert reply.status == 200, reply.body
        return reply.json

    async def called(self, *tickets: str, **more: Any) -> Any:
        """A meeting that was called."""
        return await self.act(await self.drafted(*tickets, **more), "call")

    async def hear(self, meeting: Any) -> Any:
        """Every department concerned says its opinion on every ticket."""
        for item in meeting["items"]:
            for department in item["unheard"]:
                said = {"ticket_id": item["ticket_id"], "opinion": "本部门意见：同意赔付"}
                head = self.heads.get(Department(department))
                client = head or self.secretary
                reply = await client.post(
                    f"/meetings/{meeting['id']}/opinions", said | ({} if head else {"department": department})
                )
                assert reply.status == 201, reply.body
                meeting = reply.json
        return meeting

    async def held(self, *tickets: str, **more: Any) -> Any:
        """A meeting that was held, everybody present and heard."""
        meeting = await self.hear(await self.called(*tickets, **more))
        return await self.act(meeting, "hold", present=self.people, minutes="各部门发表意见，一致同意")

    async def rule(self, meeting: Any, ticket: str, **decided: Any) -> Any:
        """The ruling on a ticket is recorded."""
        body = {"version": meeting["version"], "opinion": "按条款赔付", **decided}
        reply = await self.secretary("PUT", f"/meetings/{meeting['id']}/rulings/{ticket}", json=body)
        assert reply.status == 200, reply.body
        return reply.json

    async def ruled(self, ticket: str, **decided: Any) -> Any:
        """A meeting whose ruling on the ticket is in force."""
        meeting = await self.rule(await self.held(ticket), ticket, **decided)
        return await self.act(meeting, "confirm", self.chair)


async def a_ruling(site: Site, ticket: str, where: str = HOME, **decided: Any) -> Any:
    """A committee of the organisation meets and rules; departments without a member are heard in writing."""
    return await (await Committee.of(site, where)).ruled(ticket, **decided)
