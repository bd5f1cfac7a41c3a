"""Routes of calls: lists, one whole, what is done with a living one. Must never decide what the switchboard does."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter import audit, caller, recognition, terms
from callcenter.accounts.permissions import Permission
from callcenter.agents import store as agents
from callcenter.calls import click, view
from callcenter.calls.call import Direction, State
from callcenter.calls.errors import SwitchAwayError
from callcenter.calls.parties import Hand
from callcenter.calls.switchboard import Ear, Switchboard
from callcenter.calls.view import CallFile, CallRow, Criteria
from callcenter.customers import masking, phone
from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from callcenter.web import details
from callcenter.web.acting import by, eyes
from callcenter.web.api import Coded, Context, Model, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked, reach
from callcenter.web.keys import SWITCH, SWITCHBOARD, WALL
from tickets.errors import Words

routes = Routes("calls", "Calls 通话")

Number = Annotated[str, Field(min_length=3, max_length=21, pattern=r"^\+?[0-9]+$")]
Target = Annotated[str, Field(min_length=3, max_length=40, description="Extension or queue 分机或队列")]


class CallQuery(PageQuery):
    """`number` is the other side's, as caller or dialled."""

    state: Literal["live", "ended"] | None = None
    queue: Annotated[str | None, Field(max_length=40)] = None
    agent_id: UUID | None = None
    number: Annotated[str | None, Field(max_length=40)] = None
    since: Moment | None = None


class CallView(Personal):
    """`customer_id` is set only when a person or a task said who it is; candidates stand in the whole of the call."""

    id: Annotated[UUID, Field(title="通话标识")]
    direction: Annotated[Direction, Field(title="方向")]
    state: Annotated[State, Field(title="状态")]
    caller: Annotated[str | None, Field(title="主叫")]
    caller_name: Annotated[str | None, Field(title="主叫名称")]
    dialled: Annotated[str | None, Field(title="被叫")]
    queue: Annotated[str | None, Field(title="队列"), Coded(terms.QUEUES)]
    customer_id: Annotated[UUID | None, Field(title="客户标识")]
    agent_id: Annotated[UUID | None, Field(title="坐席标识")]
    agent: Annotated[str | None, Field(title="坐席")]
    started_at: Annotated[datetime, Field(title="开始")]
    answered_at: Annotated[datetime | None, Field(title="应答")]
    ended_at: Annotated[datetime | None, Field(title="结束")]
    end_cause: Annotated[str | None, Field(title="结束原因"), Coded(terms.END_CAUSES)]
    degraded: Annotated[bool, Field(title="降级服务", description="Served by the fallback, our processes were away")]
    satisfaction: Annotated[int | None, Field(title="满意度", description="1 (best) to 5")]


class LegView(Personal):
    id: UUID
    role: str
    endpoint: str | None
    user_id: UUID | None
    user: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: str | None


class EventView(Personal):
    at: datetime
    source: str
    kind: str
    details: dict[str, Any]


class SegmentView(Model):
    """One continuous capture; `expected_ms` is how long it must be by the switch's clock."""

    id: UUID
    seq: int
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    expected_ms: int | None
    end_reason: str | None
    lost_reason: str | None


class MuteView(Personal):
    started_at: datetime
    ended_at: datetime | None
    reason: str
    user_id: UUID | None
    user: str | None
    in_doubt: Annotated[bool, Field(description="The switch did not answer: it may be silent or not")]


class CallTicket(Personal):
    id: UUID
    number: str
    nature: str
    status: str
    category: str | None
    opened_live: bool
    seconds_into_call: float | None


class CandidateView(Personal):
    """A customer who holds the number. Who it is, a person decides."""

    id: UUID
    name: str
    open_tickets: int


class IncidentView(Personal):
    kind: str
    at: datetime
    details: dict[str, Any]


class RecordingRef(Model):
    id: UUID
    archive_no: str
    sealed_at: datetime


class CallWhole(CallView):
    """The whole of a call: legs, history, tickets, recording, and who it may be.

    `hint`: one line about the caller for the agent who is rung or talks.
    """

    hint: Annotated[str | None, Field(title="提示")]
    legs: list[LegView]
    events: list[EventView]
    segments: list[SegmentView]
    mutes: list[MuteView]
    tickets: list[CallTicket]
    candidates: list[CandidateView]
    incidents: list[IncidentView]
    recording: RecordingRef | None


class Dial(Model):
    """The agent's own telephone rings first, then the number."""

    number: Number
    customer_id: UUID | None = None


class Dialled(Model):
    id: UUID
    state: Literal["asked"] = "asked"


class Transfer(Model):
    """`manner`: blind at once; consult first, then complete or cancel. `to` with blind and consult only."""

    manner: Literal["blind", "consult", "complete", "cancel"]
    to: Target | None = None


class Invite(Model):
    invited: Annotated[str, Field(alias="with", min_length=3, max_length=21, pattern=r"^\+?[0-9]+$")]


class Named(Model):
    """`customer_id` is one of the candidates, or any customer found otherwise; null when it was a mistake."""

    customer_id: Annotated[UUID | None, Field(description="客户,由人选定")]


