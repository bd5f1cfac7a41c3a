"""Electronic callbacks: the policyholder alone answers, on a page of our own, once; and what others try in vain."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import links
from callcenter.callbacks.questions import SEVEN
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from callcenter.web.auth import COOKIE as STAFF
from callcenter.web.electronic_page import COOKIE
from tests.service.site import Reply, Site, settings
from tests.service.spring import YES, Spring

pytestmark = pytest.mark.service

RIGHT = {"birth": "19800101", "tail": "0000"}
"""Of the first customer of the campaign."""
ANSWERS = {f"q.{code}": "yes" for code in SEVEN[1:]}
POLICY_WORDS = ("安心终身寿险", "S000", "客户0", "寿险", "保单号")


@dataclass
class Browser:
    """The policyholder's telephone."""

    session: aiohttp.ClientSession
    origin: str
    path: str
    cookie: str | None = None

    async def __call__(self, method: str, path: str = "", data: Any = None, **headers: str) -> Reply:
        if self.cookie:
            headers.setdefault("Cookie", f"{COOKIE}={self.cookie}")
        async with self.session.request(
            method, self.origin + self.path + path, data=data, headers=headers, allow_redirects=False
        ) as response:
            if COOKIE in response.cookies:
                self.cookie = response.cookies[COOKIE].value or None
            return Reply(response.status, response.headers, await response.read(), None)

    async def identify(self, **changes: str) -> Reply:
        return await self("POST", "/identity", {**RIGHT, **changes})

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await self("GET")).body.decode())
        assert found is not None
        return found[1]

    async def hand_in(self, **changes: str) -> Reply:
        return await self("POST", "/answers", {"csrf": await self.csrf(), **ANSWERS, **changes})


@dataclass
class Home:
    """A task, its link, and whoever holds it."""

    spring: Spring
    browser: Browser
    link: str

    @property
    def task(self) -> str:
        return self.spring.tasks["S000"]

    async def file(self) -> Any:
        return (await (await self.spring.agent()).get(f"/callback-tasks/{self.task}")).json

    async def state(self) -> str:
        listed = await (await self.spring.agent()).get(f"/callback-tasks/{self.task}/links")
        return str(next(item["state"] for item in listed.json["items"] if item["id"] == self.link))

    def another(self, path: str | None = None) -> Browser:
        """A browser that knows nothing of the first."""
        return Browser(self.browser.session, self.browser.origin, path or self.browser.path)


