"""An Asterisk comes three ways: this machine's own, one in a root folder, one elsewhere. The same tests run on each."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from callcenter.demo import people
from callcenter.lab.asterisk import Asterisk
from callcenter.lab.console import Console
from callcenter.lab.provider import missing_modules, own, provide, version_of
from callcenter.lab.refusal import NoAsteriskError
from callcenter.lab.root import AsteriskTree, default_root, inspect_tree
from callcenter.lab.site import AgentPhone

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]

SAME_TESTS = (
    "tests/asterisk/test_inbound_call.py::test_a_customer_complains_and_everything_of_the_call_is_known",
    "tests/asterisk/test_fallback.py::test_1_nothing_fails",
    "tests/asterisk/test_fallback.py::test_4_the_agi_server_is_down",
)
"""A whole call with its ticket, its recording and its rows; and the dialplan with and without us."""
MACHINE_WITH_ASTERISK = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
for file in passwd group; do
  cat /etc/$file >/mnt/$file
  grep ^asterisk: "$ROOT/etc/$file" | sed 's/:[0-9]*:[0-9]*:/:9552:9552:/; s/:x:[0-9]*:/:x:9552:/' >>/mnt/$file
done
mount -t overlay overlay -o lowerdir="$ROOT/usr:/usr" /usr
mount -t overlay overlay -o lowerdir="/etc:$ROOT/etc" /etc
for file in passwd group; do mount --bind /mnt/$file /etc/$file; done
exec "$@"
"""
"""Runs a program where everything of a root folder is installed on the machine itself: for that program, and only in
its own view of the file system."""


@pytest.fixture(scope="module")
def root(asterisk_tree: AsteriskTree) -> Path:
    """A root folder with Asterisk."""
    if not asterisk_tree.chrooted:
        pytest.skip("this machine's own Asterisk is what all tests run on")
    return asterisk_tree.root


@pytest.fixture
def secluded() -> Iterator[Path]:
    """A folder which only root may enter, as a home folder is."""
    folder = Path(tempfile.mkdtemp(prefix="cc-secluded-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def on_a_machine_with_asterisk(root: Path, *command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", MACHINE_WITH_ASTERISK, "sh", *map(str, command)],
        env={**kept, **environ, "ROOT": str(root)},
        capture_output=True,
        text=True,
    )


def test_a_named_folder_is_taken_as_it_is(root: Path) -> None:
    told: list[str] = []
    tree = provide(told.append, {"CALLCENTER_ASTERISK_ROOT": str(root)})
    assert (tree.root, tree.chrooted, told) == (root, True, [])
    assert version_of(tree).startswith("22.")
    assert missing_modules(tree) == []
    assert default_root({}) == default_root({"CALLCENTER_ASTERISK_ROOT": ""})


def test_this_machines_own_is_taken_when_it_is_one_we_can_use(root: Path) -> None:
    told: list[str] = []
    tree = own(root, told.append)  # seen from inside the folder it would be the machine
    assert tree is not None
    assert told == [f"Asterisk: using this machine's own {version_of(tree)}, with a configuration and ports of ours"]


def test_this_machines_own_is_left_alone_when_it_is_not(root: Path, tmp_path: Path) -> None:
    told: list[str] = []
    assert own(tmp_path, told.append) is None, "there is none"
    old = tmp_path / "old"
    (old / "usr/sbin").mkdir(parents=True)
    (old / "usr/lib/asterisk/modules").mkdir(parents=True)
    (old / "usr/sbin/asterisk").write_text("no program")
    (old / "etc").mkdir()
    (old / "etc/passwd").write_text("root:x:0:0::/:\n")
    assert own(old, told.append) is None, "without the user asterisk"
    (old / "etc/passwd").write_text("asterisk:x:5:5::/:\n")
    assert own(old, told.append) is None
    assert told == ["Asterisk: this machine has one that does not run, not 22; not used"]


