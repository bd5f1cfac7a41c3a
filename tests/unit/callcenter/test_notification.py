"""What notifications look like when they leave, and where they may go."""

import hashlib
import hmac
import json
from dataclasses import replace
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.addresses import is_safe
from callcenter.notifications import notification
from callcenter.notifications.notification import Kind, Parcel, Sender
from tests.conftest import NOON

pytestmark = pytest.mark.unit

SENDER = Sender("hotline@example.com", "95519 投诉管理")
PARCEL = Parcel(
    UUID(int=7),
    Kind.REMINDER,
    "催办：95519-20261118-000001",
    "请于今日反馈。\n第二行",
    NOON,
    UUID(int=8),
    "95519-20261118-000001",
    UUID(int=9),
    "coordinator01",
    "王协调",
    "wang@example.com",
    "gd-gz",
)


def test_a_mail_is_the_same_every_time_it_is_made() -> None:
    """INV-9: who gets it twice can tell."""
    first, again = (notification.letter(PARCEL, SENDER).as_bytes() for _ in range(2))
    assert first == again
    mail = message_from_bytes(first, policy=policy.default)
    assert mail["Message-ID"] == f"<{PARCEL.id}@example.com>"
    assert mail["Subject"] == PARCEL.title
    assert mail["To"].addresses[0].addr_spec == "wang@example.com"
    assert mail["To"].addresses[0].display_name == "王协调"
    assert mail["Date"] == "Wed, 18 Nov 2026 12:00:00 +0800"
    assert mail.get_content().replace("\r\n", "\n") == PARCEL.body + "\n"


@given(st.text(), st.text())
def test_no_title_and_no_name_can_add_a_header(title: str, name: str) -> None:
    """H12"""
    nasty = replace(PARCEL, title=f"{title}\r\nBcc: all@example.com\n\n{title}", name=f"{name}\r\nX-Evil: 1")
    mail = message_from_bytes(notification.letter(nasty, SENDER).as_bytes(), policy=policy.default)
    plain = message_from_bytes(notification.letter(PARCEL, SENDER).as_bytes(), policy=policy.default)
    assert set(mail.keys()) == set(plain.keys())
    assert [address.addr_spec for address in mail["To"].addresses] == ["wang@example.com"]


@given(st.text())
def test_a_title_is_one_line_of_at_most_two_hundred_characters(text: str) -> None:
    """H11, H12"""
    line = notification.one_line(text)
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1
    assert notification.one_line(line) == line


def test_a_webhooks_body_is_signed_with_its_time() -> None:
    body = notification.body_of(PARCEL)
    told = json.loads(body)
    assert (told["id"], told["kind"], told["ticket"]["number"]) == (str(PARCEL.id), "reminder", PARCEL.ticket_number)
    assert "wang@example.com" not in body.decode()
    signed = notification.signature("s" * 32, "1795000000", body)
    assert signed == "v1=" + hmac.new(b"s" * 32, b"1795000000." + body, hashlib.sha256).hexdigest()
    assert signed != notification.signature("s" * 32, "1795000001", body)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://hooks.example.com/x?y=1", True),
        ("https://10.0.0.7:8443/", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("http://hooks.example.com/", False),
        ("http://10.0.0.7/", False),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("https://user:secret@example.com/", False),
        ("https:///x", False),
        ("https://example.com/\r\nX: y", False),
        ("https://example.com/a b", False),
        ("https://例子.example/", False),
        ("ftp://example.com/", False),
        ("file:///etc/passwd", False),
        ("https://example.com:99999/", False),
        ("https://[::1/", False),
        ("https://example.com/" + "x" * 500, False),
        ("", False),
    ],
)
def test_a_webhook_goes_by_https_or_to_this_machine(url: str, safe: bool) -> None:
    """H12"""
    assert is_safe(url) is safe
