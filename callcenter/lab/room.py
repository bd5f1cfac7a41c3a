"""Whether a folder can be made and filled, asked before anything is written. Changes nothing."""

import os
from pathlib import Path

from callcenter.lab.refusal import NotStartedError

MEGABYTE = 1 << 20
SHORT = 64 * MEGABYTE
"""With less than this a failure is likely to come of it, whatever else it says."""


def refuse_without_room(folder: Path, needed: int) -> None:
    """Raises NotStartedError when `folder` cannot be made or written here, or fewer than `needed` bytes are free."""
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise NotStartedError(f"{above} is not a folder: choose another place than {folder}.")
    if not os.access(above, os.W_OK | os.X_OK, effective_ids=True):
        raise NotStartedError(f"{above} cannot be written by this user: run as its owner or as root.")
    free = _free(above)
    if free < needed:
        raise NotStartedError(
            f"{folder} needs {needed // MEGABYTE} MB, only {free // MEGABYTE} MB are free there: "
            "make room, or choose a folder on another disk."
        )


def shortage(folder: Path) -> list[str]:
    """What to add to a failure there when the disk has filled up meanwhile; nothing when it has not."""
    if not folder.exists() or (free := _free(folder)) >= SHORT:
        return []
    return [f"the disk of {folder} is full, {free // MEGABYTE} MB are free: make room and try again"]


def _free(folder: Path) -> int:
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize
