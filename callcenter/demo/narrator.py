"""Tells what happens while it happens, Chinese first with English beside. Must never tell what was not seen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

Say = Callable[[str], None]


@dataclass
class Narrator:
    """Writes lines with the seconds since the beginning, and keeps how long each part took."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=monotonic)
    _part: str | None = None
    _part_began: float = 0.0

    def part(self, name: str, zh: str, en: str) -> None:
        """Begins a part of the story; the one before ends."""
        self.end()
        self._part, self._part_began = name, monotonic()
        self.say("")
        self.say(f"== {zh} / {en}")

    def end(self) -> None:
        """Ends the part that runs."""
        if self._part is not None:
            self.seconds[self._part] = round(monotonic() - self._part_began, 2)
            self._part = None

    def tell(self, zh: str, en: str) -> None:
        """One thing that has just been seen."""
        self.say(f"[{monotonic() - self._began:6.1f} s] {zh} / {en}")
