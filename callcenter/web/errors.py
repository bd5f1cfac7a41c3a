"""The only place where an error becomes an HTTP answer: one table, type → status (RFC 9457 problem details).

An error of your own needs one line in `ANSWERS`; a subclass of one that is there needs none. Its `code` attribute, when
it has one, is the answer's code, and its `words` are the detail, in the reader's language. Must never answer with the
text of an unlisted error.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import asyncpg

from callcenter.accounts.sessions import LockedOutError, WrongPasswordError
from callcenter.archiving.errors import RangeError
from callcenter.attachments.errors import TypeRefusedError
from callcenter.calls.errors import SwitchAwayError
from callcenter.documents.errors import Fault, TemplateFaultyError
from callcenter.errors import ApplicationError, AwayError, ConflictError, ForbiddenError, InvalidError, NotFoundError
from callcenter.reports.errors import ImportRefusedError, OverlapError
from callcenter.web.language import Language
from callcenter.web.limits import TooManyRequestsError
from tickets.errors import (
    CallNotFoundError,
    ComplaintPostOnlyError,
    KeyReusedError,
    NotAdmissibleError,
    PostRefusedError,
    Problem,
    SlipNotFoundError,
    SlipNotYoursError,
    TicketError,
    TicketNotFoundError,
    UnknownFigureError,
    Words,
)
from tickets.reports import PeriodNotOverError


@dataclass(frozen=True, slots=True)
class Answer:
    """How an error is told: status, code (unless the error has its own), title."""

    status: int
    code: str
    title: Words
    tells: bool = True
    """Whether the error's words were written for the outside."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a request that does not fit, by its JSON pointer."""

    pointer: str
    code: str
    words: Words


class RequestError(Exception):
    """The request itself is wrong: what was sent cannot be read or does not fit the model."""

    code: ClassVar[str] = "bad_request"

    def __init__(self, words: Words, places: Sequence[Place] = ()) -> None:
        super().__init__(words.en)
        self.words = words
        self.places = tuple(places)


class NotModelledError(RequestError):
    """Path, query or body do not fit the declared model; `places` has each place with what is wrong there."""

    code = "not_valid"


class BadKeyError(RequestError):
    """The Idempotency-Key is missing or is no UUID (H7)."""

    code = "idempotency_key"


class BadCursorError(RequestError):
    """The cursor is not one of ours, or belongs to another list (H17)."""

    code = "bad_cursor"


class BodyTooLargeError(RequestError):
    """The body is larger than this route takes."""

    code = "body_too_large"


class BodyTooSlowError(RequestError):
    """The body did not arrive in time."""

    code = "body_too_slow"


class LengthRequiredError(RequestError):
    """A form with a file must say how long it is."""

    code = "length_required"


class MediaTypeError(RequestError):
    """The body is not UTF-8 JSON, or is encoded in a way we do not take."""

    code = "media_type"


class NotAcceptableError(RequestError):
    """None of the media types in Accept can be given."""

    code = "not_acceptable"


class UnauthenticatedError(ApplicationError):
    """No token, or one that is unknown, expired or revoked."""

    code = "unauthenticated"


class CrossSiteError(ForbiddenError):
    """A browser sent the session cookie on behalf of another site (H19)."""

    code = "cross_site"


_RETRY = {"Retry-After": "2"}
_MINUTE = {"Retry-After": "60"}
_QUARTER = {"Retry-After": "900"}
_NO_DATABASE = Answer(
    503, "database_unavailable", Words("数据库暂不可用", "Database unavailable"), tells=False, headers=_RETRY
)

