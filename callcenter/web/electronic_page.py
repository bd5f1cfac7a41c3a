"""The page of an electronic callback (C-9): plain HTML of our own, served here, without a script, fit for a telephone.

No word of a policy before the identity was checked (C-5, C-12). What was shown is kept before it is sent. Must never
say why a link does not open, nor be answered from a browser in which somebody of the company is signed in.
"""

import base64
import hashlib
import html
import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from aiohttp import web

from callcenter.callbacks import electronic
from callcenter.callbacks.electronic import (
    ANSWER_WORDS,
    NotNowError,
    Questionnaire,
    Refusal,
    Sent,
    Taken,
    Visitor,
)
from callcenter.callbacks.links import Link, PageKind
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Step
from callcenter.web import limits
from callcenter.web.auth import COOKIE as STAFF
from callcenter.web.keys import CLOCK, COMPLAINTS, CONFIG, DATABASE, REDIS

log = logging.getLogger(__name__)

PATH: Final = "/callback/{token}"
COOKIE: Final = "callback_page"
BYTES: Final = 32 << 10
"""Of a form: nine answers and a remark are a tenth of it."""
REMARK: Final = 1000
TRIES_A_MINUTE: Final = 30
"""Of one address, right or wrong; what really guards are 256 random bits and five tries."""

STYLE: Final = (
    "body{font:1.05rem/1.6 sans-serif;margin:0 auto;max-width:40rem;padding:1rem;color:#222}"
    "fieldset{border:1px solid #bbb;border-radius:.4rem;margin:0 0 1rem;padding:.6rem .9rem}"
    "legend{font-weight:600;padding:0 .3rem}label{display:inline-block;padding:.4rem .9rem .4rem 0}"
    "input[type=text],textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}"
    "button{font:inherit;width:100%;padding:.8rem;background:#0a6;color:#fff;border:0;border-radius:.4rem}"
    ".note{color:#555;font-size:.95rem}.wrong{color:#b00}"
)
POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "same-origin",
}
NOTICE: Final = (
    "为核实承保情况、保障您的权益，请投保人本人完成以下回访。您在本页面的操作和回答将被记录并保存，仅用于履行法定回访义务；"
    "您可随时致电95519查询、更正个人信息或提出异议，也可改为电话、信函或上门回访。"
)
TOLD: Final[Mapping[Refusal, tuple[int, str]]] = {
    Refusal.DEAD: (404, "链接无效或已失效。如需办理回访，请致电95519。"),
    Refusal.BUSY: (409, "正在与您通话，请稍后再提交。"),
    Refusal.WRONG: (403, "信息不符，请核对后重试。"),
    Refusal.SESSION: (403, "操作已超时，请重新核验身份。"),
    Refusal.INCOMPLETE: (422, "请回答全部问题后再提交。"),
}


def add_to(app: web.Application) -> None:
    """Adds the page and what its two forms send."""
    app.router.add_get(PATH, show)
    app.router.add_post(PATH + "/identity", identify)
    app.router.add_post(PATH + "/answers", hand_in)


async def show(request: web.Request) -> web.StreamResponse:
    """The check of identity; for who passed it, the questions."""
    at = request.app[CLOCK].now()
    try:
        await _refuse_many(request)
        link = await electronic.open_page(request.app[DATABASE], _token(request), at=at)
        session = request.cookies.get(COOKIE)
        if session is not None:
            try:
                asked = await electronic.questionnaire(request.app[DATABASE], _token(request), session, at=at)
            except NotNowError as error:
                if error.refusal is not Refusal.SESSION:
                    raise
            else:
                return await _kept(request, link, PageKind.QUESTIONS, questions_page(asked, _action(request)), at)
        return await _kept(request, link, PageKind.IDENTITY, identity_page(_action(request)), at)
    except NotNowError as error:
        return _refused(error.refusal)


async def identify(request: web.Request) -> web.StreamResponse:
    """Full date of birth and the end of the identity number (C-12)."""
    at = request.app[CLOCK].now()
    try:
        await _refuse_many(request)
        _refuse_foreign(request)
        link = await electronic.open_page(request.app[DATABASE], _token(request), at=at)
        sent = await _form(request)
        birth = _birth(sent.get("birth", ""))
        try:
            tail = sent.get("tail", "")
            session = await electronic.identify(request.app[DATABASE], _token(request), birth, tail, at=at)
        except NotNowError as error:
            if error.refusal is not Refusal.WRONG:
                raise
            status, words = TOLD[Refusal.WRONG]
            page = identity_page(_action(request), words)
            return await _kept(request, link, PageKind.WRONG, page, at, status=status)
    except NotNowError as error:
        return _refused(error.refusal)
    response = web.Response(status=303, headers={**HEADERS, "Location": _action(request)})
    response.set_cookie(
        COOKIE,
        session,
        path=_action(request),
        max_age=int(electronic.SESSION.total_seconds()),
        httponly=True,
        secure=_is_secure(request),
        samesite="Strict",
    )
    return response


async def hand_in(request: web.Request) -> web.StreamResponse:
    """The answers, once and all of them."""
    at = request.app[CLOCK].now()
    app, token = request.app, _token(request)
    try:
        await _refuse_many(request)
        _refuse_foreign(request)
        session = request.cookies.get(COOKIE, "")
        form = await _form(request)
        sent = _sent(form)
        taken = await electronic.hand_in(
            app[DATABASE], app[COMPLAINTS], token, session, form.get("csrf", ""), sent, at=at
        )
    except NotNowError as error:
        return _refused(error.refusal)
    response = await _kept(request, taken.link, PageKind.HANDED_IN, done_page(taken, sent), at)
    response.del_cookie(COOKIE, path=_action(request))
    return response


