"""The key that signs the archive's log, in a folder of its own: made once, kept for ever, never beside the archive."""

import os
from dataclasses import dataclass
from pathlib import Path

from recordings.checkpoint import Signer, Verifier

PRIVATE, PUBLIC = "log.key", "log.key.pub"


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Both halves as signed-note files: `private` for the archiver alone, `public` for whoever wants to check."""

    private: Path
    public: Path

    def public_text(self) -> str:
        """`<name>+<id>+<base64>`, on one line."""
        return self.public.read_text("ascii").strip()


def kept(folder: Path, name: str) -> KeyFiles:
    """The key in the folder, made when there is none; one that is there is never replaced. Raises ValueError, OSError.

    `name` goes into every signature, like the log's origin.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = KeyFiles(folder / PRIVATE, folder / PUBLIC)
    try:
        signer = Signer.parse(files.private.read_text("ascii"))
    except FileNotFoundError:
        signer = Signer.generate(name)
        staged = files.private.with_suffix(".new")
        staged.unlink(missing_ok=True)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{signer.private_text()}\n")
            file.flush()
            os.fsync(file.fileno())
        staged.rename(files.private)
    files.public.write_text(f"{signer.verifier().text()}\n", "ascii")
    return files


def signer(folder: Path, name: str) -> Signer:
    """The key in the folder, made when there is none. Raises ValueError, OSError."""
    return Signer.parse(kept(folder, name).private.read_text("ascii"))


def verifiers(text: str) -> list[Verifier]:
    """The public keys in a text, one a line. Raises ValueError."""
    return [Verifier.parse(line) for line in text.splitlines() if line.strip()]
