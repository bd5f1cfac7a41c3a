"""Templates of documents through the interface: their fields, trying them, saving versions, which one counts when."""

import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from callcenter.accounts.permissions import Role
from callcenter.documents import shipped
from callcenter.documents.kinds import Kind
from tests.service.orders import fresh, opened
from tests.service.site import Client, Reply, Site
from tests.service.test_documents import issued, pdf, text_of

pytestmark = pytest.mark.service

SHORT = "<h1>{{ document.title }}</h1>\n<p>致{{ complainant.name }}：{{ order.number }}</p>"


async def save(client: Client, source: str, **changes: Any) -> Reply:
    body = {"kind": "acknowledgement", "source": source, "reason": "改版", **changes}
    return await client.post("/document-templates", body)


async def test_a_new_version_counts_from_its_moment_and_old_documents_keep_theirs(site: Site) -> None:
    admin, handler = await site.client(Role.ADMIN), await site.client(Role.HANDLER)
    ticket = await opened(handler)
    first = await issued(handler, ticket)
    later = (site.clock.now() + timedelta(hours=1)).isoformat()
    saved = await save(admin, SHORT, active_from=later)
    assert (saved.status, saved.json["version"]) == (201, 2)
    second = await issued(handler, ticket)
    site.clock.advance(timedelta(minutes=60))
    handler, admin = await fresh(site, Role.HANDLER), await fresh(site, Role.ADMIN)
    third = await issued(handler, ticket)
    assert [each["template_version"] for each in (first, second, third)] == [1, 1, 2]
    assert "致王小明：" + ticket["number"] in text_of(await pdf(handler, third))
    shown = await admin.get("/document-kinds/acknowledgement")
    assert (shown.json["current_version"], shown.json["source"]) == (2, SHORT)


async def test_versions_tell_who_when_and_why(site: Site) -> None:
    admin, handler = await site.client(Role.ADMIN), await site.client(Role.HANDLER)
    await issued(handler, await opened(handler))
    await save(admin, SHORT, reason="精简")
    items = (await admin.get("/document-templates", params={"kind": "acknowledgement"})).json["items"]
    assert admin.user is not None
    assert {(each["version"], each["created_by"], each["reason"]) for each in items} == {
        (1, "system:shipped", "随程序提供的模板"),
        (2, f"user:{admin.user.id}", "精简"),
    }
    newest = next(each for each in items if each["version"] == 2)
    assert (await handler.get(f"/document-templates/{newest['id']}")).json["source"] == SHORT
    assert (await handler.get(f"/document-templates/{uuid4()}")).status == 404
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'document_template.save'") == 1


async def test_a_fault_is_told_with_line_and_field_and_nothing_is_saved(site: Site) -> None:
    admin = await site.client(Role.ADMIN)
    refused = await save(admin, "<p>甲</p>\n<p>{{ complainant.nmae }}</p>\n<p>{{ answer.due_day|day }}")
    assert (refused.status, refused.code) == (422, "document_template_faulty")
    told = [(each["line"], each["code"]) for each in refused.json["errors"]]
    assert told == [(2, "template_field"), (3, "template_fault")]
    assert "没有字段 complainant.nmae" in refused.json["errors"][0]["message"]
    assert (await admin.get("/document-templates")).json["items"] == []


async def test_a_field_that_may_be_missing_is_found_out_before_a_customer_misses_it(site: Site) -> None:
    admin = await site.client(Role.ADMIN)
    refused = await save(admin, "<h1>{{ document.title }}</h1>\n<p>{{ answer.due_day|day }}</p>")
    assert [(each["line"], "可能为空" in each["message"]) for each in refused.json["errors"]] == [(2, True)]


async def test_a_preview_shows_invented_data_and_says_it_is_none(site: Site) -> None:
    admin = await site.client(Role.ADMIN)
    for is_scant, name in ((False, "陈𠮷祥"), (True, "（未填）")):
        body = {"kind": "acknowledgement", "source": SHORT, "scant": is_scant}
        reply = await admin.post("/document-templates/preview", body)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
        text = "".join(PdfReader(io.BytesIO(reply.body)).pages[0].extract_text().split())
        assert f"致{name}：" in text
        assert "样张不作凭证" in text
    assert (await admin.post("/document-templates/preview", {**body, "source": "<p>"})).status == 422


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_tells_its_fields_and_its_text(site: Site, kind: Kind) -> None:
    shown = (await (await site.client(Role.ADMIN)).get(f"/document-kinds/{kind}")).json
    assert shown["source"] == shipped.source(kind)
    assert shown["current_version"] is None
    fields = {each["name"]: each["meaning"] for each in shown["fields"]}
    assert fields["document.number"] == "文书编号"


async def test_a_version_cannot_count_from_the_past(site: Site) -> None:
    admin = await site.client(Role.ADMIN)
    past = (site.clock.now() - timedelta(minutes=1)).isoformat()
    assert (await save(admin, SHORT, active_from=past)).code == "invalid"


async def test_only_administrators_save_templates(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    assert (await save(handler, SHORT)).status == 403
    assert (
        await handler.post("/document-templates/preview", {"kind": "acknowledgement", "source": SHORT})
    ).status == 403
