"""How a route is declared. Must never hold business: a handler calls a use case or a store and gives back a model.

A module of routes looks like this; it is then named once in `callcenter/web/routes.py`:

    from callcenter.web.api import Context, Model, Page, PageQuery, Personal, Routes, Text

    routes = Routes("tickets", "Service orders 服务单")

    class OpenTicket(Model):
        description: Text

    class TicketView(Personal):
        id: UUID
        number: str

    class TicketQuery(PageQuery):
        status: Status | None = None

    @routes.post("/tickets", Permission.TICKET_OPEN, creates=True, reads="ticket")
    async def open_ticket(ctx: Context, body: OpenTicket) -> TicketView:
        '''Open a ticket 开立服务单

        The rest of the docstring is the description in the documentation.
        '''
        return await complaints.open(ctx.db, ctx.actor, ctx.key, body.description, ctx.clock.now())

    @routes.get("/tickets", Permission.TICKET_READ, reads="ticket")
    async def list_tickets(ctx: Context, query: TicketQuery) -> Page[TicketView]:
        '''Tickets, newest first 服务单列表'''
        rows = await store.page(ctx.db, ctx.actor.path, query.status, ctx.after(query, UUID), query.limit + 1)
        return ctx.page(rows, query, key=lambda row: row.id)

    @routes.get("/tickets/{ticket_id}", Permission.TICKET_READ, reads="ticket")
    async def show_ticket(ctx: Context, ticket_id: UUID) -> TicketView: ...

The signature is the declaration: `body` and `query` are models, `upload` is a file received (`web/uploads.py`), the
other parameters are the path's, what is returned is the answer's model (None: 204). Paths are given below /api/v1.
Then, without more code:
- who may not is refused (401, 403) before anything is read; what lies outside `ctx.actor.path` the handler must not
  find (raise `callcenter.errors.NotFoundError`, see `ctx.within`);
- `creates=True` asks for an Idempotency-Key, in `ctx.key`; use it as the new object's id, so that a retry after a crash
  meets what is already there. The answer is kept and repeated;
- `reads="customer"` says that personal data is shown, also by a route that changes something: who saw which object (the
  answer's `id`; each item's of a page; else the path's; and what the handler adds to `ctx.seen`) is in the access log
  before the first byte, and so is every refusal (T-6). An answer made of `Personal` models cannot do without;
- a `Page` is given as CSV or XLSX, whole, by Accept; columns are the item's fields, headed by their `title`, or those
  of the model that `line=` makes of an item; a report is, when its route names the function that makes rows of values
  of the answer (`table=`). Codes are told in words: enumerations by `callcenter/terms.py`, others as `Coded` says;
- errors become problem details by the table in `web/errors.py`;
- a handler that returns `web.StreamResponse` answers by itself (audio, WebSocket): it names its media types in
  `produces` and writes its own access log before the first byte.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_type_hints
from uuid import UUID

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from callcenter.accounts.actor import Actor
from callcenter.accounts.permissions import Permission
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.errors import AwayError, Kind, NotFoundError, UnfitValueError
from callcenter.web.pages import Cursors, Page, PageQuery
from tickets.errors import Words
from tickets.terms import Terms

__all__ = ["ANYONE", "SIGNED_IN", "Context", "Model", "Page", "PageQuery", "Personal", "Route", "Routes"]

ANYONE: Final = "anyone"
SIGNED_IN: Final = "signed in"
Access = Permission | tuple[Permission, ...] | Literal["anyone", "signed in"]
"""Of several permissions one is enough; what it opens the handler judges."""
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[..., Awaitable[Any]]
Table = Callable[[Any], Sequence[Sequence[Any]]]
"""From a report to rows of values, the first one the headings."""
Line = Callable[[Any], BaseModel]
"""From an item of a list to what stands of it in one line of a file."""

T = TypeVar("T")
H = TypeVar("H", bound=Handler)

BODY_BYTES = 1 << 20


class Model(BaseModel):
    """Base of every body and answer: no unknown fields, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=20_000)


