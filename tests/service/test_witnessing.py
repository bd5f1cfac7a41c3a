"""The worker has the log's heads co-signed by a real witness over HTTP, and believes it when it refuses."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from callcenter.archiving import keys
from callcenter.archiving.archiver import Archiver
from callcenter.archiving.witness_server import application
from callcenter.archiving.witnessing import Witnesses
from recordings.checkpoint import Signer
from recordings.witness import Witness, WitnessKey, cosignatures, seen
from tests.service.recorded import Recorded

pytestmark = pytest.mark.service


@pytest.fixture
async def witness(hotline: Recorded, tmp_path: Path) -> AsyncIterator[tuple[Witness, str]]:
    """A witness that listens, of the log the worker signs."""
    log = keys.kept(tmp_path / "keys", "hotline95519/log")
    folder = tmp_path / "witness"
    made = Witness(folder, keys.signer(folder, "audit.example/w"), keys.verifiers(log.public_text()))
    runner = web.AppRunner(application(made, hotline.clock))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def sealed(hotline: Recorded, tmp_path: Path) -> None:
    await hotline.call()
    signing = (tmp_path / "keys" / keys.PRIVATE).read_text()
    archiver = Archiver(replace(hotline.config, signing_key=signing), hotline.db, hotline.clock)
    await archiver.seal_due()
    archiver.close()


def asking(hotline: Recorded, url: str, key: str) -> Witnesses:
    return Witnesses(replace(hotline.config, witnesses=(f"{url} {key}",)), hotline.db, hotline.clock)


async def test_each_new_head_is_co_signed_and_kept(
    hotline: Recorded, witness: tuple[Witness, str], tmp_path: Path
) -> None:
    """archive.md 2.6 (c)"""
    made, url = witness
    witnesses = asking(hotline, url, made.key())
    assert await witnesses.ask() == 0, "nothing is signed yet"
    for size in (1, 2):
        await sealed(hotline, tmp_path)
        assert await witnesses.ask() == 1
        assert seen(hotline.site.archive.log, WitnessKey.parse(made.key())) == size
        assert await witnesses.ask() == 1, "it is not asked twice about one head"
    assert await hotline.column("SELECT kind FROM incident") == []
    async with ClientSession() as session, session.get(f"{url}/key") as reply:
        assert (await reply.text()).strip() == made.key()


async def test_what_it_saw_is_found_again_when_our_own_note_of_it_is_lost(
    hotline: Recorded, witness: tuple[Witness, str], tmp_path: Path
) -> None:
    made, url = witness
    await sealed(hotline, tmp_path)
    assert await asking(hotline, url, made.key()).ask() == 1
    shutil.rmtree(hotline.site.archive.log / "witnessed")
    await sealed(hotline, tmp_path)
    assert await asking(hotline, url, made.key()).ask() == 1


async def test_a_log_put_back_from_a_backup_is_refused_and_a_person_told_once(
    hotline: Recorded, witness: tuple[Witness, str], tmp_path: Path
) -> None:
    """The log rolled back, and grown again with another past: the witness remembers."""
    made, url = witness
    await sealed(hotline, tmp_path)
    shutil.copytree(hotline.config.archive_root, tmp_path / "backup")
    await sealed(hotline, tmp_path)
    witnesses = asking(hotline, url, made.key())
    assert await witnesses.ask() == 1
    shutil.rmtree(hotline.config.archive_root)
    shutil.copytree(tmp_path / "backup", hotline.config.archive_root)
    hotline.site.log.append([{"n": 1}, {"n": 2}])
    hotline.site.log.sign(Signer.parse((tmp_path / "keys" / keys.PRIVATE).read_text()))
    assert (await witnesses.ask(), await witnesses.ask()) == (0, 0)
    assert await hotline.column("SELECT kind FROM incident") == ["witness_contradicts"]
    assert await hotline.column("SELECT details ->> 'status' FROM incident") == ["422"]
    assert cosignatures(hotline.site.archive.log) == {}


async def test_a_witness_that_is_not_there_is_asked_again_and_nothing_waits_for_it(
    hotline: Recorded, witness: tuple[Witness, str], tmp_path: Path
) -> None:
    made, _ = witness
    await sealed(hotline, tmp_path)
    async with asyncio.timeout(15):
        assert await asking(hotline, "http://127.0.0.1:9", made.key()).ask() == 0
    assert await hotline.column("SELECT kind FROM incident") == []
