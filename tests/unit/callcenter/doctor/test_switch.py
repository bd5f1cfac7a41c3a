"""The doctor's visit to Asterisk, at a manager that answers as the test says."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agi.ami import AmiDeniedError, AmiUnavailableError
from callcenter.clock import SystemClock
from callcenter.config import AmiConfig, Config
from callcenter.doctor import switch
from callcenter.doctor.asterisk import host_name, root_of
from callcenter.doctor.finding import Notes
from callcenter.doctor.switch import Switch
from callcenter.lab.ports import free_tcp
from callcenter.lab.speech import PROMPTS
from tests.conftest import NOON
from tests.fakes.ami import Answer, Manager, managed

pytestmark = pytest.mark.unit

PRINTED: Mapping[str, str] = {
    "core show settings": "  Version:                     22.10.1\n  System name:                 hl1",
    "core show uptime seconds": "System uptime: 42",
    "core show channels count": "2 active channels\n17 calls processed",
    "cel show status": "CEL Logging: Enabled",
    "cdr show status": "  Logging:                    Disabled",
    "http show status": "Server Enabled and Bound to 127.0.0.1:8088",
    "ari show status": "Enabled: Yes",
    "ari show users": "No    No    cc",
    "manager show settings": "  Manager (AMI):             Yes",
    "manager show user cc": "       username: cc\n         secret: <Set>",
    "module show": "app_dial.so   Dialing Application   0          Running              core",
    "dialplan show globals": "   CC_AGI=agi://127.0.0.1:4573",
    "dialplan show": "[ Context 'cc-in' created by 'pbx_config' ]",
    "queue show": "cc-fallback has 0 calls\n   Members: \n      PJSIP/desk-8001 (ringinuse disabled) (x)",
    "moh show files": "Class: default\n\tFile: /m/hold",
    "pjsip show endpoint trunk-main": " context       : cc-in",
}
ARI_CONF = "Category-000000: cc\r\nLine-000000-000000: type=user\r\nLine-000000-000001: password=s3cret\r\n"


def answering(fields: dict[str, str]) -> str:
    """As an Asterisk that has everything, its first prompt in Chinese alone."""
    if fields["Action"] == "Ping":
        return "Response: Success\r\n@Ping: Pong\r\nTimestamp: 1795320000.500000\r\n"
    if fields["Action"] == "GetConfig":
        return f"Response: Success\r\n@{ARI_CONF if fields['Filename'] == 'ari.conf' else ''}"
    line = fields["Command"]
    if line == f"core show sound cc/{next(iter(PROMPTS))}":
        printed = "Indexed Information for it:\n  Language zh:\n    Format: alaw"
    else:
        printed = PRINTED.get(line, "")
    output = "".join(f"Output: {text}\r\n" for text in printed.split("\n"))
    return f"Response: Success\r\n@Message: Command output follows\r\n{output}"


class Ticking:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.read = 0

    def now(self) -> datetime:
        self.read += 1
        return NOON + timedelta(seconds=self.read)


async def visit(answer: Answer) -> tuple[Switch, Manager]:
    async with managed(answer) as manager:
        config = replace(Config(), ami=AmiConfig(port=manager.port, user="cc", password="x"))
        return await switch.read(config, Ticking()), manager


async def test_everything_is_read_in_one_visit_that_changes_nothing() -> None:
    found, manager = await visit(answering)
    assert (found.version, found.uptime, found.calls) == ("22.10.1", 42, 17)
    assert found.queues == {"cc-fallback": ("PJSIP/desk-8001",)}
    assert found.variables == {"CC_AGI": "agi://127.0.0.1:4573"}
    assert (found.modules, found.contexts) == ({"app_dial.so"}, {"cc-in"})
    assert (found.music, found.trunk) == ({"default": 1}, {"context": "cc-in"})
    assert found.ari_users == {"cc": False}
    assert found.prompts == {next(iter(PROMPTS))}
    assert found.refused == frozenset()
    assert len(manager.writers) == 1
    assert {fields["Action"] for fields in manager.actions} == {"Login", "Ping", "Command", "GetConfig"}
    assert all(" show" in fields["Command"] for fields in manager.actions if "Command" in fields)


async def test_no_password_of_a_file_is_kept() -> None:
    found, _ = await visit(answering)
    assert found.files["ari.conf"] == {"cc": {"type": "user"}}
    assert "s3cret" not in repr(found)


async def test_the_moment_of_its_clock_is_the_middle_of_the_round_trip() -> None:
    found, _ = await visit(answering)
    assert found.asked == NOON + timedelta(seconds=1.5)
    assert found.at == 1795320000.5


async def test_what_our_user_may_not_ask_is_remembered_and_the_rest_is_read() -> None:
    def narrow(fields: dict[str, str]) -> str:
        if fields["Action"] in {"Command", "GetConfig"}:
            return "Response: Error\r\n@Message: Permission denied\r\n"
        return answering(fields)

    found, _ = await visit(narrow)
    assert found.refused == {"Command", "GetConfig"}
    assert (found.version, found.queues, found.files["ari.conf"]) == ("", {}, {})
    assert found.at == 1795320000.5


async def test_a_file_that_is_not_there_is_empty_and_no_refusal() -> None:
    def without(fields: dict[str, str]) -> str:
        if fields["Action"] == "GetConfig":
            return "Response: Error\r\n@Message: Config file not found\r\n"
        return answering(fields)

    found, _ = await visit(without)
    assert found.refused == frozenset()
    assert set(found.files) == set(switch.FILES)
    assert all(tables == {} for tables in found.files.values())


async def test_an_asterisk_that_falls_silent_ends_the_visit_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "TIMEOUT", 0.1)
    async with asyncio.timeout(5):
        with pytest.raises(AmiUnavailableError):
            await visit(lambda fields: None if fields.get("Command") == "queue show" else answering(fields))


async def test_nobody_there_and_a_refused_log_in_are_two_things() -> None:
    away = replace(Config(), ami=AmiConfig(port=free_tcp()))
    with pytest.raises(AmiUnavailableError):
        await switch.read(away, SystemClock())

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refusing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(AmiDeniedError, match="Authentication failed"):
        await switch.read(replace(Config(), ami=AmiConfig(port=port)), SystemClock())
    server.close()


async def test_an_asterisk_on_another_machine_is_not_judged_by_our_files() -> None:
    """Its pid file is not here, or names a program that is none."""
    found, _ = await visit(answering)
    notes = Notes()
    for pid_file in ("", "/no/asterisk.pid"):
        there = replace(found, settings={"PID file": pid_file})
        assert root_of(there) is None
        host_name(there, notes)
    assert notes.findings == []