class Personal(Model):
    """Base of what tells something of a customer, a call or a person who works here: whoever answers with it says which
    kind of object was read (`reads=`), whatever the method."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Marks a text field that holds codes, with what they are called where a list leaves as a file."""

    terms: Terms


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model an answer is made of."""
    waiting, seen = [annotation], set[type[BaseModel]]()
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
            seen.add(kind)
            yield kind
            waiting += [field.annotation for field in kind.model_fields.values()]


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise UnfitValueError(
            Words("应为带时区的时间，如2026-03-02T09:00:00+08:00", "not a moment such as 2026-03-02T09:00:00+08:00")
        ) from None


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UnfitValueError(Words("应为日期，如2026-03-02", "not a day such as 2026-03-02")) from None


def _plausible(moment: datetime) -> datetime:
    if not 1971 <= moment.year <= 2200:
        raise UnfitValueError(Words("年份须在1971至2200之间", "the year must lie between 1971 and 2200"))
    return moment.astimezone(UTC)


def _plausible_day(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise UnfitValueError(Words("年份须在1900至2200之间", "the year must lie between 1900 and 2200"))
    return day


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_plausible)]
"""A moment with its zone, between 1971 and 2200 (H13); UTC inside."""

Day = Annotated[date, BeforeValidator(_day), AfterValidator(_plausible_day)]
"""A calendar day, between 1900 and 2200."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


@dataclass(slots=True)
class Context:
    """What a handler works with during one request."""

    actor: Actor
    """Who asks; NOBODY on routes for ANYONE."""
    db: Database
    clock: Clock
    config: Config
    request: web.Request
    cursors: Cursors
    key: UUID
    """The Idempotency-Key on routes that create; the nil UUID elsewhere."""
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    """Headers to add to the answer."""
    accepted: bool = False
    """Set on a route that spools: what was asked is safe, but not done yet; the answer is 202 and is not kept."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """(kind, id) of other personal data in the answer, for the access log."""
    purpose: str | None = None
    """Why personal data is read, as the reader says (`?purpose=`)."""

    def resource(self, key: "web.AppKey[T]") -> T:
        """A resource of the application by its typed key. Raises AwayError when this process runs without it."""
        try:
            return self.request.config_dict[key]
        except KeyError:
            raise AwayError(Words(f"本进程未启用：{key}", f"this process runs without: {key}")) from None

    def within(self, path: str | None, kind: Kind, object_id: object) -> None:
        """Raises NotFoundError unless the organisation at `path` lies in the actor's subtree (H2)."""
        if path is None or not self.actor.sees(path):
            raise NotFoundError(kind, object_id)

    def after(self, query: PageQuery, kind: type[T]) -> T | None:
        """The key to go on after (None: from the start); `kind` as given to `page`. Raises BadCursorError."""
        return None if query.cursor is None else self.cursors.read(query.cursor, kind)

    def page(self, rows: Sequence[T], query: PageQuery, key: Callable[[T], Any]) -> Page[T]:
        """A page of up to `limit + 1` rows: the extra one only says that there is more."""
        more = len(rows) > query.limit
        items = list(rows[: query.limit])
        return Page[Any](items=items, next=self.cursors.make(key(items[-1])) if more else None)


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route; everything about it is derived from the handler's signature and the decorator's arguments."""

    method: Method
    path: str
    access: Access
    handler: Handler
    tag: str
    status: int
    creates: bool
    spools: bool
    uploads: bool
    lists: bool
    secrets: tuple[str, ...]
    reads: str | None
    produces: tuple[str, ...]
    body: type[BaseModel] | None
    body_bytes: int
    query: type[BaseModel] | None
    table: Table | None
    line: Line | None
    live: bool
    parameters: Mapping[str, Any]
    answer: Any
    seconds: float

    @property
    def name(self) -> str:
        """Unique name: tag and handler."""
        return f"{self.tag}.{self.handler.__name__}"

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """One of these is needed; none where a log-in is enough, or not even that."""
        if isinstance(self.access, Permission):
            return (self.access,)
        return self.access if isinstance(self.access, tuple) else ()

    @property
    def raw(self) -> bool:
        """True when the handler answers by itself."""
        return isinstance(self.answer, type) and issubclass(self.answer, web.StreamResponse)

    @property
    def item(self) -> type[BaseModel] | None:
        """The item's model when the answer is a page."""
        if isinstance(self.answer, type) and issubclass(self.answer, Page):
            kind = self.answer.__pydantic_generic_metadata__["args"][0]
            return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        return None

    @property
    def lined(self) -> type[BaseModel] | None:
        """The model of one line when the list is given as a file."""
        return self.item if self.line is None else get_type_hints(self.line)["return"]

    @property
    def tabular(self) -> bool:
        """Whether the answer can be given as a file of rows."""
        return not self.live and (self.item is not None or self.table is not None)


