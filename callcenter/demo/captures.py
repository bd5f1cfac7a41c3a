"""Finds the captures a sealed recording was made of, for whoever wants to compare. Must never take a hash on trust."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from callcenter.demo.evidence import SIDES, CaptureSeen

LETTERS = {"customer": "r", "heard": "t"}


def of_recording(archive_object: Path, volumes: Sequence[Path]) -> tuple[CaptureSeen, ...]:
    """The files named in the object's record that lie in the capture volumes, each hashed as it is there now."""
    return tuple(_found(_record(archive_object), volumes))


def _record(archive_object: Path) -> Any:
    newest = max(archive_object.glob("v*/content/meta/record.json"), key=lambda path: int(path.parts[-4][1:]))
    return json.loads(newest.read_text("utf-8"))


def _found(record: Any, volumes: Sequence[Path]) -> Iterator[CaptureSeen]:
    for segment in record["segments"]:
        for source in segment["source"]:
            side = next((side for side in SIDES if f"-{LETTERS[side]}.sln" in source["name"]), "")
            for path in (path for volume in volumes for path in volume.glob(f"*/{source['name']}")):
                yield CaptureSeen(segment["number"], side, str(path), hashlib.sha256(path.read_bytes()).hexdigest())