class Mute(Model):
    reason: Annotated[Literal["card_number", "identity_number", "password", "other"], Field(title="原因")] = "other"


@routes.get("/calls", Permission.CALL_READ, reads="call")
async def list_calls(ctx: Context, query: CallQuery) -> Page[CallView]:
    """Calls, newest first 通话列表"""
    criteria = Criteria(
        None if query.state is None else query.state == "live",
        query.queue,
        query.agent_id,
        phone.normalise(query.number) or query.number,
        query.since,
    )
    async with ctx.db.connection() as conn:
        rows = await view.page(conn, eyes(ctx), criteria, ctx.after(query, UUID), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.id)
    masked = is_masked(ctx)
    return Page[CallView](items=[CallView(**_call(row, masked)) for row in page.items], next=page.next)


@routes.get("/calls/{call_id}", Permission.CALL_READ, reads="call")
async def show_call(ctx: Context, call_id: UUID) -> CallWhole:
    """The whole of a call 通话详情

    Whoever is on the call sees everybody it may be; others those of their own organisations.
    """
    async with ctx.db.connection() as conn:
        row = await view.find(conn, eyes(ctx), call_id)
        if row is None:
            raise NotFoundError("call", call_id)
        other = row.caller if row.direction == "inbound" else row.did or row.caller
        within = ("",) if row.user_id == ctx.actor.id else reach(ctx)
        found = await view.whole(conn, row, phone.normalise(other), within)
        hint = await _hint(ctx, conn, found, phone.normalise(other))
    ctx.seen.extend(("customer", str(each["id"])) for each in found.candidates)
    return _whole(found, is_masked(ctx), hint)


@routes.patch("/calls/{call_id}", Permission.CALL_HANDLE, reads="call")
async def name_customer(ctx: Context, call_id: UUID, body: Named) -> CallView:
    """Say who the other side is 登记通话客户

    By who talked on the call, or a supervisor. A ticket opened on the call afterwards is this customer's.
    """
    await caller.name(ctx.db, call_id, body.customer_id, by(ctx), ctx.clock.now())
    async with ctx.db.connection() as conn:
        row = await view.find(conn, eyes(ctx), call_id)
    if row is None:
        raise NotFoundError("call", call_id)
    return CallView(**_call(row, is_masked(ctx)))


@routes.post("/calls", Permission.CALL_HANDLE, creates=True)
async def dial(ctx: Context, body: Dial) -> Dialled:
    """Click to call 点击拨号

    The agent's own telephone rings, and when it is answered the number is dialled. The same Idempotency-Key never dials
    twice.
    """
    number = phone.parse(body.number)
    call_id = await click.connect(
        ctx.db, ctx.resource(WALL), _switch(ctx), await _hand(ctx), number, ctx.key, body.customer_id
    )
    return Dialled(id=call_id)


@routes.post("/calls/{call_id}/actions/hangup", Permission.CALL_HANDLE)
async def hang_up(ctx: Context, call_id: UUID) -> None:
    """Let the agent's telephone go 挂机"""
    await _board(ctx).hang_up(call_id, await _hand(ctx))


@routes.post("/calls/{call_id}/actions/transfer", Permission.CALL_HANDLE)
async def transfer(ctx: Context, call_id: UUID, body: Transfer) -> None:
    """Blind or consult transfer 盲转、咨询转

    To a colleague whose telephone is registered and free, or to a queue: somebody outside is brought in by a
    conference. Out of a conference a blind transfer lets everybody else go.
    """
    board, hand = _board(ctx), await _hand(ctx)
    match body.manner:
        case "blind":
            await board.transfer(call_id, body.to or "", hand)
        case "consult":
            await board.consult(call_id, body.to or "", hand)
        case "complete":
            await board.complete_transfer(call_id, hand)
        case "cancel":
            await board.cancel_transfer(call_id, hand)


@routes.post("/calls/{call_id}/actions/conference", Permission.CALL_HANDLE)
async def conference(ctx: Context, call_id: UUID, body: Invite) -> None:
    """Invite a third party 三方会议"""
    await _board(ctx).conference(call_id, body.invited, await _hand(ctx))


@routes.post("/calls/{call_id}/actions/hold", Permission.CALL_HANDLE)
async def hold(ctx: Context, call_id: UUID) -> None:
    """Hold the customer 保持

    Holding is the telephone's own act. A desk phone is asked to (NOTIFY `hold`, `talk`); the console's browser does it
    itself and asks here whether the switch knows. 409 `hold_at_phone`: it did not follow, use its own key.
    """
    await _board(ctx).hold(call_id, await _hand(ctx), held=True)


@routes.post("/calls/{call_id}/actions/unhold", Permission.CALL_HANDLE)
async def unhold(ctx: Context, call_id: UUID) -> None:
    """Take the customer back 取回"""
    await _board(ctx).hold(call_id, await _hand(ctx), held=False)


