"""A witness of the archive's log: co-signs a head only when all it saw before is still in it (C2SP tlog-witness).

Belongs on a machine, and under people, that are not the archive's. It keeps one small file a log. It never signs two
heads that contradict each other, nor a smaller one after a larger; what it signs is on disk before it is given away.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from recordings import disk, merkle
from recordings.checkpoint import Signer, TreeHead, Verifier, parse
from recordings.errors import LogDamagedError, RecordingsError

COSIGNATURE = b"\x04"
MOST_PROOF = 63
LONGEST = 64 * 1024
WITNESSED = "witnessed"


class WitnessRefusedError(RecordingsError):
    """The witness does not co-sign; `status` is what HTTP says, `size` the last head it signed where that matters."""

    code = "witness-refused"

    def __init__(self, status: int, message: str, size: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class Asked:
    """A head to be co-signed: the size the asker thinks was signed last, the consistency proof, and the note."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def body(self) -> bytes:
        """As it is sent."""
        steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.proof)
        return f"old {self.old}\n{steps}\n".encode() + self.note

    @classmethod
    def of(cls, body: bytes) -> Asked:
        """Raises WitnessRefusedError (400) when it is none."""
        if len(body) > LONGEST:
            raise WitnessRefusedError(400, "too long")
        head, found, note = body.partition(b"\n\n")
        try:
            first, *steps = head.decode("ascii").split("\n")
            word, _, old = first.partition(" ")
            if not found or word != "old" or not old.isdigit() or len(steps) > MOST_PROOF:
                raise ValueError
            proof = tuple(base64.b64decode(step, validate=True) for step in steps)
        except ValueError as error:
            raise WitnessRefusedError(400, "not a request to a witness") from error
        if any(len(step) != hashlib.sha256().digest_size for step in proof):
            raise WitnessRefusedError(400, "a step of the proof is no SHA-256")
        return cls(int(old), proof, note)


class Witness:
    """One witness over a folder; `logs` are the keys of the logs it watches, by the logs' origins."""

    def __init__(self, folder: Path, signer: Signer, logs: Sequence[Verifier]) -> None:
        self._folder = folder
        self._signer = signer
        self._logs = {verifier.name: verifier for verifier in logs}

    def key(self) -> str:
        """The key its co-signatures are checked with, as a C2SP verifier key."""
        raw = base64.b64encode(COSIGNATURE + self._signer.key.public_key().public_bytes_raw()).decode()
        return f"{self._signer.name}+{_key_id(self._signer.name, self._signer.key.public_key()).hex()}+{raw}"

    def cosign(self, asked: Asked, at: datetime) -> bytes:
        """The signature line over this head. Raises WitnessRefusedError: 404 the log is not one of ours, 403 it did not
        sign, 400 the sizes make no sense, 409 another size (or another tree of this size) was signed last, 422 the
        proof does not hold."""
        try:
            head = parse(asked.note)
        except LogDamagedError as error:
            raise WitnessRefusedError(400, str(error)) from error
        verifier = self._logs.get(head.origin)
        if verifier is None:
            raise WitnessRefusedError(404, f"{head.origin} is not watched here")
        try:
            parse(asked.note, [verifier])
        except LogDamagedError as error:
            raise WitnessRefusedError(403, str(error)) from error
        if asked.old > head.size:
            raise WitnessRefusedError(400, "the tree is smaller than the one said to be signed last")
        with self._turn():
            last = self.last(head.origin)
            size = last.size if last is not None else 0
            if asked.old != size:
                raise WitnessRefusedError(409, f"the last head signed had {size} leaves", size)
            if last is not None:
                self._check(last, head, asked.proof)
            elif asked.proof:
                raise WitnessRefusedError(422, "a first head has no proof")
            self._keep(head.origin, asked.note)
        return _cosignature(self._signer, head, at)

    def last(self, origin: str) -> TreeHead | None:
        """The head of that log it signed last. Raises LogDamagedError when its own file is damaged."""
        try:
            return parse(self._file(origin).read_bytes(), [self._logs[origin]])
        except FileNotFoundError:
            return None

    def _check(self, last: TreeHead, head: TreeHead, proof: Sequence[bytes]) -> None:
        if last.size == head.size:
            if last.root != head.root:
                raise WitnessRefusedError(409, "another tree of this size was signed", last.size)
            if proof:
                raise WitnessRefusedError(422, "a tree needs no proof against itself")
        elif not merkle.verify_consistency(last.size, head.size, last.root, head.root, proof):
            raise WitnessRefusedError(422, "what was signed last is not in this tree")

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.note"

    def _keep(self, origin: str, note: bytes) -> None:
        final = self._file(origin)
        disk.rewrite(final.with_suffix(".new"), final, note)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public half of a witness's key."""

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Read ``<name>+<id>+<base64>``. Raises ValueError."""
        name, key_id, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] != COSIGNATURE:
            raise ValueError("not the key of a witness")
        found = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        if _key_id(name, found.key).hex() != key_id:
            raise ValueError("the public key is damaged: its id is another key's")
        return found

    def signed_at(self, note: bytes, line: bytes) -> int | None:
        """The moment (seconds since 1970) this line says the witness saw this head; None when it is not its word."""
        text, _, _ = note.partition(b"\n\n")
        try:
            dash, name, encoded = line.decode().strip().split(" ")
            blob = base64.b64decode(encoded, validate=True)
            (moment,) = struct.unpack(">Q", blob[4:12])
            if (dash, name, blob[:4]) != ("—", self.name, _key_id(self.name, self.key)):
                return None
            self.key.verify(blob[12:], _message(moment, text + b"\n"))
        except (ValueError, struct.error, InvalidSignature):
            return None
        return int(moment)


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + COSIGNATURE + key.public_bytes_raw()).digest()[:4]


def _message(moment: int, text: bytes) -> bytes:
    return f"cosignature/v1\ntime {moment}\n".encode() + text


def _cosignature(signer: Signer, head: TreeHead, at: datetime) -> bytes:
    moment = int(at.timestamp())
    signature = signer.key.sign(_message(moment, head.text().encode()))
    blob = _key_id(signer.name, signer.key.public_key()) + struct.pack(">Q", moment) + signature
    return f"— {signer.name} {base64.b64encode(blob).decode()}\n".encode()


def seen(log_folder: Path, key: WitnessKey) -> int:
    """The size of the newest head this witness co-signed, as far as we keep its word; 0 when none."""
    try:
        note = _witnessed(log_folder, key).read_bytes()
    except FileNotFoundError:
        return 0
    text, _, lines = note.partition(b"\n\n")
    if not any(key.signed_at(text + b"\n\n", line) for line in lines.splitlines()):
        return 0
    return parse(note).size


def keep_seen(log_folder: Path, key: WitnessKey, note: bytes, line: bytes) -> None:
    """Keep a head with the witness's co-signature below the log's own, where exports take it from."""
    final = _witnessed(log_folder, key)
    disk.make_directories(final.parent)
    disk.rewrite(final.with_suffix(".new"), final, note + line)


def cosignatures(log_folder: Path) -> dict[str, bytes]:
    """The newest co-signed heads there are, by the names of their files."""
    folder = log_folder / WITNESSED
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.note"))} if folder.is_dir() else {}


def _witnessed(log_folder: Path, key: WitnessKey) -> Path:
    return log_folder / WITNESSED / f"{_key_id(key.name, key.key).hex()}.note"