class Routes:
    """The routes of one module, under one tag of the documentation."""

    def __init__(self, tag: str, title: str) -> None:
        self.tag = tag
        self.title = title
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, path: str, access: Access, **options: Any) -> Callable[[H], H]:
        """A route that only reads; options as for `route`."""
        return self.route("GET", path, access, **options)

    def post(self, path: str, access: Access, **options: Any) -> Callable[[H], H]:
        """A route that acts or creates; options as for `route`."""
        return self.route("POST", path, access, **options)

    def put(self, path: str, access: Access, **options: Any) -> Callable[[H], H]:
        """A route that replaces; options as for `route`."""
        return self.route("PUT", path, access, **options)

    def patch(self, path: str, access: Access, **options: Any) -> Callable[[H], H]:
        """A route that changes some fields; options as for `route`."""
        return self.route("PATCH", path, access, **options)

    def delete(self, path: str, access: Access, **options: Any) -> Callable[[H], H]:
        """A route that ends something; options as for `route`."""
        return self.route("DELETE", path, access, **options)

    def route(
        self,
        method: Method,
        path: str,
        access: Access,
        *,
        creates: bool = False,
        spools: bool = False,
        secrets: tuple[str, ...] = (),
        reads: str | None = None,
        status: int | None = None,
        produces: tuple[str, ...] = (),
        table: Table | None = None,
        line: Line | None = None,
        lists: bool = False,
        live: bool = False,
        body_bytes: int = BODY_BYTES,
        seconds: float = 30.0,
    ) -> Callable[[H], H]:
        """Declares a route. `status`: 201 on creates, 204 without answer, else 200; `seconds`: the handler's time;
        `spools`: a create that is taken even while the database is away, its use case keeping the key itself;
        `lists`: what is uploaded is a list, not a file of a ticket; `secrets`: fields of a create's answer that are not
        kept for its repeats; `live`: a board of people that is true for seconds, of which no file is given.
        """

        def declare(handler: H) -> H:
            hints = get_type_hints(handler, include_extras=True)
            answer = hints.pop("return")
            names = list(inspect.signature(handler).parameters)[1:]
            parameters = {name: hints[name] for name in names if name not in {"body", "query", "upload"}}
            if set(parameters) != {part[1:-1] for part in path.split("/") if part.startswith("{")}:
                raise TypeError(f"{method} {path}: the path and the parameters {sorted(parameters)} differ")
            if reads is None and any(issubclass(kind, Personal) for kind in models_in(answer)):
                raise TypeError(f"{method} {path}: the answer holds personal data, so the route says what it reads")
            self._routes.append(
                Route(
                    method=method,
                    path=path,
                    access=access,
                    handler=handler,
                    tag=self.tag,
                    status=status or (201 if creates else 204 if answer is type(None) else 200),
                    creates=creates,
                    spools=spools,
                    uploads="upload" in names,
                    lists=lists,
                    secrets=secrets,
                    reads=reads,
                    produces=produces,
                    body=hints.get("body"),
                    body_bytes=body_bytes,
                    query=hints.get("query"),
                    table=table,
                    line=line,
                    live=live,
                    parameters=parameters,
                    answer=answer,
                    seconds=seconds,
                )
            )
            return handler

        return declare
