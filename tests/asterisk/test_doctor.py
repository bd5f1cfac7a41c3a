"""`callcenter doctor` on real switches: one as shipped, the others each with everything set wrong that can be."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.clock import SystemClock
from callcenter.config import AmiConfig, AriConfig, Config, DatabaseConfig, FastAgiConfig, RecordingsConfig
from callcenter.doctor import examination
from callcenter.doctor.examination import examine
from callcenter.doctor.finding import Verdict
from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from callcenter.lab.console import ConsoleError
from callcenter.lab.environment import Environment, started
from callcenter.lab.ports import free_tcp
from callcenter.lab.root import AsteriskTree

pytestmark = pytest.mark.asterisk

SWITCH = ("asterisk", "ari", "fastagi", "event-log", "volumes", "clocks")
WHOLE = {"CC_AGI_DEADLINE": "5", "CC_LEASE": "15"}
Seen = Mapping[tuple[str, str], Verdict]


def settings(address: AsteriskAddress) -> Config:
    """What our processes would be told of this switch; there is no database."""
    return Config(
        database=DatabaseConfig(url=f"postgresql://cc@127.0.0.1:{free_tcp()}/cc"),
        fastagi=FastAgiConfig(port=address.agi_port),
        ari=AriConfig(url=address.ari_url, user=address.ari_user, password=address.ari_password),
        ami=AmiConfig(
            host=address.console.host,
            port=address.console.port,
            user=address.console.user,
            password=address.console.password,
        ),
        recordings=RecordingsConfig(volumes=address.volumes, cel_file=address.cel),
    )


def seen(config: Config, parts: tuple[str, ...] = SWITCH, ahead: float = 0.0) -> Seen:
    """(part, check) → verdict. No finding repeats a password."""

    class Ahead(SystemClock):
        def now(self):  # type: ignore[no-untyped-def]
            return super().now() + timedelta(seconds=ahead)

    wanted = tuple(part for part in examination.PARTS if part.name in parts)
    report = asyncio.run(examine(config, Ahead(), parts=wanted))
    told = json.dumps(report.as_json())
    assert report.seconds < examination.LIMIT + 1
    for secret in (config.ari.password, config.ami.password):
        assert not secret or secret not in told
    return {(part.name, finding.check): finding.verdict for part in report.parts for finding in part.findings}


def edit(instance: Asterisk, name: str, *changes: tuple[str, str]) -> None:
    """Changes an instance's own copy of a configuration file; each pattern must be there."""
    file = instance.site.directory / "etc" / name
    text = file.read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, f"{name}: {pattern}"
    file.write_text(text)


@pytest.fixture(scope="module")
def shipped(new_asterisk: Callable[..., Asterisk]) -> Asterisk:
    """The configuration as it is shipped, with its own deadlines."""
    instance = new_asterisk(**WHOLE)
    instance.start()
    return instance


