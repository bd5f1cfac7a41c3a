"""Lists of growing length, imported by `callcenter import` into a PostgreSQL of its own: rows a second, peak memory.

Each list is imported by a process of its own, whose greatest resident memory is what the kernel says at its end. The
policies are new, so that every row makes a customer, a number, a policy and a task.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

import asyncpg

from bench.report import Report, Target, table
from callcenter.db.migrate import migrate
from callcenter.lab.postgres import Postgres
from callcenter.web.spreadsheet import Xlsx

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
SHARES = (100, 10, 1)
"""Of ROWS: the shorter lists show what memory is there before a row is read."""
FLAT = 32
"""Megabytes a list may need more than one a hundredth as long."""
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
PRODUCTS = ("安心终身寿险", "鑫享年金保险（分红型）", "康健重大疾病保险", "金账户两全保险（万能型）")
RUN = (
    "import sys; from callcenter.__main__ import main; status = main(sys.argv[1:]); "
    "print('PEAK', open('/proc/self/status').read().split('VmHWM:')[1].split()[0], flush=True); sys.exit(status)"
)
"""What the kernel says of getrusage includes the process that started it."""
ORGANISATION = "INSERT INTO organisation (id, kind, name, path) VALUES ('hq', 'hq', '总公司', 'hq/')"
CAMPAIGN = """
INSERT INTO campaign (id, name, organisation_id, purpose, script_version, created_by, created_at)
VALUES ($1, '新单回访', 'hq', 'new_business', '2010-4.1', 'system:bench', now())"""
STATE = "SELECT state, rows_read, tasks_made FROM list_import ORDER BY id DESC LIMIT 1"


@dataclass(frozen=True)
class Carried:
    """One list, carried to its end: seconds of reading and checking, of the switch, and the process's peak in MB."""

    form: str
    rows: int
    megabytes: float
    checking: float
    switching: float
    peak: float
    tasks: int


def lines(rows: int, mark: str) -> Iterator[list[str]]:
    """A header and so many policies nobody knows yet; every 500th row is faulty."""
    yield list(HEADER)
    for n in range(rows):
        phone = "1.38E+10" if n % 500 == 499 else f"169{n:08d}"
        name, id_number = f"王测试{n}", f"440106198001{n % 28 + 1:02d}{n % 1000:03d}X"
        yield [
            *(f"{mark}{n:09d}", name, id_number if n < 7000 else "", phone, PRODUCTS[n % 4], "2026-11-15", "15"),
            *("6000.00", "年交", "20"),
        ]


def write_csv(path: Path, rows: int, mark: str) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        for each in lines(rows, mark):
            file.write(",".join(each) + "\r\n")


def write_xlsx(path: Path, rows: int, mark: str) -> None:
    waiting = lines(rows, mark)
    with path.open("wb") as file, Xlsx(file) as book:
        while some := list(islice(waiting, 1000)):
            book.add(some)


async def _campaign(url: str) -> str:
    campaign = str(uuid4())
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(CAMPAIGN, campaign)
    finally:
        await conn.close()
    return campaign


async def _carry(url: str, folder: Path, file: Path, form: str, rows: int, size: int) -> Carried:
    campaign = await _campaign(url)
    environ = {
        **os.environ,
        "CALLCENTER_DATABASE_URL": url,
        "CALLCENTER_ATTACHMENTS_FOLDER": str(folder / "attachments"),
        "CALLCENTER_ATTACHMENTS_MINIMUM_FREE": "0",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, "import", str(file), "--campaign", campaign),
        env=environ,
        stdout=subprocess.PIPE,
    )
    began = time.monotonic()
    switched: float | None = None
    conn = await asyncpg.connect(url)
    told = asyncio.ensure_future(process.communicate())
    while not told.done():
        row = await conn.fetchrow(STATE)
        if switched is None and row is not None and row["state"] == "switching":
            switched = time.monotonic()
        await asyncio.wait([told], timeout=0.1)
    ended = time.monotonic()
    row = await conn.fetchrow(STATE)
    await conn.close()
    out = told.result()[0].decode()
    if process.returncode or row is None or row["state"] != "done":
        raise RuntimeError(f"the import failed: {out[-500:]}")
    peak = int(out.rpartition("PEAK ")[2]) / 1024
    middle = switched or ended
    return Carried(form, rows, size / 1e6, middle - began, ended - middle, peak, row["tasks_made"])


def _size(file: Path) -> int:
    return file.stat().st_size


async def _measure(url: str, folder: Path) -> list[Carried]:
    await migrate(url)
    conn = await asyncpg.connect(url)
    await conn.execute(ORGANISATION)
    await conn.close()
    found = []
    for form, write in (("csv, GB 18030", write_csv), ("xlsx", write_xlsx)):
        for share in SHARES:
            rows = ROWS // share
            file = folder / f"list.{form.partition(',')[0]}"
            await asyncio.to_thread(write, file, rows, f"{form[0].upper()}{share}X")
            found.append(await _carry(url, folder, file, form, rows, _size(file)))
            file.unlink()
            print(f"   {found[-1]}", flush=True)
    return found


def measure() -> Report:
    folder = Path(tempfile.mkdtemp(prefix="cc-bench-imports-"))
    server = Postgres.start(folder / "pg")
    try:
        found = asyncio.run(_measure(server.url(), folder))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    rows = [
        [
            each.form,
            f"{each.rows:,}",
            f"{each.megabytes:,.1f}",
            f"{each.rows / each.checking:,.0f}",
            f"{each.tasks / each.switching:,.0f}" if each.switching else "–",
            f"{each.checking + each.switching:,.1f}",
            f"{each.peak:,.0f}",
        ]
        for each in found
    ]
    text = (
        "Lists of policies nobody knows yet, imported by `callcenter import` with everything committed: each row is a\n"
        "new customer, number, policy and task; every 500th is refused. The peak is the process's own memory.\n\n"
        + table(("file", "rows", "MB", "checked a second", "switched a second", "seconds", "peak MB"), rows)
    )
    targets = [_flat(form, [each for each in found if each.form == form]) for form in ("csv, GB 18030", "xlsx")]
    return Report(f"Lists of up to {ROWS:,} rows", text, {"lists": [vars(each) for each in found]}, targets)


def _flat(form: str, of: list[Carried]) -> Target:
    grown = of[-1].peak - of[0].peak
    wanted = f"{form}: {of[-1].rows:,} rows need at most {FLAT} MB more than {of[0].rows:,}"
    return Target(wanted, f"{grown:,.0f} MB", grown <= FLAT)
