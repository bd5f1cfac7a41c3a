"""The eight failures of the fallback matrix, against the shipped dialplan, with a real caller each.

Whatever fails, the caller is recorded without a gap, hears the notice and reaches an agent.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import CallResult, ring
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Say
from tests.asterisk.fakes import Cel, Row, agi, extras, recorded, talked_to

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
Join = Callable[[str, str], None]
GREET = {"greet": {"CC_NEXT": "cc-general", "CC_MENU": "skip", "CC_SURVEY": "0"}}
UNDECIDED = {"greet": {"CC_NEXT": "", "CC_MENU": "skip"}}
SAMPLES_A_SECOND = 16_000


@pytest.fixture(autouse=True)
async def agents(phone: Plug, members: Join, greeting: Say) -> None:
    """8000 stands in the static queue, 8001 in cc-general; both hang up after a second."""
    for extension in ("8000", "8001"):
        await phone(extension, Manner(steps=(greeting,), stay=1.0))
    members("8001", "cc-general")


async def call(address: AsteriskAddress, complaint: Say, stay: float = 12.0) -> CallResult:
    result = await ring(address, steps=(complaint,), stay=stay)
    assert result.ok, result.errors
    return result


async def whole_recording(rows: list[Row], volume: Path, *, sizes_untold: bool = False) -> None:
    """One segment from start to end, both sides equally long, as long as CEL says, with speech in it."""
    [[base]] = extras(rows, "CC_REC_START")
    [[ended, r_size, t_size]] = extras(rows, "CC_REC_END")
    assert Path(base).is_relative_to(volume)
    assert ended == base
    r, t = await recorded(base)
    assert len(r) == len(t)
    assert (r_size, t_size) == (("", "") if sizes_untold else (str(len(r)), str(len(t))))
    moments = {row["userdeftype"]: float(row["eventtime"]) for row in rows if row["userdeftype"]}
    expected = moments["CC_REC_END"] - moments["CC_REC_START"]
    assert abs(len(r) / SAMPLES_A_SECOND - expected) <= 0.25 + 0.01 * expected
    assert any(r)
    assert any(t)


def noticed_before_an_agent(rows: list[Row]) -> None:
    events = [row["userdeftype"] or row["eventenum"] for row in rows]
    assert extras(rows, "CC_NOTICE") == [["zh", "SUCCESS"]]
    assert events.index("CC_NOTICE") < events.index("BRIDGE_ENTER")


async def test_1_nothing_fails(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    async with agi(asterisk, GREET) as asked:
        await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert talked_to(rows) == {"desk-8001"}
    assert extras(rows, "CC_DEGRADED") == []
    assert asked.scripts == ["greet"]
    noticed_before_an_agent(rows)
    await whole_recording(rows, asterisk.volumes[0])


async def test_2_the_agi_server_aborts_in_the_middle(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    async with agi(asterisk, GREET, abort=("greet",)):
        await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == [["greet", "SUCCESS", "", ""]]
    assert talked_to(rows) == {"desk-8000"}
    noticed_before_an_agent(rows)
    await whole_recording(rows, asterisk.volumes[0])


async def test_3_the_agi_server_hangs(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    async with agi(asterisk, hang=("greet",)):
        await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == [["greet", "HANGUP", "", ""]]
    moments = {row["userdeftype"]: float(row["eventtime"]) for row in rows if row["userdeftype"]}
    assert moments["CC_DEGRADED"] - moments["CC_REC_START"] == pytest.approx(2.0, abs=0.3)
    assert talked_to(rows) == {"desk-8000"}
    noticed_before_an_agent(rows)
    await whole_recording(rows, asterisk.volumes[0])


async def test_4_the_agi_server_is_down(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    """INV-7: with all our processes dead the static queue is reached within 5 s and the AGI deadline."""
    await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == [["greet", "FAILURE", "", ""]]
    [queued] = [row for row in rows if row["eventenum"] == "APP_START"]
    assert float(queued["eventtime"]) - float(rows[0]["eventtime"]) < 5.0
    assert talked_to(rows) == {"desk-8000"}
    noticed_before_an_agent(rows)
    await whole_recording(rows, asterisk.volumes[0])


async def test_5_no_stasis_application(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    async with agi(asterisk, UNDECIDED):
        await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == [["stasis", "SUCCESS", "FAILED", "1"]]
    assert talked_to(rows) == {"desk-8000"}
    noticed_before_an_agent(rows)
    await whole_recording(rows, asterisk.volumes[0])


async def test_6_the_controller_dies_in_stasis(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    async def controller() -> None:
        key = f"{asterisk.ari_user}:{asterisk.ari_password}"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{asterisk.ari_url}/events?app=cc&api_key={key}") as events,
        ):
            ready.set()
            while (await events.receive_json())["type"] != "StasisStart":
                pass

    ready = asyncio.Event()
    async with agi(asterisk, UNDECIDED), asyncio.TaskGroup() as tasks:
        tasks.create_task(controller())
        await ready.wait()
        await call(asterisk, complaint, stay=15.0)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == [["stasis", "SUCCESS", "SUCCESS", "1"]]
    assert talked_to(rows) == {"desk-8000"}
    await whole_recording(rows, asterisk.volumes[0])


async def test_7_volume_one_is_flagged(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    flag = asterisk.volumes[0] / ".ok"
    flag.unlink()
    try:
        async with agi(asterisk, GREET):
            await call(asterisk, complaint)
    finally:
        flag.touch()
    rows = await cel.until("LINKEDID_END")
    assert talked_to(rows) == {"desk-8001"}
    await whole_recording(rows, asterisk.volumes[1])


@contextmanager
def unwritable(volume: Path) -> Iterator[None]:
    """Nobody but root may write there. The folder itself stays: it may be mounted elsewhere."""
    folders = [volume, *(path for path in volume.iterdir() if path.is_dir())]
    before = [folder.stat() for folder in folders]
    for folder in folders:
        os.chown(folder, 0, 0)
        folder.chmod(0o755)
    try:
        yield
    finally:
        for folder, was in zip(folders, before, strict=True):
            os.chown(folder, was.st_uid, was.st_gid)
            folder.chmod(was.st_mode & 0o7777)


async def test_8_volume_one_cannot_be_written(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    with unwritable(asterisk.volumes[0]):
        async with agi(asterisk, GREET):
            await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    [[failed]] = extras(rows, "CC_REC_FAIL")
    assert Path(failed).is_relative_to(asterisk.volumes[0])
    assert talked_to(rows) == {"desk-8001"}
    await whole_recording(rows, asterisk.volumes[1])


async def test_both_volumes_unwritable_the_call_goes_on(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    """INV-1, INV-11: a call that could not be recorded says so."""
    with unwritable(asterisk.volumes[0]), unwritable(asterisk.volumes[1]):
        async with agi(asterisk, GREET):
            await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    [[named]] = extras(rows, "CC_REC_NONE")
    assert named == rows[0]["linkedid"]
    assert len(extras(rows, "CC_REC_FAIL")) == 2
    assert talked_to(rows) == {"desk-8001"}


async def test_the_controller_decides_and_lets_the_call_go(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    """INV-8: the path without a failure through Stasis: CC_NEXT is set, then continue."""

    async def controller() -> None:
        key = f"{asterisk.ari_user}:{asterisk.ari_password}"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{asterisk.ari_url}/events?app=cc&api_key={key}") as events,
        ):
            ready.set()
            while (event := await events.receive_json())["type"] != "StasisStart":
                pass
            allowed = {"api_key": key}
            channel = f"{asterisk.ari_url}/channels/{event['channel']['id']}"
            assert event["channel"]["accountcode"] == event["channel"]["id"] == event["args"][0]
            await session.post(f"{channel}/variable", params={**allowed, "variable": "CC_NEXT", "value": "cc-general"})
            await session.post(f"{channel}/continue", params=allowed)

    ready = asyncio.Event()
    logged = asterisk.log.stat().st_size
    async with agi(asterisk, UNDECIDED), asyncio.TaskGroup() as tasks:
        tasks.create_task(controller())
        await ready.wait()
        await call(asterisk, complaint)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_DEGRADED") == []
    assert talked_to(rows) == {"desk-8001"}
    await whole_recording(rows, asterisk.volumes[0], sizes_untold=True)
    assert b"Dangerous function" not in asterisk.log.read_bytes()[logged:]
