"""Notifications in the console, to a real SMTP server and to a real HTTP receiver, on a real PostgreSQL."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from callcenter.accounts.permissions import Role
from callcenter.config import Config, MailConfig, WebhookConfig
from callcenter.notifications import store
from callcenter.notifications.delivery import ATTEMPTS, Delivery
from callcenter.notifications.notification import Kind, Message, Way
from tests.service.receivers import Certificate, Hooked, Postbox, certificate, free_port
from tests.service.site import Client, Site, person

pytestmark = pytest.mark.service

SECRET = "a-secret-of-at-least-thirty-two-characters"
TOLD = Message(Kind.REMINDER, "slip 1", "催办：95519-20261118-000001", "请于今日24:00前反馈。")
ADDRESS = "wang@example.com"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


async def somebody(site: Site, email: str | None = ADDRESS, where: str = "gd-gz") -> UUID:
    async with site.database.transaction() as conn:
        made = await person(conn, site.clock, (Role.COORDINATOR,), where, name="王协调")
        await conn.execute("UPDATE app_user SET email = $2 WHERE id = $1", made.id, email)
    return made.id


async def tell(site: Site, *recipients: UUID, message: Message = TOLD) -> int:
    async with site.database.transaction() as conn:
        return await store.tell(conn, recipients, message, site.clock.now())


def delivery(site: Site, mail: MailConfig | None = None, webhook: WebhookConfig | None = None) -> Delivery:
    config = Config(mail=mail or MailConfig(), webhook=webhook or WebhookConfig())
    return Delivery(site.database, config, site.clock, site.clock)


def by_mail(port: int, **others: Any) -> MailConfig:
    asked = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "hotline@example.com", "timeout": 5.0}
    return MailConfig(**{**asked, **others})


def by_hook(port: int, **others: Any) -> WebhookConfig:
    return WebhookConfig(**{"url": f"http://127.0.0.1:{port}/hook", "secret": SECRET, "timeout": 5.0, **others})


async def failures(site: Site, query: str = "") -> list[Any]:
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin.get(f"/notifications/failures{query}")
    assert reply.status == 200, reply.body
    return list(reply.json["items"])


# The console


async def test_one_sees_and_reads_ones_own_and_nobody_elses(site: Site) -> None:
    """T-6"""
    mine, other = await site.client(Role.COORDINATOR), await site.client(Role.COORDINATOR, where="sc-cd")
    assert mine.user is not None
    assert await tell(site, mine.user.id) == 1
    assert await tell(site, mine.user.id, message=replace(TOLD, about="slip 2")) == 1
    assert (await mine.get("/notifications/unread")).json == {"unread": 2}
    assert (await other.get("/notifications")).json["items"] == []
    first = (await mine.get("/notifications?limit=1")).json
    [newest] = first["items"]
    assert (newest["title"], newest["body"], newest["read_at"]) == (TOLD.title, TOLD.body, None)
    assert (await other.post("/notifications/actions/read", {"ids": [newest["id"]]})).json == {"unread": 0}
    assert (await mine.post("/notifications/actions/read", {"ids": [newest["id"]]})).json == {"unread": 1}
    [left] = (await mine.get("/notifications?unread=true")).json["items"]
    assert left["id"] != newest["id"]
    rest = (await mine.get(f"/notifications?limit=1&cursor={first['next']}")).json
    assert [row["id"] for row in rest["items"]] == [left["id"]]


async def test_nobody_is_told_the_same_twice_and_nobody_who_has_left(site: Site) -> None:
    here, gone = await somebody(site), await somebody(site)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE app_user SET active = false WHERE id = $1", gone)
    assert await tell(site, here, here, gone) == 1
    assert await tell(site, here, gone) == 0
    assert await tell(site, here, message=replace(TOLD, kind=Kind.DIGEST)) == 1


# Mail


async def test_a_mail_arrives_once_when_the_server_that_was_down_is_up_again(site: Site) -> None:
    """INV-9"""
    post = Postbox(free_port())
    carrying = delivery(site, by_mail(post.port))
    await tell(site, await somebody(site))
    assert await carrying.carry(Way.MAIL) == 0
    [failure] = await failures(site)
    assert (failure["way"], failure["attempts"], failure["given_up_at"]) == ("mail", 1, None)
    assert "SMTPConnectError" in failure["cause"]
    async with post.open():
        assert await carrying.carry(Way.MAIL) == 0
        site.clock.advance(timedelta(seconds=31))
        assert await carrying.carry(Way.MAIL) == 1
        assert await carrying.carry(Way.MAIL) == 0
    [mail] = post.mails
    assert (mail["Subject"], mail["To"].addresses[0].addr_spec) == (TOLD.title, ADDRESS)
    assert mail["Message-ID"] == f"<{failure['id']}@example.com>"
    assert mail.get_content().strip() == TOLD.body
    assert await failures(site) == []


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_mail_is_encrypted_and_the_server_checked(site: Site, tls: Certificate, mode: str) -> None:
    context = tls.server()
    post = Postbox(free_port(), tls=context if mode == "tls" else None, starttls=None if mode == "tls" else context)
    await tell(site, await somebody(site))
    async with post.open():
        assert await delivery(site, by_mail(post.port, tls=mode)).carry(Way.MAIL) == 0
        [failure] = await failures(site)
        assert "CERTIFICATE_VERIFY_FAILED" in failure["cause"].upper().replace(" ", "_")
        assert post.mails == []
        site.clock.advance(timedelta(minutes=1))
        trusting = by_mail(post.port, tls=mode, ca_file=str(tls.authority))
        assert await delivery(site, trusting).carry(Way.MAIL) == 1


async def test_a_server_without_encryption_gets_neither_mail_nor_password(site: Site) -> None:
    post = Postbox(free_port(), user=("hotline", "secret"))
    await tell(site, await somebody(site))
    async with post.open():
        asked = by_mail(post.port, tls="starttls", user="hotline", password="secret")
        assert await delivery(site, asked).carry(Way.MAIL) == 0
    assert (post.mails, post.logged_in) == ([], [])


async def test_it_logs_in_where_the_server_asks(site: Site, tls: Certificate) -> None:
    post = Postbox(free_port(), starttls=tls.server(), user=("hotline", "secret"))
    await tell(site, await somebody(site))
    secure = by_mail(post.port, tls="starttls", ca_file=str(tls.authority), user="hotline")
    async with post.open():
        assert await delivery(site, replace(secure, password="wrong")).carry(Way.MAIL) == 0
        [failure] = await failures(site)
        assert "secret" not in failure["cause"]
        assert "wrong" not in failure["cause"]
        site.clock.advance(timedelta(minutes=1))
        assert await delivery(site, replace(secure, password="secret")).carry(Way.MAIL) == 1


async def test_an_address_refused_for_good_waits_for_a_person(site: Site) -> None:
    post = Postbox(free_port(), refuses="550 no such mailbox")
    carrying = delivery(site, by_mail(post.port))
    await tell(site, await somebody(site))
    async with post.open():
        await carrying.carry(Way.MAIL)
        [failure] = await failures(site, "?given_up=true")
        assert "550 no such mailbox" in failure["cause"]
        site.clock.advance(timedelta(days=2))
        assert await carrying.carry(Way.MAIL) == 0
        post.refuses = None
        admin = await site.client(Role.ADMIN, Role.QA, where="hq")
        path = f"/notifications/{failure['id']}/ways/mail/actions/retry"
        elsewhere = await site.client(Role.ADMIN, Role.QA, where="sc-cd")
        assert (await elsewhere.post(path)).status == 404
        assert (await admin.post(path)).status == 204
        assert await carrying.carry(Way.MAIL) == 1
        assert (await admin.post(path)).status == 404
    assert len(post.mails) == 1


async def test_a_mailbox_that_is_full_for_now_is_tried_again(site: Site) -> None:
    post = Postbox(free_port(), refuses="452 mailbox full")
    carrying = delivery(site, by_mail(post.port))
    await tell(site, await somebody(site))
    async with post.open():
        await carrying.carry(Way.MAIL)
        assert [failure["given_up_at"] for failure in await failures(site)] == [None]
        post.refuses = None
        site.clock.advance(timedelta(minutes=1))
        assert await carrying.carry(Way.MAIL) == 1


async def test_a_slow_server_holds_up_no_more_than_its_time(site: Site) -> None:
    post = Postbox(free_port(), silent=True)
    await tell(site, await somebody(site))
    async with post.open():
        assert await delivery(site, by_mail(post.port, timeout=0.5)).carry(Way.MAIL) == 0
        [failure] = await failures(site)
        assert "Timeout" in failure["cause"]


async def test_what_nobody_takes_is_given_up_in_the_end(site: Site) -> None:
    carrying = delivery(site, by_mail(free_port()))
    await tell(site, await somebody(site))
    for _ in range(ATTEMPTS):
        site.clock.advance(timedelta(hours=2))
        await carrying.carry(Way.MAIL)
    async with site.database.connection() as conn:
        attempts, parked = await conn.fetchrow(
            "SELECT attempts, parked_at IS NOT NULL FROM outbox_delivery WHERE consumer = 'notifications.mail'"
        )
    assert (attempts, parked) == (ATTEMPTS, True)


async def test_without_server_or_address_nothing_fails(site: Site) -> None:
    person_ = await somebody(site, email=None)
    await tell(site, person_)
    post = Postbox(free_port())
    async with post.open():
        assert await delivery(site, by_mail(post.port)).carry(Way.MAIL) == 0
    await tell(site, person_, message=replace(TOLD, about="slip 2"))
    assert await delivery(site).carry(Way.MAIL) == 0
    assert await delivery(site).carry(Way.WEBHOOK) == 0
    assert await failures(site) == []
    async with site.database.connection() as conn:
        told = await conn.fetch("SELECT last_error FROM outbox_delivery WHERE done_at IS NOT NULL ORDER BY 1")
    reasons = [row["last_error"] for row in told]
    assert reasons == ["skipped: no address", "skipped: no mail server", "skipped: no webhook", "skipped: no webhook"]


async def test_two_workers_send_one_mail(site: Site) -> None:
    """INV-9"""
    post = Postbox(free_port())
    people = [await somebody(site) for _ in range(6)]
    await tell(site, *people)
    async with post.open():
        sent = await asyncio.gather(*(delivery(site, by_mail(post.port)).carry(Way.MAIL) for _ in range(3)))
    assert sum(sent) == len(post.mails) == 6
    assert len({mail["Message-ID"] for mail in post.mails}) == 6


async def test_no_title_puts_a_header_into_a_mail(site: Site) -> None:
    """H12"""
    post = Postbox(free_port())
    await tell(site, await somebody(site), message=replace(TOLD, title="催办\r\nBcc: all@example.com\r\n\r\n正文"))
    async with post.open():
        assert await delivery(site, by_mail(post.port)).carry(Way.MAIL) == 1
    [mail] = post.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "催办 Bcc: all@example.com 正文"


# Webhooks


async def test_a_webhook_is_signed_and_arrives_once_when_the_receiver_is_up_again(site: Site) -> None:
    """INV-9"""
    hook = Hooked(free_port())
    carrying = delivery(site, webhook=by_hook(hook.port))
    await tell(site, await somebody(site))
    assert await carrying.carry(Way.WEBHOOK) == 0
    async with hook.open():
        site.clock.advance(timedelta(seconds=31))
        assert await carrying.carry(Way.WEBHOOK) == 1
        site.clock.advance(timedelta(days=1))
        assert await carrying.carry(Way.WEBHOOK) == 0
    [(path, headers, body)] = hook.posts
    told = json.loads(body)
    assert (path, told["title"], told["organisation"]) == ("/hook", TOLD.title, "gd-gz")
    assert headers["X-Hotline-Delivery"] == told["id"]
    expected = hmac.new(SECRET.encode(), headers["X-Hotline-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Hotline-Signature"] == f"v1={expected.hexdigest()}"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
async def test_whatever_is_no_yes_is_tried_again_and_no_redirect_followed(site: Site, status: int) -> None:
    other, hook = Hooked(free_port()), Hooked(free_port(), status=status)
    hook.headers = {"Location": f"http://127.0.0.1:{other.port}/elsewhere"} if status < 400 else {}
    carrying = delivery(site, webhook=by_hook(hook.port))
    await tell(site, await somebody(site))
    async with hook.open(), other.open():
        assert await carrying.carry(Way.WEBHOOK) == 0
        [failure] = await failures(site)
        assert str(status) in failure["cause"]
        hook.status = 200
        site.clock.advance(timedelta(minutes=1))
        assert await carrying.carry(Way.WEBHOOK) == 1
    assert (len(hook.posts), other.posts) == (2, [])
    assert len({headers["X-Hotline-Delivery"] for _, headers, _ in hook.posts}) == 1


async def test_a_webhooks_certificate_is_checked(site: Site, tls: Certificate) -> None:
    hook = Hooked(free_port(), tls=tls.server())
    secure = by_hook(hook.port, url=f"https://127.0.0.1:{hook.port}/hook")
    await tell(site, await somebody(site))
    async with hook.open():
        assert await delivery(site, webhook=secure).carry(Way.WEBHOOK) == 0
        [failure] = await failures(site)
        assert "certificate" in failure["cause"].lower()
        assert hook.posts == []
        site.clock.advance(timedelta(minutes=1))
        trusting = replace(secure, ca_file=str(tls.authority))
        assert await delivery(site, webhook=trusting).carry(Way.WEBHOOK) == 1


async def test_a_slow_receiver_holds_up_no_more_than_its_time(site: Site) -> None:
    hook = Hooked(free_port(), slow=3.0)
    await tell(site, await somebody(site))
    async with hook.open():
        assert await delivery(site, webhook=by_hook(hook.port, timeout=0.3)).carry(Way.WEBHOOK) == 0
    [failure] = await failures(site)
    assert "Timeout" in failure["cause"]


async def put(client: Client, organisation: str, url: str) -> Any:
    return await client("PUT", f"/webhooks/{organisation}", json={"url": url, "secret": SECRET})


async def test_the_nearest_organisations_webhook_is_told(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    near, far = Hooked(free_port()), Hooked(free_port())
    set_ = await put(admin, "gd", f"http://127.0.0.1:{near.port}/gd")
    assert (set_.status, set_.json["version"]) == (200, 1)
    await tell(site, await somebody(site), await somebody(site, where="sc-cd"))
    carrying = delivery(site, webhook=by_hook(far.port))
    async with near.open(), far.open():
        assert await carrying.carry(Way.WEBHOOK) == 2
        assert [path for path, _, _ in near.posts] == ["/gd"]
        assert [path for path, _, _ in far.posts] == ["/hook"]
        assert (await admin("DELETE", "/webhooks/gd")).status == 204
        await tell(site, await somebody(site))
        assert await carrying.carry(Way.WEBHOOK) == 1
    assert (len(near.posts), len(far.posts)) == (1, 2)


async def test_a_webhooks_secret_is_shown_to_nobody_and_its_place_is_checked(site: Site) -> None:
    """H2, H12"""
    admin, there = await site.client(Role.ADMIN, where="hq"), await site.client(Role.ADMIN, where="sc")
    assert (await put(admin, "gd", "http://hooks.example.com/")).status == 400
    assert (await put(admin, "gd", "https://hooks.example.com/")).status == 200
    assert (await put(there, "gd", "https://hooks.example.com/")).status == 404
    assert (await there.get("/webhooks")).json["items"] == []
    shown = await admin.get("/webhooks")
    assert SECRET not in shown.body.decode()
    async with site.database.connection() as conn:
        kept = await conn.fetch(
            "SELECT details::text AS text FROM audit UNION ALL SELECT answer::text FROM idempotency"
        )
    assert not [row for row in kept if SECRET in (row["text"] or "")]


async def test_the_upper_customer_service_is_told_of_a_reported_change(site: Site) -> None:
    """R-3.35"""
    admin = await site.client(Role.ADMIN, where="hq")
    async with site.database.transaction() as conn:
        handler = await person(conn, site.clock, (Role.HANDLER,), "gd-gz-a")
    await admin("PATCH", f"/users/{handler.id}", json={"version": 1, "active": False})
    counter = await site.client(Role.SUPERVISOR, where="gd-gz-a")
    province, hq = await site.client(Role.HANDLER, where="gd"), await site.client(Role.HANDLER, where="hq")
    [change] = (await counter.get("/post-changes")).json["items"]
    await counter.post(f"/post-changes/{change['id']}/actions/report", {"version": 1})
    [told] = (await province.get("/notifications")).json["items"]
    assert (told["kind"], told["title"]) == ("post_change", "柜面岗位变动报备：gd-gz-a投诉岗离岗")
    assert (await hq.get("/notifications")).json["items"] == []


async def test_a_persons_address_is_checked_and_can_be_taken_away(site: Site) -> None:
    """H12"""
    admin = await site.client(Role.ADMIN, where="hq")
    user = await somebody(site, email=None)
    for address in ("a@b\r\nBcc: c@d", "no-at-sign", "a b@c.d", "王@例子.cn", "a@b@c"):
        assert (await admin("PATCH", f"/users/{user}", json={"version": 1, "email": address})).status == 400, address
    changed = await admin("PATCH", f"/users/{user}", json={"version": 1, "email": ADDRESS})
    assert (changed.status, changed.json["email"]) == (200, ADDRESS)
    assert (await admin("PATCH", f"/users/{user}", json={"version": 2, "email": None})).json["email"] is None