@routes.post("/calls/{call_id}/actions/mute-recording", Permission.CALL_HANDLE)
async def mute_recording(ctx: Context, call_id: UUID, body: Mute) -> None:
    """Silence the recording while a card or identity number is read 录音静音

    The conversation goes on; the interval is kept.
    """
    await _board(ctx).mute_recording(call_id, body.reason, await _hand(ctx))


@routes.post("/calls/{call_id}/actions/unmute-recording", Permission.CALL_HANDLE)
async def unmute_recording(ctx: Context, call_id: UUID) -> None:
    """Record the sound again 恢复录音"""
    await _board(ctx).unmute_recording(call_id, await _hand(ctx))


@routes.post("/calls/{call_id}/actions/listen", Permission.CALL_SUPERVISE)
async def listen(ctx: Context, call_id: UUID) -> None:
    """Hear the call unheard 监听"""
    await _take_part(ctx, call_id, Ear.LISTEN)


@routes.post("/calls/{call_id}/actions/whisper", Permission.CALL_SUPERVISE)
async def whisper(ctx: Context, call_id: UUID) -> None:
    """Be heard by the agent alone 密语"""
    await _take_part(ctx, call_id, Ear.WHISPER)


@routes.post("/calls/{call_id}/actions/barge", Permission.CALL_SUPERVISE)
async def barge(ctx: Context, call_id: UUID) -> None:
    """Be heard by all 强插

    The call becomes a conference, so all of it is recorded. Who listens already is not rung again.
    """
    await _take_part(ctx, call_id, Ear.BARGE)


async def _take_part(ctx: Context, call_id: UUID, ear: Ear) -> None:
    """Who is going to hear stands in the access log before the telephone rings (T-6)."""

    async def logged() -> None:
        async with ctx.db.transaction() as conn:
            await audit.access(
                conn,
                actor=ctx.actor.audit_name,
                allowed=True,
                reason=f"calls.{ear}",
                object_kind="call",
                object_id=str(call_id),
                at=ctx.clock.now(),
                address=ctx.address,
                user_agent=ctx.request.headers.get("User-Agent", ""),
            )

    await _board(ctx).take_part(call_id, ear, await _hand(ctx), logged)


def _board(ctx: Context) -> Switchboard:
    if SWITCHBOARD not in ctx.request.config_dict:
        raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached."))
    return ctx.resource(SWITCHBOARD)


def _switch(ctx: Context) -> Any:
    if SWITCH not in ctx.request.config_dict:
        raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached."))
    return ctx.resource(SWITCH)


async def _hand(ctx: Context) -> Hand:
    """The actor with the telephone he is logged in at."""
    actor = ctx.actor
    async with ctx.db.connection() as conn:
        endpoint = await agents.endpoint(conn, actor.id)
    return Hand(actor.id, actor.path, actor.audit_name, endpoint, actor.may(Permission.CALL_SUPERVISE))


def _call(row: CallRow, masked: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "direction": row.direction,
        "state": row.state,
        "caller": masking.phone(row.caller) if masked else row.caller,
        "caller_name": None if masked else row.caller_name,
        "dialled": masking.phone(row.did) if masked and row.direction != "inbound" else row.did,
        "queue": row.queue,
        "customer_id": row.customer_id,
        "agent_id": row.user_id,
        "agent": row.user_name,
        "started_at": row.started_at,
        "answered_at": row.answered_at,
        "ended_at": row.ended_at,
        "end_cause": row.end_cause,
        "degraded": row.degraded,
        "satisfaction": row.satisfaction,
    }


async def _hint(ctx: Context, conn: Connection, found: CallFile, number: str | None) -> str | None:
    """For who is rung or talks: he needs it whatever organisation the tickets belong to."""
    his = any(leg["user_id"] == ctx.actor.id and leg["ended_at"] is None for leg in found.legs)
    return (await recognition.known(conn, number)).hint if number and his else None


def _whole(found: CallFile, masked: bool, hint: str | None) -> CallWhole:
    def told(row: dict[str, Any]) -> dict[str, Any]:
        shown = details.told(row["details"], masked)
        return shown | {"by_name": found.names.get(shown["by"])} if "by" in shown else shown

    return CallWhole(
        **_call(found.call, masked),
        hint=hint,
        legs=[LegView(**{**_only(leg, LegView), "user": leg["user_name"]}) for leg in found.legs],
        events=[EventView(**{**_only(event, EventView), "details": told(event)}) for event in found.events],
        segments=[SegmentView(**segment) for segment in found.segments],
        mutes=[MuteView(**{**_only(mute, MuteView), "user": mute["user_name"]}) for mute in found.mutes],
        tickets=[CallTicket(**ticket) for ticket in found.tickets],
        candidates=[
            CandidateView(**{**each, "name": masking.name(each["name"]) if masked else each["name"]})
            for each in found.candidates
        ],
        incidents=[
            IncidentView(**{**_only(incident, IncidentView), "details": told(incident)}) for incident in found.incidents
        ],
        recording=RecordingRef(**found.recordings[0]) if found.recordings else None,
    )


def _only(row: dict[str, Any], model: type[Model]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key in model.model_fields}