ANSWERS: Mapping[type[BaseException], Answer] = {
    RequestError: Answer(400, "bad_request", Words("请求有误", "Bad request")),
    BodyTooLargeError: Answer(413, "body_too_large", Words("请求内容过大", "Body too large")),
    BodyTooSlowError: Answer(408, "body_too_slow", Words("请求内容未按时到达", "Body too slow")),
    LengthRequiredError: Answer(411, "length_required", Words("须注明内容长度", "Length required")),
    MediaTypeError: Answer(415, "media_type", Words("不支持的内容类型", "Unsupported media type")),
    NotAcceptableError: Answer(406, "not_acceptable", Words("无法提供所要求的格式", "Not acceptable")),
    UnauthenticatedError: Answer(
        401, "unauthenticated", Words("请先登录", "Please log in"), headers={"WWW-Authenticate": "Bearer"}
    ),
    WrongPasswordError: Answer(401, "wrong_password", Words("用户名或密码错误", "Wrong name or password")),
    TooManyRequestsError: Answer(429, "too_many_requests", Words("请求过于频繁", "Too many requests"), headers=_MINUTE),
    LockedOutError: Answer(
        429, "locked_out", Words("登录失败次数过多，请稍后再试", "Too many failed log-ins"), headers=_QUARTER
    ),
    ApplicationError: Answer(409, "refused", Words("不能这样处理", "Refused")),
    ForbiddenError: Answer(403, "forbidden", Words("没有权限", "Not allowed")),
    NotFoundError: Answer(404, "not_found", Words("没有找到", "Not found")),
    RangeError: Answer(416, "range_not_satisfiable", Words("请求的范围不存在", "Range not satisfiable")),
    TypeRefusedError: Answer(415, "attachment_type", Words("不接受这种文件", "File not taken")),
    ConflictError: Answer(409, "conflict", Words("当前状态不允许此操作", "Conflict with the present state")),
    InvalidError: Answer(422, "invalid", Words("内容不符合规定", "Not admissible")),
    PeriodNotOverError: Answer(422, "report_period_not_over", Words("期间不能编制报告", "No report of this period")),
    TicketError: Answer(409, "ticket_refused", Words("按规定不能这样处理", "The measures do not allow this")),
    NotAdmissibleError: Answer(422, "ticket_not_admissible", Words("不能受理", "Not admissible")),
    ImportRefusedError: Answer(422, "denominators_refused", Words("数据不能导入", "Cannot be imported")),
    PostRefusedError: Answer(422, "post_refused", Words("不能这样任命", "Not for this post")),
    ComplaintPostOnlyError: Answer(
        403, "ticket_complaint_post_only", Words("须由投诉岗处理", "For the complaint post")
    ),
    KeyReusedError: Answer(422, "idempotency_key_reused", Words("该键已用于另一请求", "Key used for another request")),
    TicketNotFoundError: Answer(404, "ticket_not_found", Words("没有找到", "Not found")),
    SlipNotFoundError: Answer(404, "slip_not_found", Words("没有找到", "Not found")),
    SlipNotYoursError: Answer(403, "slip_not_yours", Words("不是本部门的会办单", "Not your department's slip")),
    CallNotFoundError: Answer(404, "call_not_found", Words("没有找到", "Not found")),
    UnknownFigureError: Answer(404, "figure_unknown", Words("没有这个指标", "No such figure")),
    AwayError: Answer(503, "unavailable", Words("系统的一部分暂不可用", "A part is away"), headers=_RETRY),
    SwitchAwayError: Answer(503, "switch_away", Words("话务系统暂不可用", "Switch unavailable"), headers=_RETRY),
    asyncpg.QueryCanceledError: Answer(503, "too_slow", Words("查询超时", "Query took too long"), tells=False),
    asyncpg.PostgresConnectionError: _NO_DATABASE,
    asyncpg.CannotConnectNowError: _NO_DATABASE,
    asyncpg.InternalClientError: _NO_DATABASE,  # what asyncpg says of a connection whose server was killed
    asyncpg.TooManyConnectionsError: Answer(503, "busy", Words("系统繁忙", "Too busy"), tells=False, headers=_RETRY),
    asyncpg.AdminShutdownError: _NO_DATABASE,
    asyncpg.DataError: Answer(400, "bad_value", Words("数值超出范围", "A value is out of range"), tells=False),
    OSError: Answer(503, "unavailable", Words("系统的一部分暂不可用", "A part is away"), tells=False, headers=_RETRY),
    asyncio.TimeoutError: Answer(503, "too_slow", Words("处理超时", "Took too long"), tells=False, headers=_RETRY),
}

INTERNAL = Answer(500, "internal", Words("系统内部错误", "Internal error"), tells=False)


def answer_to(error: BaseException) -> Answer:
    """The row for the error's nearest class; INTERNAL when there is none."""
    for kind in type(error).__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind]
    return INTERNAL


def problem(error: BaseException, language: Language, instance: str) -> tuple[Answer, dict[str, Any]]:
    """The row and the `application/problem+json` document, all of it in one language."""
    answer = answer_to(error)
    code = getattr(error, "code", None) if answer.tells else None
    document = outline(answer, language, instance, getattr(error, "words", None) if answer.tells else None)
    if isinstance(code, str):
        document["code"] = code
    if isinstance(error, RequestError) and error.places:
        document["errors"] = [_told(place, language) for place in error.places]
    if isinstance(error, TicketError):
        document |= {"rules": list(error.rules), "details": dict(error.details)}
    if isinstance(error, TemplateFaultyError):
        document["errors"] = [{**_told(_fault(each), language), "line": each.line} for each in error.faults]
    if isinstance(error, NotAdmissibleError | PostRefusedError | ImportRefusedError) or (
        isinstance(error, OverlapError) and error.problems
    ):
        document["errors"] = [_told(_place(each), language) for each in error.problems]
    return answer, document


def outline(answer: Answer, language: Language, instance: str, detail: Words | None) -> dict[str, Any]:
    """What every problem document has."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": language.of(answer.title),
        "status": answer.status,
        "code": answer.code,
        "instance": instance,
    }
    if detail is not None:
        document["detail"] = language.of(detail)
    return document


def _told(place: Place, language: Language) -> dict[str, str]:
    return {"pointer": place.pointer, "code": place.code, "message": language.of(place.words)}


def _place(found: Problem) -> Place:
    """One thing the complaint measures find wrong, by its first rule."""
    return Place(
        pointer("body", found.field.split("/")), found.rules[0] if found.rules else "not_admissible", found.words
    )


def _fault(found: Fault) -> Place:
    """One place of a template that cannot stay; the line stands beside the pointer."""
    return Place(pointer("body", ["source"]), "template_field" if found.field else "template_fault", found.words)


def pointer(where: str, parts: Sequence[int | str]) -> str:
    """The JSON pointer of a place in `where` (path, query or body); each part cut at 100 characters."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1")[:100] for part in parts)
    return "/".join([f"#/{where}", *escaped])
