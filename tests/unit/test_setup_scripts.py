"""The scripts behind `make`: what they refuse is told in one sentence, and nothing half made is taken for whole."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKER = CHECKOUT / "docker"
TOOLS = ("sh", "awk", "dirname", "df", "uname", "id", "mkdir", "tail", "grep", "sleep", "rm", "touch", "kill", "cat")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, mounts")
Done = subprocess.CompletedProcess[str]


def run(*command: str | Path, cwd: Path, **environ: str) -> Done:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "MFLAGS"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def sentence(done: Done) -> str:
    """The one line it was refused with."""
    assert done.returncode == 2, done
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert line.endswith((".", ")"))
    return line


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the plainest tools alone: no apt, no sudo, no sipp."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


def stub(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def wheels(tmp_path: Path) -> tuple[Path, Path, dict[str, str]]:
    """A lock file with one package, the folder that has it, and the environment in which pip asks nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel = folder / "tinypart-1.0-py3-none-any.whl"
    about = "tinypart-1.0.dist-info"
    files = {
        "tinypart.py": "HERE = True\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tinypart\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
        made.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD")))
    lock = tmp_path / "tiny.lock"
    lock.write_text(f"tinypart==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return lock, folder, {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "SETUP_LOG": str(tmp_path / "log")}


# ---- setup-python


@pytest.mark.parametrize("version", ["3.9", "3.10", "2.7", "3.1"])
def test_an_old_python_is_refused_before_anything_is_made(tmp_path: Path, version: str) -> None:
    old = stub(tmp_path, "python", f"echo {version}")
    done = run(DOCKER / "setup-python", old, tmp_path / "venv", "x.lock", cwd=tmp_path)
    assert sentence(done).startswith(f"Python 3.11 or newer is needed, {old} is {version}: ")
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run(DOCKER / "setup-python", "/no/python3", tmp_path / "venv", "x.lock", cwd=tmp_path)
    assert "/no/python3 does not run: install it" in sentence(done)


def test_packages_that_cannot_be_had_leave_no_environment_that_is_taken_for_whole(
    tmp_path: Path, wheels: tuple[Path, Path, dict[str, str]]
) -> None:
    lock, folder, environ = wheels
    venv = tmp_path / "venv"
    dead = {**environ, "PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    told = sentence(run(DOCKER / "setup-python", "python3", venv, lock, cwd=tmp_path, **dead))
    assert "could not be installed (Failed to establish a new connection: [Errno 111] Connection refused)" in told
    assert (venv / ".unfinished").exists()
    (venv / "old").touch()
    noisy = {**environ, "PIP_FIND_LINKS": f"{folder} /no/such/place"}
    again = run(DOCKER / "setup-python", "python3", venv, lock, cwd=tmp_path, **noisy)
    assert (again.returncode, again.stderr) == (0, "")
    told = [line for line in again.stdout.splitlines() if not line.startswith("  … still ")]
    assert told == [f"setting up {venv} …", f"installing 1 Python packages of {lock} …"]
    assert "/no/such/place" in (tmp_path / "log/setup-python.log").read_text(), "pip's noise is kept, not shown"
    assert not (venv / "old").exists(), "it was made anew"
    assert not (venv / ".unfinished").exists()
    assert run(venv / "bin/python", "-c", "import tinypart", cwd=tmp_path).returncode == 0


def test_an_environment_whose_making_was_killed_is_made_anew(
    tmp_path: Path, wheels: tuple[Path, Path, dict[str, str]]
) -> None:
    lock, folder, environ = wheels
    venv = tmp_path / "venv"
    whole = {**os.environ, **environ, "PIP_FIND_LINKS": str(folder)}
    killed = subprocess.Popen(
        [DOCKER / "setup-python", "python3", venv, lock], env=whole, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not (venv / "pyvenv.cfg").exists():
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert (venv / ".unfinished").exists()
    done = run(DOCKER / "setup-python", "python3", venv, lock, cwd=tmp_path, PIP_FIND_LINKS=str(folder), **environ)
    assert done.returncode == 0, done
    assert run(venv / "bin/python", "-c", "import tinypart, pip", cwd=tmp_path).returncode == 0


@needs_root
def test_a_full_disk_is_told_and_leaves_no_environment(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        done = run(DOCKER / "setup-python", "python3", small / "venv", "x.lock", cwd=tmp_path, SETUP_LOG=str(tmp_path))
        assert "could not be made" in sentence(done)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


# ---- setup-machine


def test_a_machine_that_has_everything_needs_no_apt(tmp_path: Path, bare: Path) -> None:
    done = run(DOCKER / "setup-machine", "grep", "awk=gawk", cwd=tmp_path, PATH=str(bare))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_apt_the_missing_packages_are_named(tmp_path: Path, bare: Path) -> None:
    told = sentence(run(DOCKER / "setup-machine", "grep", "sipp=sip-tester", "sox", cwd=tmp_path, PATH=str(bare)))
    assert "missing and this machine has no apt: sip-tester sox. Install them by hand, or use docker compose" in told


@needs_root
def test_without_root_and_sudo_the_missing_packages_are_named(tmp_path: Path, bare: Path) -> None:
    stub(bare, "apt-get", "exit 0")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    (bare / "setpriv").symlink_to(shutil.which("setpriv") or "")
    done = run(*NOBODY, *reading, DOCKER / "setup-machine", "sox", cwd=tmp_path, PATH=str(bare))
    assert sentence(done) == "These packages are missing: sox. Run this as root, or install sudo."


@needs_root
@pytest.mark.skipif(shutil.which("apt-get") is None, reason="asks the real apt")
def test_packages_that_apt_cannot_fetch_are_named_with_the_reason(tmp_path: Path) -> None:
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "SETUP_LOG": str(tmp_path)}
    told = sentence(run(DOCKER / "setup-machine", "no-such-program=no-such-package-95519", cwd=tmp_path, **dead))
    assert told.startswith("These packages could not be installed: no-such-package-95519 (Unable to locate package")


# ---- check-machine


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` needs of a checkout, fresh: no environment, nothing set up."""
    folder = tmp_path / "checkout"
    shutil.copytree(DOCKER, folder / "docker")
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(CHECKOUT / name, folder)
    return folder


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {
        "docker",
        "Makefile",
        "requirements.lock",
        "requirements-dev.lock",
    }


@needs_root
@pytest.mark.parametrize("goal", ["run", "demo", "test", "bench"])
def test_without_root_make_says_so_and_makes_nothing(checkout: Path, goal: str) -> None:
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    told = sentence(run(*NOBODY, *reading, "make", goal, cwd=checkout))
    assert told.startswith("Asterisk is started in a root folder of its own, which needs root: run sudo make " + goal)
    assert left(checkout) == set()


@needs_root
@pytest.mark.parametrize("goal", ["run", "demo", "test", "bench"])
def test_make_with_an_old_python_makes_nothing(checkout: Path, tmp_path: Path, goal: str) -> None:
    old = stub(tmp_path, "python3.9", "echo 3.9")
    done = run("make", goal, f"PYTHON={old}", cwd=checkout)
    assert sentence(done).startswith("Python 3.11 or newer is needed")
    assert left(checkout) == set()


@needs_root
@pytest.mark.parametrize("goal", ["run", "demo", "test", "bench"])
def test_make_on_a_full_disk_makes_nothing(checkout: Path, goal: str) -> None:
    small = checkout.parent / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", small], check=True)
    try:
        moved = shutil.copytree(checkout, small / "checkout")
        told = sentence(run("make", goal, cwd=moved))
        assert "MB free, set-up and a run need 2500: make room" in told
        assert left(moved) == set()
    finally:
        subprocess.run(["umount", small], check=True)


@needs_root
def test_tests_need_room_for_their_servers_and_demonstrations_do_not(checkout: Path) -> None:
    """In a mount namespace of its own, where nobody else's /tmp becomes small."""

    def with_a_small_tmp(goal: str) -> Done:
        script = (
            f"here=/run/cc-$$; trap 'cd /; umount $here; rmdir $here' 0; mkdir $here; mount --bind {checkout} $here; "
            f"mount -t tmpfs -o size=40m,mode=1777 tmpfs /tmp; cd $here; docker/check-machine {goal}"
        )
        return run("unshare", "--mount", "sh", "-c", script, cwd=CHECKOUT)

    assert sentence(with_a_small_tmp("test")) == "/tmp has 40 MB free, make test needs 1200: make room there."
    assert with_a_small_tmp("demo").returncode == 0
    assert left(checkout) == set()


@needs_root
def test_an_environment_that_another_user_cannot_run_adds_no_second_sentence(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/root/no-python3")
    (checkout / ".venv/.runtime").touch()
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    assert "needs root" in sentence(run(*NOBODY, *reading, "make", "run", cwd=checkout))
    assert (checkout / ".venv/.runtime").exists()


def test_a_file_of_an_asterisk_elsewhere_must_be_there(checkout: Path) -> None:
    told = sentence(run("make", "run", "ASTERISK=/no/asterisk.json", cwd=checkout))
    assert told.startswith("ASTERISK=/no/asterisk.json cannot be read")


def test_an_environment_whose_python_is_gone_is_no_longer_taken_for_whole(checkout: Path) -> None:
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to("/no/python3")
    (venv / ".runtime").touch()
    run("make", "--dry-run", "help", cwd=checkout)
    assert not (venv / ".runtime").exists()


# ---- setup-console


@pytest.fixture
def console(checkout: Path) -> Path:
    """A checkout with what the browser's side is made from, and an environment with nothing in it."""
    shutil.copy(CHECKOUT / "requirements-node.lock", checkout)
    (checkout / "callcenter/console").mkdir(parents=True)
    subprocess.run(["python3", "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    return checkout


def test_an_npm_that_is_new_enough_is_used_and_no_other_is_fetched(console: Path, bare: Path) -> None:
    stub(bare, "node", "echo v20.1.0")
    stub(bare, "npm", f'echo "$*" >>{console}/asked')
    done = run(console / "docker/setup-console", console / ".venv", cwd=console, PATH=str(bare))
    assert done.returncode == 0, done
    asked = (console / "asked").read_text().splitlines()
    assert asked == ["--version", "ci --ignore-scripts --no-audit --no-fund", "run build --silent"]


@pytest.mark.parametrize("node", ["exit 127", "echo v16.20.2"])
def test_a_node_that_is_missing_or_old_and_cannot_be_fetched_is_told(console: Path, bare: Path, node: str) -> None:
    stub(bare, "node", node)
    told = sentence(run(console / "docker/setup-console", console / ".venv", cwd=console, PATH=str(bare)))
    assert told.startswith("Node.js could not be installed (")
    assert told.endswith("Install Node.js 18 or newer with npm, or check the network.")


def test_packages_that_npm_cannot_fetch_are_told_with_the_reason(console: Path, bare: Path) -> None:
    stub(bare, "node", "echo v20.1.0")
    stub(bare, "npm", '[ "$1" = --version ] || { echo "npm error network unreachable"; exit 1; }')
    told = sentence(run(console / "docker/setup-console", console / ".venv", cwd=console, PATH=str(bare)))
    assert "could not be installed (npm error network unreachable)" in told


# ---- quietly


def test_a_long_step_shows_that_it_goes_on_and_is_ended_with_its_parent(tmp_path: Path, bare: Path) -> None:
    (bare / "sleep").unlink()
    stub(bare, "sleep", 'exec /bin/sleep "$(echo "$1" | sed s/^10$/0.2/)"')
    for tool in ("sed", "echo"):
        (bare / tool).symlink_to(shutil.which(tool) or "")
    long = subprocess.Popen(
        [DOCKER / "quietly", tmp_path / "log", "waiting", "/bin/sleep", "61.5"],
        env={"PATH": str(bare)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert long.stdout is not None
    assert long.stdout.readline() == "waiting …\n"
    assert long.stdout.readline() == "  … still waiting (10 s)\n"
    long.send_signal(signal.SIGTERM)
    assert long.wait(10) == 130
    listed = run("ps", "-eo", "args", cwd=tmp_path).stdout
    assert "/bin/sleep 61.5" not in listed
    long.stdout.close()
