"""Refusals in the language of whoever asks: title, detail and every place that does not fit (RFC 9457)."""

from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from tests.service.site import NO_ID, Client, Reply, Site

pytestmark = pytest.mark.service


async def both(client: Client, method: str, path: str, **options: Any) -> tuple[Reply, Reply]:
    """The same request in Chinese, which nobody needs to ask for, and in English."""
    headers = options.pop("headers", {})
    english = {**headers, "Accept-Language": "en-GB,en;q=0.9,zh;q=0.3"}
    chinese_reply = await client(method, path, headers=headers, **options)
    english_reply = await client(method, path, headers=english, **options)
    assert (chinese_reply.status, chinese_reply.code) == (english_reply.status, english_reply.code)
    assert chinese_reply.headers["Content-Type"].startswith("application/problem+json")
    assert (chinese_reply.headers["Content-Language"], english_reply.headers["Content-Language"]) == ("zh-CN", "en")
    assert chinese_reply.headers["Vary"] == english_reply.headers["Vary"] == "Accept-Language"
    return chinese_reply, english_reply


def told(reply: Reply) -> tuple[str, str]:
    return reply.json["title"], reply.json["detail"]


async def test_who_is_not_logged_in_is_told_so(site: Site) -> None:
    chinese, english = await both(site.nobody, "GET", "/me")
    assert told(chinese) == ("请先登录", "请提供令牌")
    assert told(english) == ("Please log in", "send a token")
    chinese, _ = await both(site.nobody, "GET", "/me", headers={"Authorization": "Bearer x"})
    assert chinese.json["detail"] == "令牌无效、已过期或已撤销"


async def test_what_is_not_there_or_not_allowed_is_told(site: Site) -> None:
    """H2"""
    agent = await site.client(Role.AGENT)
    chinese, english = await both(agent, "GET", f"/calls/{NO_ID}")
    assert told(chinese) == ("没有找到", f"没有找到通话：{NO_ID}")
    assert told(english) == ("Not found", f"no call {NO_ID}")
    chinese, english = await both(agent, "GET", "/users")
    assert chinese.status == 403
    assert (chinese.json["detail"], english.json["detail"]) == (
        "需要权限 account.read",
        "this needs the permission account.read",
    )


async def test_addresses_and_methods_that_are_not_ours_are_told(site: Site) -> None:
    """H4"""
    chinese, english = await both(site.nobody, "GET", "/nowhere")
    assert (chinese.status, *told(chinese)) == (404, "没有找到", "没有这个地址")
    assert told(english) == ("Not found", "There is nothing at this address")
    chinese, english = await both(site.nobody, "PURGE", "/me")
    assert (chinese.status, chinese.headers["Allow"]) == (405, "GET,HEAD")
    assert told(chinese) == ("不支持的方法", "此地址只接受：GET,HEAD")
    assert english.json["detail"] == "this address takes: GET,HEAD"


async def test_every_place_of_a_body_that_does_not_fit_is_told(site: Site) -> None:
    """H13"""
    admin = await site.client(Role.ADMIN, where="hq")
    unit = {"id": "u1", "kind": "kingdom", "parent_id": "hq", "name": "", "more": 1}
    chinese, english = await both(admin, "POST", "/organisations", json=unit, headers={"Idempotency-Key": str(uuid4())})
    assert (chinese.status, chinese.code, chinese.json["detail"]) == (400, "not_valid", "请求内容不符合要求")
    messages = {each["pointer"]: each["message"] for each in chinese.json["errors"]}
    assert messages["#/body/more"] == "没有这个字段"
    assert messages["#/body/name"] == "至少1个字符"
    assert messages["#/body/kind"].startswith("应为'hq'、")
    assert {each["message"] for each in english.json["errors"]} >= {"Extra inputs are not permitted"}
    chinese, _ = await both(admin, "GET", "/users?limit=0")
    assert (chinese.json["detail"], chinese.json["errors"][0]["message"]) == ("查询参数不符合要求", "应不小于1")
    chinese, _ = await both(admin, "GET", "/users/5")
    assert (chinese.json["detail"], chinese.json["errors"][0]["message"]) == ("地址中的参数不符合要求", "应为UUID")


@pytest.mark.parametrize(
    ("headers", "status", "chinese_detail"),
    [
        ({"Content-Type": "text/plain"}, 415, "请发送 application/json"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415, "请求内容不得使用 Content-Encoding"),
        ({"Content-Type": "application/json"}, 400, "请求内容第0个字符处不是JSON"),
    ],
)
async def test_a_body_that_cannot_be_read_is_told(
    site: Site, headers: dict[str, str], status: int, chinese_detail: str
) -> None:
    """H10, H11"""
    admin = await site.client(Role.ADMIN, where="hq")
    chinese, english = await both(admin, "PATCH", "/organisations/gd", data=b"no json", headers=headers)
    assert (chinese.status, chinese.json["detail"]) == (status, chinese_detail)
    assert english.json["detail"].isascii()


async def test_a_refusal_of_the_measures_lists_its_problems_in_one_language(site: Site) -> None:
    """R-1.2, F-9"""
    agent = await site.client(Role.AGENT)
    sent = {"channel": "letter", "network_kind": "app", "description": "x"}
    key = {"Idempotency-Key": str(uuid4())}
    chinese, english = await both(agent, "POST", "/tickets", json=sent, headers=key)
    assert (chinese.status, chinese.code) == (422, "ticket_not_admissible")
    assert {(each["pointer"], each["message"]) for each in chinese.json["errors"]} == {
        ("#/body/network_kind", "只有网络渠道才有子类")
    }
    assert english.json["errors"][0]["message"] == "only the channel network has a kind"
    assert english.json["detail"].isascii()


async def test_the_language_of_an_answer_to_a_weak_password_follows_the_reader(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    sent = {"login": "li.lei", "name": "李雷", "organisation_id": "gd", "roles": ["agent"], "password": "Short-1"}
    chinese, english = await both(admin, "POST", "/users", json=sent)
    assert told(chinese) == ("内容不符合规定", "密码长度为10至128个字符")
    assert told(english) == ("Not admissible", "a password has 10 to 128 characters")
