"""The archiver's sealing, every sync included, in a process of its own: `seal.py SPOOL ARCHIVE THREADS`.

Prints one line of JSON: seconds from the first capture opened to the last object in the log, and the process's
greatest memory in bytes. Everything it says was sealed is read back from the archive.
"""

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from callcenter.ids import call_id
from recordings.archive import create
from recordings.ingest import Ingest, Sealed, SegmentSource
from recordings.log import Log
from recordings.record import Description

ORIGIN = "archive.example.cn/recordings"
AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def main(spool: Path, base: Path, threads: int) -> dict[str, float]:
    archive = create(base, "archive-under-measure")
    log = Log(archive.log, ORIGIN)
    sides = sorted(spool.glob("*-r.sln"))
    with archive.writing(), ThreadPoolExecutor(threads) as workers:
        began = time.monotonic()
        done = list(workers.map(lambda side: seal(Ingest(archive, log), side), sides))
        seconds = time.monotonic() - began
    for sealed in done:
        assert archive.holds(sealed.object_id)
    assert log.head.size == len(sides)
    milliseconds = sum(segment.encoded.duration_ms for sealed in done for segment in sealed.segments)
    return {"seconds": seconds, "audio": milliseconds / 1000, "memory": greatest_memory(), "objects": len(done)}


def seal(ingest: Ingest, customer: Path) -> Sealed:
    """One call's two sides into one object."""
    name = customer.name.removesuffix("-1-r.sln")
    heard = customer.with_name(f"{name}-1-t.sln")
    length = customer.stat().st_size * 1000 // 16_000
    source = SegmentSource(1, customer, heard, expected_ms=length)
    number = int(name.rpartition(".")[2])
    about = Description(
        archive_no=f"95519-LY·2026-Y-{number:06d}",
        fonds="95519",
        fonds_name="示范人寿保险股份有限公司",
        title="客户来电录音",
        call={"uniqueid": name, "start": AT.isoformat(), "end": AT.isoformat()},
        environment={"asterisk": "22.10.1"},
        cel=[f'"CHAN_START","1795339143.1","{name}"', f'"LINKEDID_END","1795339145.1","{name}"'],
    )
    return ingest.seal(f"urn:cc-rec:{call_id(name)}", about, [source], AT)


def greatest_memory() -> int:
    """The most memory this process ever held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
