"""The doctor on a real mail server and a real receiver of webhooks, right and wrong."""

from dataclasses import replace
from typing import Any

import pytest

from callcenter.clock import SystemClock
from callcenter.config import Config, MailConfig, WebhookConfig
from callcenter.doctor import notifications
from callcenter.doctor.finding import Notes, Verdict
from callcenter.doctor.installation import Installation
from tests.service.receivers import Certificate, Hooked, Postbox, certificate, free_port

pytestmark = pytest.mark.service

SECRET = "s" * 32


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


async def seen(**sections: Any) -> dict[str, Verdict]:
    notes = Notes()
    here = Installation(Config(**sections), SystemClock(), None)  # type: ignore[arg-type]
    await notifications.look(here, notes)
    return {finding.check: finding.verdict for finding in notes.findings}


def by_mail(port: int, tls: Certificate, **others: Any) -> MailConfig:
    asked = {"host": "127.0.0.1", "port": port, "sender": "a@example.com", "ca_file": str(tls.authority)}
    return MailConfig(**{**asked, **others})


async def test_what_is_not_set_is_no_finding() -> None:
    assert await seen() == {"mail": Verdict.OK, "webhook": Verdict.OK}


async def test_a_mail_server_that_takes_us_is_well_and_is_sent_nothing(tls: Certificate) -> None:
    post = Postbox(free_port(), starttls=tls.server(), user=("hotline", "secret"))
    async with post.open():
        asked = by_mail(post.port, tls, user="hotline", password="secret")
        assert (await seen(mail=asked))["mail"] is Verdict.OK
    assert (post.mails, post.logged_in) == ([], ["hotline"])


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"ca_file": ""}, {"tls": "tls"}, {"port": 1}])
async def test_a_mail_server_that_does_not_is_a_warning(tls: Certificate, wrong: dict[str, Any]) -> None:
    post = Postbox(free_port(), starttls=tls.server(), user=("hotline", "secret"))
    async with post.open():
        asked = replace(by_mail(post.port, tls, user="hotline", password="secret"), **wrong)
        assert (await seen(mail=asked))["mail"] is Verdict.WARN


async def test_a_webhooks_server_is_reached_or_not(tls: Certificate) -> None:
    hook = Hooked(free_port(), tls=tls.server())
    url = f"https://127.0.0.1:{hook.port}/hook"
    trusting = WebhookConfig(url=url, secret=SECRET, ca_file=str(tls.authority))
    async with hook.open():
        assert (await seen(webhook=trusting))["webhook"] is Verdict.OK
        assert (await seen(webhook=WebhookConfig(url=url, secret=SECRET)))["webhook"] is Verdict.WARN
    assert (await seen(webhook=trusting))["webhook"] is Verdict.WARN
    assert hook.posts == []