@pytest.fixture
async def home(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        spring = Spring(site, seen)
        await spring.at(date(2025, 9, 3), time(10))
        await spring.load(2)
        made = await (await spring.agent()).post(f"/callback-tasks/{spring.tasks['S000']}/links", {"hours": 48})
        assert made.status == 201, made.body
        path = urlsplit(made.json["url"]).path
        yield Home(spring, Browser(site.session, site.origin, path), made.json["id"])


async def test_the_policyholder_answers_on_the_page_and_the_callback_is_successful(home: Home) -> None:
    """C-9, C-13, C-3"""
    assert (await home.browser("GET")).status == 200
    passed = await home.browser.identify()
    assert (passed.status, passed.headers["Location"]) == (303, home.browser.path)
    assert "HttpOnly" in passed.headers["Set-Cookie"]
    assert "SameSite=Strict" in passed.headers["Set-Cookie"]
    shown = (await home.browser("GET")).body.decode()
    assert "安心终身寿险" in shown
    assert shown.count("<fieldset>") == len(SEVEN)  # six questions and the remarks
    done = await home.browser.hand_in()
    assert (done.status, "回访已完成" in done.body.decode()) == (200, True)
    file = await home.file()
    assert (file["task"]["state"], file["task"]["result"]) == ("done", "successful")
    assert [question["answer"]["answer"] for question in file["questions"]] == ["yes"] * 7
    assert await home.state() == "handed_in"
    [item] = await home.spring.behind("successful_in_window")
    assert (item["way"], item["number"]) == ("electronic", "S000")
    assert (await home.spring.report())["figures"]["counts"]["attempted_in_window"] == 1


async def test_a_negative_answer_becomes_a_finding_without_anybody_in_between(home: Home) -> None:
    """C-9, C-13, C-16, R-2.3, R-2.5, T-1"""
    await home.browser.identify()
    done = await home.browser.hand_in(**{"q.surrender_loss_known": "no", "remark": "没人说过退保有损失"})
    [ticket] = (await home.file())["tickets"]
    assert ticket["number"] in done.body.decode()
    agent = await home.spring.agent()
    finding = (await agent.get(f"/tickets/{ticket['id']}")).json
    told = ("nature", "channel", "source", "policy_number", "demand")
    expected = ["callback_finding", "phone_outbound", "callback", "S000", "没人说过退保有损失"]
    assert [finding[name] for name in told] == expected
    assert (await home.file())["task"]["result"] == "problem"
    async with home.spring.site.database.connection() as conn:
        row = await conn.fetchrow("SELECT opened_by, heard, pieces FROM ticket")
    assert row is not None
    assert (row["opened_by"], row["pieces"]) == ("system:electronic_callback", 0)
    assert row["heard"] == {"subject": "mis_selling", "intention": "no", "respondent": "policyholder"}


async def test_who_says_he_complains_has_a_complaint_that_counts(home: Home) -> None:
    """R-2.2, T-2, D-7"""
    await home.browser.identify()
    await home.browser.hand_in(**{"q.signed_personally": "no", "complains": "yes", "remark": "不是我签的，要求退保"})
    [ticket] = (await home.file())["tickets"]
    assert (ticket["nature"], ticket["channel"], ticket["source"]) == ("complaint", "phone_inbound", "callback")


async def test_nothing_of_the_policy_is_told_before_the_identity_was_checked(home: Home) -> None:
    """C-5, C-12, E-13"""
    pages = [await home.browser("GET"), await home.browser.identify(birth="19800102"), await home.browser("GET")]
    assert [page.status for page in pages] == [200, 403, 200]
    for page in pages:
        assert not any(word in page.body.decode() for word in POLICY_WORDS)
        assert "将被记录并保存" in page.body.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"birth": "19800102"}, {"tail": "0001"}, {"birth": ""}, {"birth": "1980"}, {"tail": ""}, {"birth": "00000000"}],
)
async def test_both_the_whole_birth_date_and_the_end_of_the_number_must_be_right(
    home: Home, wrong: dict[str, str]
) -> None:
    """C-12"""
    assert (await home.browser.identify(**wrong)).status == 403
    assert home.browser.cookie is None


async def test_five_wrong_tries_kill_the_link_also_for_the_right_one(home: Home) -> None:
    """C-12"""
    for _ in range(links.MOST_WRONG):
        assert (await home.browser.identify(tail="9999")).status == 403
    assert (await home.browser.identify()).status == 404
    assert (await home.browser("GET")).status == 404
    assert await home.state() == "locked"


async def test_a_link_is_good_once_until_it_expires_or_is_revoked(home: Home) -> None:
    """C-9"""
    await home.browser.identify()
    form = {"csrf": await home.browser.csrf(), **ANSWERS}
    cookie = home.browser.cookie
    assert (await home.browser("POST", "/answers", form)).status == 200
    home.browser.cookie = cookie
    replays = [await home.browser("POST", "/answers", form), await home.browser("GET"), await home.browser.identify()]
    assert [reply.status for reply in replays] == [404, 404, 404]
    async with home.spring.site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM callback_answer") == len(SEVEN)


async def test_an_expired_a_revoked_and_a_replaced_link_look_like_one_that_never_was(home: Home) -> None:
    """C-9"""
    agent = await home.spring.agent()
    path = f"/callback-tasks/{home.task}/links"
    made = await agent.post(path, {"hours": 1})
    second = home.another(urlsplit(made.json["url"]).path)
    never = home.another("/callback/" + links.new_token())
    assert (await second("GET")).status == 200
    replaced, unknown = await home.browser("GET"), await never("GET")
    assert (replaced.status, replaced.body) == (unknown.status, unknown.body) == (404, replaced.body)
    await home.spring.at(date(2025, 9, 3), time(11, 1))
    expired = await second("GET")
    made = await (await home.spring.agent()).post(path, {})
    third = home.another(urlsplit(made.json["url"]).path)
    revoked = await (await home.spring.agent()).post(f"{path}/{made.json['id']}/revocation", {"reason": "客户改为电话"})
    assert (revoked.status, revoked.json["state"]) == (200, "revoked")
    assert (await third("GET")).body == expired.body == unknown.body
    again = await (await home.spring.agent()).post(f"{path}/{made.json['id']}/revocation", {"reason": "x"})
    assert again.code == "callback_link_refused"