def identity_page(action: str, wrong: str | None = None) -> str:
    """Tells nothing of whom or what it is about."""
    told = f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    return _page(
        "身份核验",
        f"""<p class="note">{NOTICE}</p>{told}
<form method="post" action="{html.escape(action)}/identity" autocomplete="off">
<fieldset><legend>请核验您的身份</legend>
<label for="birth">出生日期（八位数字，如19800101）</label>
<input type="text" id="birth" name="birth" inputmode="numeric" maxlength="10" required>
<label for="tail">证件号码后四位</label>
<input type="text" id="tail" name="tail" maxlength="4" required></fieldset>
<button type="submit">下一步</button></form>""",
    )


def questions_page(asked: Questionnaire, action: str) -> str:
    """All questions with this policy's values; each must be answered."""
    questions = "\n".join(_question(number, step) for number, step in enumerate(asked.steps, 1))
    return _page(
        "保险回访",
        f"""<p class="note">{NOTICE}</p>
<form method="post" action="{html.escape(action)}/answers" autocomplete="off">
<input type="hidden" name="csrf" value="{asked.csrf}">
{questions}
<fieldset><legend>其他说明（可不填）</legend>
<textarea name="remark" rows="3" maxlength="{REMARK}"></textarea>
<label><input type="checkbox" name="complains" value="yes"> 我要投诉</label></fieldset>
<button type="submit">提交</button></form>""",
    )


def done_page(taken: Taken, sent: Sent) -> str:
    """What was handed in, what follows from it, and the statements of the script (C-15)."""
    statements = "".join(f"<p>{html.escape(step.words.zh)}</p>" for step in taken.statements)
    answers = "".join(
        f"<li>{html.escape(code)}：{ANSWER_WORDS[answer]}</li>" for code, answer in sorted(sent.answers.items())
    )
    follows = ""
    if taken.number is not None:
        follows = f"<p>您反映的情况已登记，编号{html.escape(taken.number)}，我们将尽快与您联系。</p>"
    return _page("回访完成", f"<p>感谢您的配合，回访已完成。</p>{follows}{statements}<ul>{answers}</ul>")


def _question(number: int, step: Step) -> str:
    choices = [Answer.YES, Answer.NO, Answer.UNCLEAR, *([Answer.NOT_APPLICABLE] if step.may_not_apply else [])]
    radios = "".join(
        f'<label><input type="radio" name="q.{html.escape(step.code)}" value="{answer.value}" required> '
        f"{ANSWER_WORDS[answer]}</label>"
        for answer in choices
    )
    return f"<fieldset><legend>{number}. {html.escape(step.words.zh)}</legend>{radios}</fieldset>"


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{content}\n</body></html>\n"
    )


async def _kept(
    request: web.Request, link: Link, kind: PageKind, page: str, at: datetime, *, status: int = 200
) -> web.Response:
    visitor = Visitor(request.remote or "", request.headers.get("User-Agent", ""))
    await electronic.keep_page(request.app[DATABASE], link, kind, page, visitor, at=at)
    return web.Response(status=status, text=page, content_type="text/html", headers=HEADERS)


def _refused(refusal: Refusal) -> web.Response:
    status, words = TOLD[refusal]
    return web.Response(status=status, text=_page("回访", f"<p>{words}</p>"), content_type="text/html", headers=HEADERS)


def _token(request: web.Request) -> str:
    return request.match_info["token"][:200]


def _action(request: web.Request) -> str:
    return PATH.format(token=_token(request))


def _is_secure(request: web.Request) -> bool:
    return (request.app[CONFIG].web.public_url or str(request.url)).startswith("https:")


async def _refuse_many(request: web.Request) -> None:
    """Guessing is slowed down, and who is signed in here is not a policyholder answering at home (C-9)."""
    if STAFF in request.cookies:
        raise NotNowError(Refusal.DEAD)
    redis = request.app.get(REDIS)
    if not await limits.within(redis, f"callback-page:{request.remote}", TRIES_A_MINUTE, 60):
        raise NotNowError(Refusal.DEAD)


def _refuse_foreign(request: web.Request) -> None:
    """A form is sent by our own page: another site's has another origin."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise NotNowError(Refusal.SESSION)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise NotNowError(Refusal.SESSION)


async def _form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or BYTES + 1) > BYTES:
        raise NotNowError(Refusal.INCOMPLETE)
    sent = await request.post()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _sent(form: Mapping[str, str]) -> Sent:
    answers: dict[str, Answer] = {}
    for name, value in form.items():
        if name.startswith("q."):
            try:
                answers[name.removeprefix("q.")] = Answer(value)
            except ValueError:
                raise NotNowError(Refusal.INCOMPLETE) from None
    remark = form.get("remark", "").replace("\0", "").strip()[:REMARK]
    return Sent(answers, remark or None, form.get("complains") == "yes")


def _birth(text: str) -> date | None:
    digits = "".join(character for character in text if character.isdecimal() and character.isascii())
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if len(digits) == 8 else None
    except ValueError:
        return None


def address_of(request: web.Request, token: str) -> str:
    """The whole address of a link, as it is sent to the policyholder."""
    config = request.config_dict[CONFIG]
    origin = config.web.public_url or f"{request.scheme}://{request.host}"
    return origin.rstrip("/") + PATH.format(token=token)
