"""docs/operations.md knows every setting, every part of the doctor, every incident, and names only what is there."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from callcenter.__main__ import _parser
from callcenter.callbacks.overflow import NO_NUMBER
from callcenter.config import NOT_SETTINGS, Config
from callcenter.doctor.examination import PARTS
from callcenter.lab.site import Ports, Site, site_files

pytestmark = pytest.mark.unit

CHECKOUT = Path(__file__).resolve().parents[2]
RAISED = re.compile(
    r"(?:Incident\(|_alarm\(|_incident\(\s*conn,|\.incident\(\s*conn, uuid7\(at\),|kind =)\s*"
    r'"([a-z]+_[a-z_]+|degraded)"(?: if [a-z.]+ else "([a-z_]+)")?'
)
"""How the code raises an incident of a kind."""
TEXT = (CHECKOUT / "docs/operations.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    _, _, below = TEXT.partition(f"\n{heading}\n")
    assert below, heading
    rows = []
    for line in below.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


def shown(value: object) -> str:
    text = ":".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    return f"`{text}`" if text else ""


def settings() -> dict[str, tuple[str, str, str]]:
    """Setting → mark of a secret, variable, default."""
    found = {}
    config = Config()
    for part in fields(config):
        section = getattr(config, part.name)
        if not is_dataclass(section):
            found[part.name] = ("", f"`CALLCENTER_{part.name.upper()}`", shown(section))
            continue
        for leaf in fields(section):
            mark = " ✱" if "secret" in leaf.metadata else ""
            variable = f"`CALLCENTER_{part.name}_{leaf.name}`".upper()
            found[f"{part.name}.{leaf.name}"] = (mark, variable, shown(getattr(section, leaf.name)))
    return found


def test_every_setting_is_described_with_its_variable_and_default() -> None:
    described = {row[0]: row[1:3] for row in table("## Settings")}
    expected = {f"`{name}`{mark}": [variable, default] for name, (mark, variable, default) in settings().items()}
    assert described == expected


def test_every_other_variable_of_ours_is_named() -> None:
    for name in NOT_SETTINGS:
        assert name in TEXT


def test_every_variable_named_anywhere_is_one() -> None:
    known = {variable.strip("`") for _, variable, _ in settings().values()} | NOT_SETTINGS
    known |= {"CALLCENTER_TEST_ASTERISK", "CALLCENTER_SECTION_KEY"}
    for page in ("docs/operations.md", "docs/telephony.md", "README.md", "docker/README.md"):
        for name in re.findall(r"CALLCENTER_[A-Z_]+[A-Z]", (CHECKOUT / page).read_text()):
            assert {name, name.removesuffix("_FILE")} & known, f"{page}: {name}"


def test_every_part_of_the_doctor_is_described_in_order() -> None:
    assert [row[0].strip("`") for row in table("## Doctor")] == [part.name for part in PARTS]


def test_every_incident_is_described() -> None:
    raised = set(NO_NUMBER.values())
    for path in (CHECKOUT / "callcenter").rglob("*.py"):
        found = RAISED.findall(path.read_text())
        raised |= {kind for pair in found for kind in pair if kind}
    assert {row[0].strip("`") for row in table("### Incidents")} == raised


def test_every_file_of_a_site_is_described() -> None:
    nothing = Site("", Path(), "", "", Path(), Path(), Ports(0, 0, 0, 0, 0, 0, 0), ari_password="", ami_password="")
    assert {row[0].strip("`") for row in table("## Your own Asterisk")} == set(site_files(nothing))


def test_every_command_it_gives_is_one() -> None:
    parser = _parser()
    given = re.findall(r"(?:^|`|-m |-u callcenter )callcenter ([a-z][a-z-]*(?: (?:verify|add))?)", TEXT, re.MULTILINE)
    assert {"run", "doctor", "migrate", "check-config", "archive verify", "user add", "org add"} <= set(given)
    commands = parser._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    for words in given:
        assert words.split()[0] in commands, words


def test_every_link_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)):
        path, _, anchor = target.partition("#")
        if path:
            assert (CHECKOUT / "docs" / path).exists(), target
        else:
            assert anchor in anchors, target