async def test_tokens_cannot_be_guessed_changed_or_used_for_another_task(home: Home) -> None:
    """C-9, T-6: 256 random bits, kept as a hash."""
    token = home.browser.path.rpartition("/")[2]
    assert len(token) >= 43
    tampered = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token + "A",
        token[:-1],
        token.swapcase(),
        "%00",
        "x" * 500,
    ]
    for each in tampered:
        reply = await home.another(f"/callback/{each}")("GET")
        assert reply.status in (400, 404), each
    async with home.spring.site.database.connection() as conn:
        stored = await conn.fetchval("SELECT token_sha256 FROM callback_link")
        texts = await conn.fetch("SELECT a::text FROM audit a UNION ALL SELECT i::text FROM idempotency i")
    assert stored == links.digest(token)
    assert not any(token in row[0] for row in texts)
    assert (await home.another(f"/callback/{stored}")("GET")).status == 404
    made = await (await home.spring.agent()).post(f"/callback-tasks/{home.spring.tasks['S001']}/links", {})
    other = home.another(urlsplit(made.json["url"]).path)
    await home.browser.identify()
    csrf = await home.browser.csrf()
    other.cookie = home.browser.cookie
    assert "身份核验" in (await other("GET")).body.decode()
    stolen = await other("POST", "/answers", {"csrf": csrf, **ANSWERS})
    assert stolen.status == 403
    assert (await other.identify()).status == 403  # the first customer's data is not the second's


async def test_a_form_that_is_not_ours_is_not_taken(home: Home) -> None:
    """C-9: another site, a forged or missing token of the form, no session, another kind of body, a missing answer."""
    await home.browser.identify()
    csrf = await home.browser.csrf()
    form = {"csrf": csrf, **ANSWERS}
    refused = [
        await home.browser("POST", "/answers", form, Origin="https://evil.example"),
        await home.browser("POST", "/answers", form, **{"Sec-Fetch-Site": "cross-site"}),
        await home.browser("POST", "/answers", {**form, "csrf": "0" * 64}),
        await home.browser("POST", "/answers", ANSWERS),
        await home.another()("POST", "/answers", form),
        await home.browser("POST", "/answers", b"{}", **{"Content-Type": "application/json"}),
        await home.browser("POST", "/answers", {**form, "remark": "x" * 40_000}),
        await home.browser("POST", "/answers", {"csrf": csrf, **dict(list(ANSWERS.items())[:-1])}),
        await home.browser("POST", "/answers", {**form, "q.signed_personally": "not_applicable"}),
        await home.browser("POST", "/answers", {**form, "q.signed_personally": "perhaps"}),
    ]
    assert [reply.status for reply in refused] == [403] * 5 + [422] * 5
    assert (await home.file())["task"]["state"] == "waiting"
    assert (await home.browser("POST", "/answers", form)).status == 200


async def test_a_session_ends_and_must_be_shown_again_who_one_is(home: Home) -> None:
    """C-12"""
    await home.browser.identify()
    csrf = await home.browser.csrf()
    await home.spring.at(date(2025, 9, 3), time(10, 31))
    late = await home.browser("POST", "/answers", {"csrf": csrf, **ANSWERS})
    assert late.status == 403
    assert "身份核验" in (await home.browser("GET")).body.decode()
    await home.browser.identify()
    assert (await home.browser.hand_in()).status == 200


async def test_nobody_who_is_signed_in_here_answers_for_a_customer(home: Home) -> None:
    """C-9: no human interference; and no route of the interface stores an answer of a page."""
    token = (await home.spring.agent()).headers["Authorization"].removeprefix("Bearer ")
    page = await home.another()("GET", Cookie=f"{STAFF}={token}")
    sent = await home.another()("POST", "/identity", RIGHT, Cookie=f"{STAFF}={token}")
    assert (page.status, sent.status) == (404, 404)
    answered = await (await home.spring.agent())("PUT", f"/callback-tasks/{home.task}/answers", json={"answers": YES})
    assert answered.code == "callback_no_conversation"