@pytest.fixture(scope="module")
def crooked(new_asterisk: Callable[..., Asterisk]) -> Asterisk:
    """Every setting wrong that leaves AMI and ARI alive."""
    instance = new_asterisk(**WHOLE)
    edit(
        instance,
        "asterisk.conf",
        ("^cache_record_files = no", "cache_record_files = yes"),
        ("^transmit_silence = yes", "transmit_silence = no"),
        ("^transcode_via_sln = yes", "transcode_via_sln = no"),
        ("^languageprefix = yes", "languageprefix = no"),
        ("^defaultlanguage = zh", "defaultlanguage = en"),
        ("^live_dangerously = no", "live_dangerously = yes"),
        ("^maxfiles = 65536", "maxfiles = 512"),
        ("^#include site/options.conf", ""),
    )
    edit(instance, "cel.conf", (",LINKEDID_END,USER_DEFINED", ""), ("^apps = .*", "apps = dial"))
    edit(instance, "cel_custom.conf", (r"^\[cel.jsonl\]\n.*\n.*", "[mappings]\ncel.jsonl => ${eventtype}"))
    edit(instance, "cdr.conf", ("^enable = no", "enable = yes"), ("^batch = no", "batch = yes"))
    edit(instance, "http.conf", ("^sessionlimit = 1000.*", ""))
    edit(instance, "site/http.conf", ("^bindaddr = .*", "bindaddr = 0.0.0.0"))
    edit(instance, "ari.conf", ("^websocket_write_timeout = 1000", ""))
    edit(instance, "site/ari.conf", ("^read_only = no", "read_only = yes"))
    edit(instance, "site/manager.conf", ("^bindaddr = .*", "bindaddr = 0.0.0.0"), (",originate", ""), (",dialplan", ""))
    edit(instance, "queues.conf", ("^autofill = yes.*", "autofill = no"), ("^persistentmembers = yes.*", ""))
    edit(instance, "site/queue-fallback.conf", (r"^member.*\n", ""))
    edit(instance, "queues.conf", (r"^\[cc-policy\]\(cc\)", ""))
    edit(
        instance,
        "modules.conf",
        ("^load = app_chanspy.so", "load = codec_a_mu.so"),
        ("^load = app_confbridge.so", "load = cel_sqlite3_custom.so"),
    )
    (instance.site.directory / "etc/cel_sqlite3_custom.conf").write_text(
        "[master]\ntable = cel\ncolumns => eventtype\nvalues => '${eventtype}'\n"
    )
    edit(instance, "extensions.conf", ("^#include dialplan/supervise.conf", ""), ("^CC_ZONE = .*", "CC_ZONE = UTC"))
    edit(
        instance,
        "site/globals.conf",
        ("^CC_AGI = .*", f"CC_AGI = agi://localhost:{free_tcp()}"),
        ("^CC_REC2 = .*", ""),
    )
    edit(instance, "pjsip.conf", ("^allow = alaw", "allow = ulaw,alaw"))
    (instance.site.directory / "no-music").mkdir()
    edit(instance, "site/musiconhold.conf", ("^directory = .*", f"directory = {instance.site.directory}/no-music"))
    data = instance.site.directory / "data"
    (data / "sounds").unlink()
    (data / "sounds").mkdir()
    (instance.site.directory / "hosts").write_text("127.0.0.1 localhost\n")
    instance.start()
    return instance


CROOKED = [
    ("systemname", Verdict.FAIL),
    ("cache-record-files", Verdict.FAIL),
    ("transmit-silence", Verdict.FAIL),
    ("transcode-via-slin", Verdict.FAIL),
    ("language-prefix", Verdict.FAIL),
    ("language", Verdict.FAIL),
    ("live-dangerously", Verdict.WARN),
    ("open-files", Verdict.WARN),
    ("cel-events", Verdict.FAIL),
    ("cel-mapping", Verdict.FAIL),
    ("cdr-batch", Verdict.FAIL),
    ("http-sessions", Verdict.FAIL),
    ("http-bind", Verdict.WARN),
    ("ami-bind", Verdict.WARN),
    ("ami-rights", Verdict.FAIL),
    ("ari-write-timeout", Verdict.FAIL),
    ("queue-autofill", Verdict.FAIL),
    ("queue-persistentmembers", Verdict.FAIL),
    ("fallback", Verdict.FAIL),
    ("queues", Verdict.FAIL),
    ("modules", Verdict.FAIL),
    ("module-codec_a_mu", Verdict.FAIL),
    ("module-cel_sqlite3_custom", Verdict.FAIL),
    ("contexts", Verdict.FAIL),
    ("globals", Verdict.FAIL),
    ("agi-port", Verdict.FAIL),
    ("agi-name", Verdict.WARN),
    ("capture-globals", Verdict.FAIL),
    ("prompts", Verdict.FAIL),
    ("music", Verdict.FAIL),
    ("trunk", Verdict.FAIL),
    ("host-name", Verdict.FAIL),
]