def test_where_asterisk_org_installs_is_found_too(tmp_path: Path) -> None:
    for folder in ("usr/sbin", "usr/lib/asterisk/modules", "var/lib/asterisk", "etc"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/sbin/asterisk").touch()
    (tmp_path / "etc/passwd").write_text("asterisk:x:5:6::/:\n")
    tree = inspect_tree(tmp_path)
    assert (tree.modules, tree.data) == ("/usr/lib/asterisk/modules", "/var/lib/asterisk")
    assert (tree.uid, tree.gid) == (5, 6)


def test_nothing_named_and_nothing_there_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(NoAsteriskError, match="holds something, but no Asterisk"):
        provide(print, {"CALLCENTER_ASTERISK_ROOT": str(tmp_path)}, tmp_path)


def test_one_installed_on_the_machine_itself_passes_the_same_tests(root: Path) -> None:
    """Provider, way 1: root `/`, chosen without being named."""
    chosen = on_a_machine_with_asterisk(
        root, sys.executable, "-c", "from callcenter.lab.provider import provide; print(provide(print).root)"
    )
    assert chosen.stdout.splitlines()[-1] == "/", chosen.stderr
    done = on_a_machine_with_asterisk(root, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SAME_TESTS)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "/view" not in Path("/proc/mounts").read_text()


def test_one_on_the_machine_reaches_our_files_in_a_folder_that_only_root_may_enter(root: Path, secluded: Path) -> None:
    """A checkout under /root: Asterisk is another user."""
    program = f"""
import sys
from pathlib import Path
from callcenter.lab.asterisk import Asterisk
from callcenter.lab.provider import provide
from callcenter.lab.speech import make_prompts
place = Path({str(secluded)!r})
instance = Asterisk.create(place / "deep/asterisk", provide(print), sounds=make_prompts(place / "sounds", print))
instance.start()
with instance.console() as console:
    print(console.command("core show sound cc/notice"))
instance.stop()
print(sorted(path.name for path in place.glob("[!.]*")), oct(place.stat().st_mode))
"""
    done = on_a_machine_with_asterisk(root, sys.executable, "-c", program)
    assert "Language zh:" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "['deep', 'sounds'] 0o40700"


def test_one_elsewhere_passes_the_same_tests_by_its_address(
    new_asterisk: Callable[..., Asterisk], tmp_path: Path
) -> None:
    """Provider, way 3: CALLCENTER_TEST_ASTERISK."""
    instance = new_asterisk()
    instance.start()
    file = tmp_path / "asterisk.json"
    file.write_text(json.dumps(asdict(instance.address), default=str))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SAME_TESTS],
        env={**os.environ, "CALLCENTER_TEST_ASTERISK": str(file), "CALLCENTER_ASTERISK_ROOT": "/no/such/root"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    with Console(instance.address.console) as console:
        assert "0 active channels" in console.command("core show channels count")
    instance.stop()


def test_the_demonstration_happens_on_one_elsewhere(prepared: tuple[AsteriskTree, Path]) -> None:
    """`make demo ASTERISK=file`: nothing here starts or stops an Asterisk."""
    place = Path(tempfile.mkdtemp(prefix="cc-elsewhere-", dir="/tmp"))
    place.chmod(0o755)
    phones = tuple(AgentPhone(extension, f"lab-{extension}") for extension in people.extensions())
    tree, sounds = prepared
    instance = Asterisk.create(place / "asterisk", tree, sounds=sounds, phones=phones)
    instance.start()
    file = place / "asterisk.json"
    file.write_text(json.dumps(asdict(instance.address), default=str))
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "demo", "--json", "--asterisk", file, "--folder", place / "demo"],
        env={**os.environ, "CALLCENTER_ASTERISK_ROOT": "/no/such/root"},
        capture_output=True,
        text=True,
    )
    try:
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["complete"] is True
        assert "Asterisk: starting" not in done.stdout
        assert not (place / "demo/asterisk").exists()
        assert instance.pid is not None
    finally:
        instance.stop()
        shutil.rmtree(place)


def test_other_ports_are_taken_when_somebody_has_ours(new_asterisk: Callable[..., Asterisk]) -> None:
    instance = new_asterisk()
    instance.start()
    instance.stop()
    before = instance.address
    with socket.create_server(("127.0.0.1", before.console.port)):
        instance.start()
        after = instance.address
        assert after.console.port != before.console.port
        assert Asterisk.reopen(instance.site.directory).address == after
        with instance.console() as console:
            assert f"CC_AGI=agi://127.0.0.1:{after.agi_port}" in console.command("dialplan show globals")
    instance.stop()
