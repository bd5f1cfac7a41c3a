"""The container files fit each other, the settings and the checkout. Whether they run is shown elsewhere."""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter import build
from callcenter.config import Config
from recordings.checkpoint import Signer

pytestmark = pytest.mark.unit

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKER = CHECKOUT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = (DOCKER / "app.Dockerfile", DOCKER / "asterisk/Dockerfile")
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("hotline95519/app")]
ENVIRONMENT: dict[str, str] = SERVICES["web"]["environment"]


def _stages(dockerfile: Path) -> list[str]:
    return re.split(r"^FROM ", dockerfile.read_text(), flags=re.M)[1:]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_healthcheck_or_says_why_not(name: str) -> None:
    service = SERVICES[name]
    assert ("healthcheck" in service) != bool(service.get("labels", {}).get("hotline.no-healthcheck"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_whether_it_is_started_again(name: str) -> None:
    runs_once = name in {"prepare", "migrate", "doctor", "demo"}
    assert SERVICES[name]["restart"] == ("no" if runs_once else "unless-stopped")


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version(name: str) -> None:
    _, _, version = SERVICES[name]["image"].partition(":")
    assert version == "${HOTLINE_VERSION:-local}" or re.fullmatch(r"\d+\.\d+.*-\w+", version)


@pytest.mark.parametrize("name", OURS)
def test_our_processes_have_no_rights_they_do_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert ("user" in service) == ("cap_add" in service) == (name == "prepare")


@pytest.mark.parametrize("name", SERVICES)
def test_health_checks_survive_podman_compose(name: str) -> None:
    """It joins the words of a command with quotes of its own: what needs quoting arrives broken."""
    kind, *words = SERVICES[name].get("healthcheck", {}).get("test", ["CMD"])
    assert kind == "CMD-SHELL" or all(re.fullmatch(r"[\w./=:-]+", word) for word in words)


def test_no_default_contains_another_variable() -> None:
    """podman-compose ends the outer one at the inner one's bracket."""
    assert not re.search(r"\$\{[^}]*\$\{", (DOCKER / "compose.yaml").read_text())


def test_no_service_sets_a_variable_from_one_of_the_same_name() -> None:
    """podman-compose takes the default's text for the value."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(rf"\$\{{{name}\b", value)


def test_what_ends_waits_only_for_what_ends() -> None:
    """podman cannot start a service that needs an ended one that needs a running one."""
    for name in ("prepare", "migrate"):
        assert set(SERVICES[name].get("depends_on", {})) <= {"prepare"}


def test_our_images_are_never_asked_of_a_registry() -> None:
    for service in SERVICES.values():
        assert service["image"].startswith(("postgres:", "redis:")) or service["pull_policy"] == "never"


def test_only_the_worker_may_write_into_the_archive() -> None:
    """Beside it the service that makes the folder, and the one that looks whether the worker may."""
    writers = {
        name
        for name, service in SERVICES.items()
        for mount in service.get("volumes", [])
        if mount.startswith("archive:") and not mount.endswith(":ro")
    }
    assert writers == {"worker", "prepare", "doctor"}


def test_only_the_worker_and_the_doctor_hold_the_key_that_signs_the_archives_log() -> None:
    """INV-10. It is made in its volume: no image has it, and who asks over HTTP is answered by a process without it."""
    setting = "CALLCENTER_RECORDINGS_SIGNING_KEY_FILE"
    holders = {name for name, service in SERVICES.items() if setting in service.get("environment", {})}
    mounting = {
        name for name, service in SERVICES.items() if any("keys-worker:" in m for m in service.get("volumes", []))
    }
    assert holders == {"worker", "doctor"}
    assert mounting == holders | {"prepare"}
    for name in holders:
        assert f"keys-worker:{Path(SERVICES[name]['environment'][setting]).parent}:ro" in SERVICES[name]["volumes"]
    assert "new-key" not in "".join(file.read_text() for file in DOCKERFILES)


def test_the_images_of_our_program_know_the_commit_they_were_built_from() -> None:
    """record.json of each recording names it."""
    builds = [service["build"] for service in SERVICES.values() if "app.Dockerfile" in str(service.get("build"))]
    assert len(builds) == 2
    assert all(build["args"] == {"GIT_ID": "${HOTLINE_GIT_ID:-unknown}"} for build in builds)
    [app] = [stage for stage in _stages(DOCKERFILES[0]) if stage.startswith("debian:bookworm-slim AS app\n")]
    assert "ARG GIT_ID" in app
    assert ">callcenter/GIT_ID" in app
    assert (build.HERE / "GIT_ID").relative_to(CHECKOUT) == Path("callcenter/GIT_ID")


def test_the_commit_is_that_of_the_checkout_or_unknown(tmp_path: Path) -> None:
    shutil.copytree(DOCKER, tmp_path / "docker")
    assert _git_id(tmp_path) == "unknown"
    git = ["git", "-C", tmp_path, "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run([*git, "add", "docker"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert _git_id(tmp_path) == head
    (tmp_path / "docker/prepare").write_text("")
    assert _git_id(tmp_path) == f"{head}+"


def _git_id(checkout: Path) -> str:
    return subprocess.run([checkout / "docker/git-id"], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", SERVICES)
def test_logs_do_not_grow_without_end(name: str) -> None:
    assert SERVICES[name]["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_every_setting_is_known_and_valid(name: str, tmp_path: Path) -> None:
    """Interpolated as without a .env file; the files with keys are stand-ins."""
    keys = {
        "database-url": "postgresql://callcenter:x@postgres/callcenter",
        "redis-url": "redis://:x@redis:6379/0",
        "log.key": Signer.generate("hotline95519/log").private_text(),
    }
    environ = {}
    for variable, value in SERVICES[name]["environment"].items():
        plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        if variable.endswith("_FILE"):
            file = tmp_path / Path(plain).name
            file.write_text(keys.get(file.name, "x"))
            plain = str(file)
        environ[variable] = plain
    ours = {variable: value for variable, value in environ.items() if variable.startswith("CALLCENTER_")}
    config = Config.load(environ=ours)
    assert config.database.url == keys["database-url"]
    assert bool(config.recordings.signing_key) == (name == "worker")
    assert str(config.recordings.volumes[0]) in {_target(mount) for mount in SERVICES["asterisk"]["volumes"]}


def test_no_password_is_written_down() -> None:
    text = "".join(path.read_text() for path in (DOCKER / "compose.yaml", DOCKER / ".env.example", *DOCKERFILES))
    assert not re.search(r"(?i)password:? *=? *[\"']?[a-z0-9]{3,}", text.replace("_PASSWORD_FILE", ""))


def test_captured_files_have_the_same_path_on_both_sides() -> None:
    """CEL rows name files by path: Asterisk and the worker must mean the same."""
    shared = {"capture-a", "capture-b", "asterisk-logs"}
    mounted = {
        name: {mount.split(":")[0]: _target(mount) for mount in SERVICES[name]["volumes"]}
        for name in ("asterisk", "worker", "telephony", "web")
    }
    assert len({json.dumps({volume: paths[volume] for volume in sorted(shared)}) for paths in mounted.values()}) == 1
    assert ENVIRONMENT["CALLCENTER_RECORDINGS_CEL_FILE"].startswith(mounted["worker"]["asterisk-logs"])
    assert SERVICES["asterisk"]["environment"]["ASTERISK_VOLUMES"] == ENVIRONMENT["CALLCENTER_RECORDINGS_VOLUMES"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_mount_is_a_declared_volume_or_an_existing_file(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert source in COMPOSE["volumes"] or (DOCKER / source).exists()


def test_every_volume_of_data_is_prepared_with_its_owner() -> None:
    prepared = {mount.split(":")[0] for mount in SERVICES["prepare"]["volumes"]}
    assert prepared == set(COMPOSE["volumes"]) - {"postgres"}


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: str(file.relative_to(DOCKER)))
def test_dockerfiles_copy_only_what_exists_and_the_context_lets_through(file: Path) -> None:
    allowed = [line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in file.read_text().splitlines():
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        for source in line.split()[1:-1]:
            assert (CHECKOUT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in allowed), source


@pytest.mark.parametrize("stage", _stages(DOCKERFILES[1]), ids=lambda stage: stage.split()[0])
def test_what_the_asterisk_image_copies_of_our_code_is_enough_for_it(stage: str) -> None:
    """It takes single files: one that imports another is worth nothing without it."""
    copied = [source for line in re.findall(r"^COPY (?!--)(.+)$", stage, re.M) for source in line.split()[:-1]]
    texts = [CHECKOUT / name for name in copied if name.endswith((".py", "entrypoint"))]
    for text in texts:
        for module in re.findall(r"^(?:from|import) (callcenter[\w.]*)", text.read_text(), re.M):
            assert f"{module.replace('.', '/')}.py" in copied, f"{text.name} imports {module}"


def test_the_tests_against_the_image_have_the_dialplan_of_the_other_tests() -> None:
    """Same short deadlines as with an Asterisk of one's own."""
    text = (DOCKER / "compose.tests.yaml").read_text()
    conftest = (CHECKOUT / "tests/asterisk/conftest.py").read_text()
    [quick] = re.findall(r"^QUICK = (\{.*\})$", conftest, re.M)
    for name, value in json.loads(quick).items():
        assert f"{name}={value}" in text
    [ring] = re.findall(r"^RING = (\d+)$", conftest, re.M)
    assert f'ASTERISK_RING: "{ring}"' in text


def test_both_images_give_the_shared_group_and_users_the_same_numbers() -> None:
    prepare = (DOCKER / "prepare").read_text()
    numbers = re.search(r"app=(\d+) asterisk=(\d+) group=(\d+)", prepare)
    assert numbers
    app, asterisk, group = numbers.groups()
    assert f"--uid {app} --gid hotline" in DOCKERFILES[0].read_text()
    assert f"--uid {asterisk} --gid hotline" in DOCKERFILES[1].read_text()
    assert all(f"--gid {group} hotline" in file.read_text() for file in DOCKERFILES)


def test_the_context_keeps_secrets_and_history_out() -> None:
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_every_variable_of_the_entrypoint_is_set_and_the_other_way_round() -> None:
    entrypoint = (DOCKER / "asterisk/entrypoint").read_text()
    read = {f"ASTERISK_{name}" for name in re.findall(r'setting\("(\w+)"', entrypoint)}
    given = {name for name in SERVICES["asterisk"]["environment"] if name.startswith("ASTERISK_")}
    assert read == given


def test_every_variable_of_compose_is_explained_in_the_example() -> None:
    used = set(re.findall(r"\$\{(HOTLINE_\w+)", (DOCKER / "compose.yaml").read_text()))
    explained = set(re.findall(r"^#?(HOTLINE_\w+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert used == explained


@pytest.mark.parametrize(
    "name",
    [
        "asterisk/entrypoint",
        "check-machine",
        "demonstrate",
        "git-id",
        "healthy",
        "prepare",
        "quietly",
        "run-tests",
        "setup-machine",
        "setup-python",
    ],
)
def test_scripts_can_be_executed(name: str) -> None:
    assert (DOCKER / name).stat().st_mode & stat.S_IXUSR


def test_the_synthetic_callers_may_send_voices() -> None:
    """SIPp's raw socket: the right is on its file, which no-new-privileges would make void."""
    assert SERVICES["demo"]["cap_add"] == ["NET_RAW"]
    assert SERVICES["demo"]["security_opt"] == []
    assert "setcap cap_net_raw" in DOCKERFILES[0].read_text()


def _target(mount: str) -> str:
    return mount.split(":")[1]