@pytest.fixture(scope="module")
def seen_shipped(shipped: Asterisk) -> Seen:
    return seen(settings(shipped.address))


@pytest.fixture(scope="module")
def seen_crooked(crooked: Asterisk) -> Seen:
    return seen(settings(crooked.address))


def test_the_shipped_configuration_has_nothing_wrong(seen_shipped: Seen) -> None:
    """Of the switch itself; nobody of ours listens, and both volumes lie on one disk."""
    wrong = {check for check, verdict in seen_shipped.items() if verdict is not Verdict.OK}
    assert wrong == {("ari", "application"), ("fastagi", "reachable"), ("volumes", "two-disks")}
    quiet = {"live-dangerously", "agi-name", "module-codec_a_mu", "module-cel_sqlite3_custom"}
    looked_at = {name for part, name in seen_shipped if part == "asterisk"}
    assert {check for check, _ in CROOKED} - quiet <= looked_at


@pytest.mark.parametrize(("check", "verdict"), CROOKED)
def test_a_wrong_setting_is_told(seen_crooked: Seen, check: str, verdict: Verdict) -> None:
    """archive §3.6"""
    assert seen_crooked["asterisk", check] is verdict


def test_a_read_only_ari_user_is_told(seen_crooked: Seen) -> None:
    assert seen_crooked["ari", "read-only"] is Verdict.FAIL


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"ami": {"password": "wr0ng-s3cret"}}, {("asterisk", "ami")}),
        ({"ami": {"user": "nobody"}}, {("asterisk", "ami")}),
        ({"ami": {"port": 9}}, {("asterisk", "ami")}),
        ({"ari": {"password": "wr0ng-s3cret"}}, {("ari", "reachable")}),
        ({"ari": {"url": "http://127.0.0.1:9/ari"}}, {("ari", "reachable")}),
        ({"ari": {"app": "other"}}, {("ari", "application"), ("asterisk", "globals")}),
        ({"fastagi": {"port": 9}}, {("fastagi", "reachable"), ("asterisk", "agi-port")}),
        ({"recordings": {"volumes": (Path("/nowhere/a"), Path("/nowhere/b"))}}, {("volumes", "volume-1")}),
        (
            {"recordings": {"cel_file": Path("/nowhere/other.jsonl")}},
            {("event-log", "file"), ("asterisk", "cel-mapping")},
        ),
    ],
)
def test_settings_that_do_not_fit_the_switch_are_told(
    shipped: Asterisk, change: dict[str, dict[str, object]], found: set[tuple[str, str]]
) -> None:
    config = settings(shipped.address)
    for section, values in change.items():
        config = replace(config, **{section: replace(getattr(config, section), **values)})
    told = seen(config)
    assert {check for check, verdict in told.items() if verdict is Verdict.FAIL} >= found


def test_ari_at_another_path_is_no_ari(shipped: Asterisk) -> None:
    config = settings(shipped.address)
    config = replace(config, ari=replace(config.ari, url=config.ari.url.removesuffix("/ari")))
    assert seen(config)["ari", "reachable"] is Verdict.FAIL


def test_the_switchs_clock_is_compared(shipped: Asterisk) -> None:
    config = settings(shipped.address)
    assert [seen(config, ("clocks",), ahead)["clocks", "asterisk"] for ahead in (0.0, 1.0, -10.0)] == [
        Verdict.OK,
        Verdict.WARN,
        Verdict.FAIL,
    ]


def test_an_event_log_written_elsewhere_is_told_once_there_was_a_call(shipped: Asterisk, tmp_path: Path) -> None:
    """INV-12"""
    config = settings(shipped.address)
    with shipped.console() as console:
        console.action("Originate", Channel="Local/8XXX@cc-agent", Application="Wait", Data="0", Async="true")
        console.action("Originate", Channel="Local/s@cc-hangup", Application="Wait", Data="0", Async="true")
    for _ in range(100):
        if config.recordings.cel_file.exists():
            break
        asyncio.run(asyncio.sleep(0.05))
    assert seen(config, ("event-log",)) == {("event-log", "file"): Verdict.OK, ("event-log", "rows"): Verdict.OK}
    old = tmp_path / "cel.jsonl"
    old.write_bytes(config.recordings.cel_file.read_bytes())
    os.utime(old, (1_700_000_000, 1_700_000_000))
    elsewhere = replace(config, recordings=replace(config.recordings, cel_file=old))
    assert seen(elsewhere, ("event-log",))["event-log", "file"] is Verdict.FAIL
    old.unlink()
    assert seen(elsewhere, ("event-log",))["event-log", "file"] is Verdict.FAIL


def test_a_user_who_may_ask_little_is_told_and_the_rest_is_not_guessed(shipped: Asterisk) -> None:
    edit(shipped, "site/manager.conf", (",command", ""))
    with shipped.console() as console:
        console.command("manager reload")
    try:
        told = seen(settings(shipped.address), ("asterisk",))
        assert told["asterisk", "ami-rights"] is Verdict.FAIL
        assert ("asterisk", "contexts") not in told
    finally:
        edit(shipped, "site/manager.conf", ("^write = system,call,agent,originate,reporting$", r"\g<0>,command"))
        os.kill(shipped.pid or 0, signal.SIGHUP)  # AMI may not reload itself any more


def test_without_its_event_log_and_ari_a_switch_is_told(new_asterisk: Callable[..., Asterisk]) -> None:
    """INV-11, INV-12"""
    instance = new_asterisk(**WHOLE)
    edit(instance, "cel.conf", ("^enable = yes", "enable = no"))
    edit(instance, "ari.conf", ("^enabled = yes", "enabled = no"))
    edit(instance, "modules.conf", ("^autoload = no", "autoload = yes"))
    instance.start()
    told = seen(settings(instance.address))
    assert told["asterisk", "cel"] is Verdict.FAIL
    assert told["asterisk", "ari-enabled"] is Verdict.FAIL
    assert told["asterisk", "autoload"] is Verdict.WARN
    assert told["ari", "reachable"] is Verdict.FAIL
    instance.stop()


def test_a_switch_that_stands_still_is_told_in_time(new_asterisk: Callable[..., Asterisk]) -> None:
    """F of a hung Asterisk"""
    instance = new_asterisk(**WHOLE)
    instance.start()
    pid = instance.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    told = seen(settings(instance.address))
    assert (told["asterisk", "ami"], told["ari", "reachable"]) == (Verdict.FAIL, Verdict.FAIL)
    instance.kill()
    with pytest.raises((OSError, ConsoleError)):
        instance.console()


@pytest.fixture(scope="module")
def running(asterisk_tree: AsteriskTree) -> Iterator[Environment]:
    """The whole system, as `make run` starts it."""
    folder = Path(tempfile.mkdtemp(prefix="cc-whole-", dir="/tmp"))
    folder.chmod(0o755)
    with asyncio.Runner() as runner:
        whole = started(folder, print, fallback=("PJSIP/desk-8001",))
        environment = runner.run(whole.__aenter__())
        yield environment
        runner.run(whole.__aexit__(None, None, None))
    shutil.rmtree(folder)


def test_a_running_system_has_nothing_wrong(running: Environment) -> None:
    """design.md §3: exit 0 when all is well."""
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "doctor", "--json"], env=running.environ, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    wrong = [
        (part["part"], finding["check"], finding["en"])
        for part in found["parts"]
        for finding in part["findings"]
        if finding["verdict"] != "ok"
    ]
    assert {(part, check) for part, check, _ in wrong} <= {
        ("postgres", "checksums"),
        ("volumes", "two-disks"),
        ("archive", "signing-key"),
        ("telephones", "passwords"),  # nobody has a telephone here
        ("calendar", f"published-{SystemClock().now().year + 1}"),  # nobody loaded the notice of next year
    }, wrong
    assert (done.returncode, done.stderr) == (0, "")
    assert found["seconds"] < 3
