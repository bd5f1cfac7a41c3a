"""What an examination found: one verdict for each thing looked at, and what to do. Must never hold a secret."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """`warn`: works, but less well or less safely than it should. `fail`: something the hotline promises is broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


WORST = (Verdict.FAIL, Verdict.WARN, Verdict.OK)
NAMES_ZH = {Verdict.OK: "正常", Verdict.WARN: "注意", Verdict.FAIL: "故障"}


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def lines(self, room: int = 110) -> list[str]:
        """For a terminal: one line when both fit `room` columns, else one for each language."""
        if self.zh == self.en:
            return [self.en]
        if len(self.zh) + sum(not character.isascii() for character in self.zh) + len(self.en) > room:
            return [self.zh, self.en]
        return [f"{self.zh} / {self.en}"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is stable and unique within its part; `todo` says what to do when the verdict is not ok."""

    check: str
    verdict: Verdict
    said: Text
    todo: Text | None = None


@dataclass(slots=True)
class Notes:
    """Takes down findings as they are made, so that a part that is cut off keeps what it found."""

    findings: list[Finding] = field(default_factory=list)

    def ok(self, check: str, zh: str, en: str) -> None:
        self.findings.append(Finding(check, Verdict.OK, Text(zh, en)))

    def warn(self, check: str, zh: str, en: str, todo: tuple[str, str]) -> None:
        self.findings.append(Finding(check, Verdict.WARN, Text(zh, en), Text(*todo)))

    def fail(self, check: str, zh: str, en: str, todo: tuple[str, str]) -> None:
        self.findings.append(Finding(check, Verdict.FAIL, Text(zh, en), Text(*todo)))

    def expect(self, check: str, holds: bool, zh: str, en: str, todo: tuple[str, str]) -> None:
        """ok when it holds, else fail; the texts say what was seen, not what was hoped for."""
        if holds:
            self.ok(check, zh, en)
        else:
            self.fail(check, zh, en, todo)


@dataclass(frozen=True, slots=True)
class PartReport:
    """One part: its stable name, its title, what was found."""

    name: str
    title: Text
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its findings."""
        return worst([finding.verdict for finding in self.findings])


@dataclass(frozen=True, slots=True)
class Report:
    """The whole examination. `seconds`: how long it took."""

    parts: tuple[PartReport, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        return worst([part.verdict for part in self.parts])

    def count(self, verdict: Verdict) -> int:
        """How many findings have this verdict."""
        return sum(finding.verdict is verdict for part in self.parts for finding in part.findings)

    def lines(self) -> list[str]:
        """For people: a heading for each part, a line for each finding, an arrow before what to do."""
        told: list[str] = []
        for part in self.parts:
            told.append(f"== {' / '.join(dict.fromkeys((part.title.zh, part.title.en)))}")
            for finding in part.findings:
                told += _indented(f"  {NAMES_ZH[finding.verdict]} {finding.verdict.upper():<4} ", finding.said)
                if finding.todo is not None:
                    told += _indented("          → ", finding.todo)
            if not part.findings:
                told.append("  因别处的故障未检查 / not looked at because of what is wrong elsewhere")
            told.append("")
        fails, warns = self.count(Verdict.FAIL), self.count(Verdict.WARN)
        told.append(
            f"{fails} 项故障，{warns} 项注意，用时 {self.seconds:.1f} 秒 / "
            f"{fails} wrong, {warns} to look at, in {self.seconds:.1f} s"
        )
        return told

    def as_json(self) -> dict[str, Any]:
        """For programs; names and verdicts are stable, texts are not."""
        return {
            "verdict": str(self.verdict),
            "fail": self.count(Verdict.FAIL),
            "warn": self.count(Verdict.WARN),
            "seconds": round(self.seconds, 2),
            "parts": [
                {
                    "part": part.name,
                    "verdict": str(part.verdict) if part.findings else None,
                    "findings": [_as_json(finding) for finding in part.findings],
                }
                for part in self.parts
            ],
        }


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of them; ok when there is none."""
    return next((verdict for verdict in WORST if verdict in verdicts), Verdict.OK)


def _indented(before: str, text: Text) -> list[str]:
    """The text behind `before`; further lines stand under the first."""
    width = len(before) + sum(not character.isascii() and character != "→" for character in before)
    first, *rest = text.lines()
    return [before + first, *(" " * width + line for line in rest)]


def _as_json(finding: Finding) -> dict[str, str]:
    told = {
        "check": finding.check,
        "verdict": str(finding.verdict),
        "zh": finding.said.zh,
        "en": finding.said.en,
    }
    if finding.todo is not None:
        told |= {"todo_zh": finding.todo.zh, "todo_en": finding.todo.en}
    return told
