"""Signed tree heads: C2SP checkpoints inside C2SP signed notes, with Ed25519.

The signing key is given by the caller and is never written beside the archive. Without a key nothing is
signed, and sealing goes on (F74).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recordings.errors import LogDamagedError

ED25519 = b"\x01"
NAME = re.compile(r"[^\s+]+\Z")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The unsigned note body."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signer:
    """An Ed25519 note key under a name."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read ``PRIVATE+KEY+<name>+<id>+<base64>``, the encoding used by signed-note tools."""
        try:
            private, word, name, _, encoded = text.strip().split("+", 4)
            raw = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError("not a signed-note private key") from error
        if (private, word) != ("PRIVATE", "KEY") or not NAME.match(name) or raw[:1] != ED25519:
            raise ValueError("not an Ed25519 signed-note private key")
        return cls(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A fresh key from the operating system's randomness."""
        if not NAME.match(name):
            raise ValueError(f"a key name may not hold spaces or '+': {name!r}")
        return cls(name, Ed25519PrivateKey.generate())

    def private_text(self) -> str:
        """The form that ``parse`` reads; a secret."""
        raw = base64.b64encode(ED25519 + self.key.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier().key_id.hex()}+{raw}"

    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key())

    def sign(self, head: TreeHead) -> bytes:
        """The whole checkpoint file."""
        text = head.text()
        signature = base64.b64encode(self.verifier().key_id + self.key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a note key."""

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read ``<name>+<id>+<base64>``. Raises ValueError, also when the id is not the key's."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            if not NAME.match(name) or raw[:1] != ED25519:
                raise ValueError
            found = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        except ValueError as error:
            raise ValueError("not an Ed25519 signed-note public key") from error
        if found.key_id.hex() != key_id:
            raise ValueError("the public key is damaged: its id is another key's")
        return found

    @property
    def key_id(self) -> bytes:
        raw = self.key.public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + raw).digest()[:4]

    def text(self) -> str:
        """``<name>+<id>+<base64>``, to be handed to witnesses and auditors."""
        raw = base64.b64encode(ED25519 + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_id.hex()}+{raw}"


def parse(note: bytes, verifiers: Sequence[Verifier] = ()) -> TreeHead:
    """Read a checkpoint; with verifiers, at least one must have signed it. Raises LogDamagedError."""
    try:
        text, signatures = note.decode().split("\n\n", 1)
        origin, size, encoded = text.split("\n")[:3]
        head = TreeHead(origin, int(size), base64.b64decode(encoded, validate=True))
    except ValueError as error:
        raise LogDamagedError(f"checkpoint cannot be read: {error}") from error
    if verifiers and not any(
        _signed(f"{text}\n".encode(), line, verifier) for line in signatures.splitlines() for verifier in verifiers
    ):
        raise LogDamagedError("no known key signed this checkpoint")
    return head


def _signed(text: bytes, line: str, verifier: Verifier) -> bool:
    try:
        dash, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    if dash != "—" or name != verifier.name or raw[:4] != verifier.key_id:
        return False
    try:
        verifier.key.verify(raw[4:], text)
    except InvalidSignature:
        return False
    return True
