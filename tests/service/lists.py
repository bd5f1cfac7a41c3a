"""Lists for tests of imports: their bytes, their way through the interface, and the worker that carries them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import openpyxl

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.importing.limits import Limits
from callcenter.importing.running import Importer
from callcenter.web.keys import CONFIG
from tests.service.site import Client, Reply, Site

HEADER = (
    "保单号",
    "投保人姓名",
    "证件号码",
    "手机号",
    "产品名称",
    "签收日期",
    "犹豫期天数",
    "保费",
    "交费方式",
    "交费年限",
)


def a_row(n: int, **changes: str) -> dict[str, str]:
    """A policy nobody knows yet, its holder, and a number no carrier has."""
    row = {
        "保单号": f"P{n:08d}",
        "投保人姓名": f"王测试{n}",
        "证件号码": f"4401061980{n // 1000 % 12 + 1:02d}01{n % 1000:03d}X",
        "手机号": f"169{n:08d}",
        "产品名称": "安心终身寿险",
        "签收日期": "2026-11-15",
        "犹豫期天数": "15",
        "保费": "6000",
        "交费方式": "年交",
        "交费年限": "20",
    }
    return {**row, **changes}


def rows(count: int, start: int = 1) -> list[dict[str, str]]:
    return [a_row(n) for n in range(start, start + count)]


def as_csv(rows: Sequence[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n") -> bytes:
    """The rows with a header of all they have."""
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(HEADER)
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@dataclass
class Desk:
    """A supervisor at headquarters with a campaign, and the worker."""

    site: Site
    database: Database
    clock: ManualClock
    client: Client
    campaign: str
    importer: Importer

    async def hand_in(self, content: bytes, name: str = "名单.csv", **options: Any) -> Reply:
        path = options.pop("path", f"/campaigns/{self.campaign}/import")
        return await self.client(
            "POST", path, data=content, params={"name": name}, headers={"Content-Type": "application/octet-stream"},
            **options,
        )  # fmt: skip

    async def preview(self, content: bytes, name: str = "名单.csv", **options: Any) -> Any:
        reply = await self.hand_in(content, name, **options)
        assert reply.status == 201, reply.body
        return reply.json

    async def map(self, shown: Any, **said: Any) -> Reply:
        """Confirms the columns as they were guessed, with what is said beside or instead."""
        if "columns" not in said:
            said["columns"] = [
                {"column": each["column"], "field": each["field"]} for each in shown["columns"] if each["field"]
            ]
        body = {"version": shown["version"], **said}
        return await self.client("PUT", f"/imports/{shown['id']}/mapping", json=body)

    async def start(self, shown: Any, **said: Any) -> Any:
        reply = await self.client.post(f"/imports/{shown['id']}/start", {"version": shown["version"], **said})
        assert reply.status == 200, reply.body
        return reply.json

    async def carry(self, importer: Importer | None = None) -> None:
        """The worker until nothing is left."""
        while await (importer or self.importer).step():
            pass

    async def show(self, import_id: str) -> Any:
        reply = await self.client.get(f"/imports/{import_id}")
        assert reply.status == 200, reply.body
        return reply.json

    async def through(self, content: bytes, name: str = "名单.csv", **said: Any) -> Any:
        """A list from its upload to its end, its columns as they were guessed."""
        options = {each: said.pop(each) for each in ("dry_run", "only_whole") if each in said}
        upload = {"path": said.pop("path")} if "path" in said else {}
        shown = await self.preview(content, name, **upload)
        mapped = await self.map(shown, **said)
        assert (mapped.status, mapped.json["state"]) == (200, "ready"), mapped.body
        await self.start(mapped.json, **options)
        await self.carry()
        return await self.show(shown["id"])

    async def faults(self, shown: Any) -> list[tuple[int, str, str | None]]:
        """Row, what was wrong, and the masked value, of every fault."""
        reply = await self.client.get(f"/imports/{shown['id']}/errors?limit=200")
        assert reply.status == 200, reply.body
        return [(each["row"], each["wrong"], each["value"]) for each in reply.json["items"]]

    async def tasks(self) -> list[Any]:
        reply = await self.client.get(f"/callback-tasks?campaign_id={self.campaign}&limit=200")
        return list(reply.json["items"])

    def another_worker(self, **limits: Any) -> Importer:
        return worker(self.site, **limits)


def worker(site: Site, batch: int = 50, **limits: Any) -> Importer:
    """The worker's part, by the test's clock."""
    made = Limits(**limits) if limits else None
    return Importer(site.database, site.app[CONFIG], site.clock, site.clock, made, batch=batch)


async def a_desk(site: Site) -> Desk:
    client = await site.client(Role.SUPERVISOR, where="hq")
    campaign = await client.post("/campaigns", {"name": f"新单回访{uuid4().hex[:6]}"})
    assert campaign.status == 201, campaign.body
    return Desk(site, site.database, site.clock, client, campaign.json["id"], worker(site))
