"""Opens the site's archive as the settings say. Must never make a new archive where an old one should be."""

import platform
from dataclasses import dataclass
from pathlib import Path

import soundfile

from callcenter import build
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Database
from recordings import archive, store
from recordings.archive import Archive
from recordings.audio import FLAC_LEVEL, MasterFormat
from recordings.checkpoint import Signer
from recordings.errors import ArchiveRefusedError
from recordings.log import Log

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Site:
    """The opened archive and how this site writes to it."""

    archive: Archive
    log: Log
    form: MasterFormat
    fonds: str
    fonds_name: str
    volumes: tuple[Path, ...]
    cel_file: Path
    signer: Signer | None

    @property
    def environment(self) -> dict[str, str]:
        """What made the masters, for record.json."""
        return {
            "encoder": soundfile.__libsndfile_version__,
            "encoder_level": str(FLAC_LEVEL) if self.form is MasterFormat.FLAC else "",
            "capture": "MixMonitor r()t(), headerless signed linear",
            "program": build.program(),
            "commit": build.commit(),
            "python": platform.python_version(),
        }


def origin(config: RecordingsConfig) -> str:
    """The name of the archive's log, in every checkpoint."""
    return f"{config.archive_id}/log"


def existing(config: RecordingsConfig) -> Site:
    """The archive that is there. Raises ArchiveRefusedError when it is not, or is another."""
    found = Archive(config.archive_root, config.archive_id, config.minimum_free * MEGABYTE)
    found.check_readable()
    return _site(config, found)


async def ready(config: RecordingsConfig, db: Database) -> Site:
    """The archive, made first when nothing was ever sealed. Raises ArchiveRefusedError.

    With recordings in the index an archive that is not there means that its disk is not mounted.
    """
    try:
        return existing(config)
    except ArchiveRefusedError:
        async with db.connection() as conn:
            if await store.has_any(conn):
                raise
    made = archive.create(config.archive_root, config.archive_id, config.minimum_free * MEGABYTE)
    return _site(config, made)


def _site(config: RecordingsConfig, found: Archive) -> Site:
    return Site(
        archive=found,
        log=Log(found.log, origin(config)),
        form=MasterFormat(config.master),
        fonds=config.fonds,
        fonds_name=config.fonds_name,
        volumes=config.volumes,
        cel_file=config.cel_file,
        signer=Signer.parse(config.signing_key) if config.signing_key else None,
    )
