"""Whether the working days are known that deadlines are counted in: of this year, and from November on of the next."""

import asyncpg

from callcenter.db.away import AWAY
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.workdays import uncovered
from tickets import store
from tickets.calendar import shanghai_day

TIMEOUT = 3.0


async def look(here: Installation, notes: Notes) -> None:
    """Reads the calendar; a database that cannot be reached, or has no schema yet, is told of elsewhere."""
    try:
        conn = await asyncpg.connect(here.config.database.url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    except (*AWAY, asyncpg.PostgresError):
        return
    try:
        known = await store.calendar(conn)
    except asyncpg.UndefinedTableError:
        return
    finally:
        conn.terminate()
    today = shanghai_day(here.clock.now())
    years = uncovered(known, today)
    if not years:
        notes.ok("published", f"{today.year}年的工作日已公布", f"the working days of {today.year} are published")
    for year in years:
        tell = notes.fail if year == today.year else notes.warn
        tell(
            f"published-{year}",
            f"{year}年放假安排未导入：相关时限为暂定",
            f"the notice of {year} is not loaded: deadlines in it are provisional",
            (
                f"导入国务院通知：POST /calendar/years/{year}/preview，核对后 PUT /calendar/years/{year}",
                f"load the yearly notice: POST /calendar/years/{year}/preview, then PUT /calendar/years/{year}",
            ),
        )