async def test_every_page_is_kept_as_it_was_shown(home: Home) -> None:
    """C-9: traces and key pages can be queried, by who sees customers whole, and never change."""
    await home.browser("GET")
    await home.browser.identify(tail="9999")
    await home.browser.identify()
    shown = await home.browser("GET")
    done = await home.browser.hand_in()
    agent = await home.spring.agent()
    path = f"/callback-tasks/{home.task}/links/{home.link}/pages"
    assert (await agent.get(path)).code == "purpose_missing"
    pages = (await agent.get(f"{path}?purpose=核查回访过程&limit=200")).json["items"]
    assert [page["kind"] for page in pages] == ["identity", "wrong", "questions", "questions", "handed_in"]
    assert (pages[2]["html"].encode(), pages[4]["html"].encode()) == (shown.body, done.body)
    assert {page["address"] for page in pages} == {"127.0.0.1"}
    auditor = await home.spring.site.client(Role.AUDITOR, where="hq")
    assert (await auditor.get(f"{path}?purpose=核查回访过程")).status == 403
    elsewhere = await home.spring.site.client(Role.CALLBACK_AGENT, where="sc-cd")
    assert (await elsewhere.get(f"{path}?purpose=核查回访过程")).status == 404
    async with home.spring.site.database.connection() as conn:
        for statement in (
            "UPDATE callback_page SET html = 'x'",
            "DELETE FROM callback_page",
            "DELETE FROM callback_link",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
        with pytest.raises(asyncpg.CheckViolationError):
            await conn.execute(
                "INSERT INTO callback_page (id, link_id, kind, shown_at, html, sha256, address, user_agent) "
                "SELECT gen_random_uuid(), link_id, kind, shown_at, 'x', sha256, address, user_agent "
                "FROM callback_page LIMIT 1"
            )


async def test_the_page_loads_nothing_and_runs_nothing(home: Home) -> None:
    """C-9: own platform only; a browser is told so as well."""
    page = await home.browser("GET")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy + page.body.decode()
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert not re.search(r"(?:src|href)=", page.body.decode())
    assert 'name="viewport"' in page.body.decode()


async def test_what_somebody_writes_stands_as_text_and_not_as_code(home: Home) -> None:
    """C-9"""
    async with home.spring.site.database.connection() as conn:
        await conn.execute("UPDATE policy SET product_name = '<script>alert(1)</script>' WHERE number = 'S000'")
    await home.browser.identify()
    assert "<script>" not in (await home.browser("GET")).body.decode()
    done = await home.browser.hand_in(**{"q.<b>x</b>": "yes", "remark": "<script>alert(2)</script>"})
    assert "<script>" not in done.body.decode()
    assert "<b>" not in done.body.decode()


async def test_while_a_call_is_made_nothing_is_handed_in_and_afterwards_nothing_is_dialled(home: Home) -> None:
    """C-9, C-20"""
    await home.browser.identify()
    csrf = await home.browser.csrf()
    agent = await home.spring.agent()
    assert (await agent.post(f"/callback-tasks/{home.task}/dial")).status == 202
    busy = await home.browser("POST", "/answers", {"csrf": csrf, **ANSWERS})
    assert (busy.status, "正在与您通话" in busy.body.decode()) == (409, True)
    assert (await agent.post(f"/callback-tasks/{home.task}/links", {})).code == "callback_link_refused"


async def test_there_is_no_link_where_nobody_could_be_recognised(home: Home) -> None:
    """C-12"""
    async with home.spring.site.database.connection() as conn:
        await conn.execute("UPDATE customer SET id_number = NULL WHERE name = '客户1'")
    agent = await home.spring.agent()
    made = await agent.post(f"/callback-tasks/{home.spring.tasks['S001']}/links", {})
    assert (made.status, made.code) == (422, "callback_link_refused")
    key = {"Idempotency-Key": home.link}
    kept = await agent.post(f"/callback-tasks/{home.task}/links", {"hours": 48}, headers=key)
    assert kept.json.get("url") is None


async def test_a_late_page_counts_only_in_final_success(home: Home) -> None:
    """C-3, C-21"""
    await home.spring.at(date(2025, 9, 16), time(20))
    made = await (await home.spring.agent()).post(f"/callback-tasks/{home.task}/links", {})
    await home.spring.at(date(2025, 9, 17), time(9))
    late = home.another(urlsplit(made.json["url"]).path)
    await late.identify()
    assert (await late.hand_in()).status == 200
    counts = (await home.spring.report())["figures"]["counts"]
    assert (counts["completed_in_window"], counts["successful_later"]) == (0, 1)
    assert (await home.file())["task"]["late"] is True
