"""A ticket carried to its end through the interface by the people whose turn it is, for tests that need one there.

ticket = await opened(agent)
await walk(site, ticket["id"], Status.CLOSED)
"""

from collections.abc import Mapping
from typing import Any

from callcenter.accounts.permissions import Role
from tests.service.committee import a_ruling
from tests.service.letters import a_letter
from tests.service.site import HOME, Client, Reply, Site
from tickets.categories import Department
from tickets.lifecycle import Status

HOW: Mapping[Status, str] = {
    Status.DISPATCHED: "dispatch",
    Status.HANDLED: "handle",
    Status.INFORMED: "inform",
    Status.CLOSED: "close",
}


async def acknowledge_letter(client: Client, ticket_id: str) -> None:
    """Give an open ticket what its way still owes, as far as the client may; an unacknowledged letter is answered."""
    file = (await client.get(f"/tickets/{ticket_id}")).json
    owed = [each["field"] for each in file.get("owed", ())]
    if "visit_form" in owed:
        body = {"version": file["version"], "form_signed": True}
        await client("PATCH", f"/tickets/{ticket_id}", json=body)
        file = (await client.get(f"/tickets/{ticket_id}")).json
    if "acknowledgement" in owed and "acknowledge" in file["possible"]:
        said = {"version": file["version"], "note": "已寄来函确认书", "manner": "letter"}
        await client.post(f"/tickets/{ticket_id}/actions/acknowledge", said)


async def acted(client: Client, ticket_id: str, action: str, **said: Any) -> Reply:
    """One action on the version as it stands."""
    shown = await client.get(f"/tickets/{ticket_id}")
    return await client.post(f"/tickets/{ticket_id}/actions/{action}", {"version": shown.json["version"], **said})


async def done(client: Client, ticket_id: str, action: str, **said: Any) -> Any:
    """An action that must succeed; the ticket after it."""
    reply = await acted(client, ticket_id, action, **said)
    assert reply.status == 200, (action, reply.body)
    return reply.json


async def slip_acted(client: Client, ticket_id: str, slip: Mapping[str, Any], action: str, **said: Any) -> Reply:
    """One action on a slip, in the version that was read."""
    path = f"/tickets/{ticket_id}/slips/{slip['id']}/actions/{action}"
    return await client.post(path, {"version": slip["version"], **said})


async def of_department(site: Site, department: str, where: str, role: Role = Role.COORDINATOR) -> Client:
    """The coordinator, or the head, of a department."""
    return await site.client(role, where=where, department=Department(department))


async def answer_slips(site: Site, ticket_id: str, reader: Client) -> None:
    """Every department that was asked accepts its slip and answers it."""
    for slip in (await reader.get(f"/tickets/{ticket_id}")).json["slips"]:
        if slip["state"] not in ("sent", "accepted") or slip["part"] not in ("main", "joint"):
            continue
        coordinator = await of_department(site, slip["department"], slip["organisation_id"])
        accepted = await slip_acted(coordinator, ticket_id, slip, "accept")
        assert accepted.status == 200, accepted.body
        later = {**slip, "version": slip["version"] + 1}
        answered = await slip_acted(coordinator, ticket_id, later, "answer", text="已调查,情况属实")
        assert answered.status == 200, answered.body


async def sign_all(site: Site, ticket_id: str, reader: Client, where: str) -> None:
    """The heads of all responsible departments sign."""
    for department in (await reader.get(f"/tickets/{ticket_id}")).json["unsigned"]:
        head = await of_department(site, department, where, Role.DEPARTMENT_HEAD)
        await done(head, ticket_id, "sign")


GIVEN: Mapping[str, Mapping[str, Any]] = {
    "visit_form": {"form_signed": True},
    "forwarder": {"forwarder": "国家金融监督管理总局12378热线"},
    "forwarder_level": {"forwarder_level": "headquarters"},
    "forwarding_number": {"forwarding_number": "转办〔2026〕18号"},
    "media_outlet": {"media_outlet": "南方日报"},
    "identity": {"identity_manner": "document"},
}
"""What a correction gives of what a ticket may owe; the day of forwarding is the ticket's own."""


async def give_what_is_owed(client: Client, file: Any) -> Any:
    """The file after everything it owed by its way was given, and the letter or e-mail acknowledged by letter."""
    owed = {each["field"] for each in file["owed"]}
    given = {name: value for field in sorted(owed & set(GIVEN)) for name, value in GIVEN[field].items()}
    if "forwarded_day" in owed:
        given["forwarded_day"] = file["received_at"][:10]
    if given:
        body = {"version": file["version"], **given}
        reply = await client("PATCH", f"/tickets/{file['id']}", json=body)
        assert reply.status == 200, reply.body
        file = reply.json
    if "acknowledgement" in owed:
        file = await done(client, file["id"], "acknowledge", note="已寄来函确认书", manner="letter")
    return file


async def walk(
    site: Site,
    ticket_id: str,
    to: Status,
    *,
    where: str = HOME,
    handler: Client | None = None,
    determined: Mapping[str, Any] | None = None,
    accepted: bool = True,
) -> Any:
    """The ticket after the steps to the status `to`, all in the organisation `where`; `handler` is its complaint post.

    A complaint is determined before it is closed, as `determined` says: valid, by its own category, unless told.
    """
    post = handler or await site.client(Role.HANDLER, where=where)
    file = (await post.get(f"/tickets/{ticket_id}")).json
    order = [Status.RECORDED, *HOW]
    while order.index(Status(file["status"])) < order.index(to):
        match order[order.index(Status(file["status"])) + 1]:
            case Status.DISPATCHED:
                file = await done(post, ticket_id, "dispatch", opinion="建议按条款核实后答复")
            case Status.HANDLED:
                await answer_slips(site, ticket_id, post)
                if (
                    file["severity"] != "general"
                    and (await post.get(f"/tickets/{ticket_id}/committee")).json["ruling"] is None
                ):
                    await a_ruling(site, ticket_id, where)
                file = await done(post, ticket_id, "handle", note="同意客户诉求")
            case Status.INFORMED:
                if file["written_due"]:
                    await a_letter(site, ticket_id, where=where)
                file = await done(
                    post,
                    ticket_id,
                    "inform",
                    manner="电话",
                    accepted=accepted,
                    explanation="" if accepted else "已解释",
                )
            case _:
                file = await give_what_is_owed(post, file)
                if file["nature"] == "complaint" and file["validity"] == "pending":
                    said = determined or {"validity": "valid", "causes": [file["category"]], "liability": "company"}
                    file = await done(post, ticket_id, "determine", **said)
                await sign_all(site, ticket_id, post, where)
                await acknowledge_letter(post, ticket_id)
                file = await done(post, ticket_id, "close")
    return file
