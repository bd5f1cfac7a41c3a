#!/usr/bin/env python3
"""Prove a package of recordings with Python alone: 用标准 Python 校验本录音档案包（不需要我方任何软件）。

    python3 verify.py [FOLDER] [--key KEY] [--witness KEY]

FOLDER is the unpacked bag; KEY the archive's public key (name+id+base64), or a file of it, from somewhere else than
this package: without it the signature only shows that whoever made the package held the key that lies in it.

With the key of a WITNESS the head must bear its co-signature too: nobody has given the archive another past since then.

Checked: every file against both manifests of the bag (RFC 8493), nothing missing, nothing added; every archive object
against its OCFL 1.1 inventories; every version against its leaf in the archive's log; every leaf against the signed
tree head (RFC 6962, RFC 8032); every WAV against the digest sealed with its recording, and, where the program `flac` is
installed, the sealed master itself. Exit 0: all is proved. 1: something is not. 2: this is no such package.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
"""In extended coordinates."""
Head = tuple[str, int, bytes]
"""Whose log, how many leaves, its root."""

BLOCK = 1 << 20
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


class NotProvedError(Exception):
    """What is wrong, where."""


def proved(bag: Path, key: str | None = None, witness: str | None = None) -> Iterator[str]:
    """Yields a line for each thing proved. Raises NotProvedError at the first that is not."""
    if not (bag / "bagit.txt").is_file():
        raise FileNotFoundError(f"{bag}: no bagit.txt / 不是档案包")
    files = check_bag(bag)
    yield f"{files} files are those of the manifests, none missing, none added / 文件与清单一致"
    proofs = sorted((bag / "data" / "proof").glob("*.json"))
    if not proofs:
        raise NotProvedError("data/proof: no proofs")
    head, name = check_checkpoint(bag, key)
    source = "the key given" if key else "the key in this package: compare it with one from elsewhere"
    yield f"tree head of {head[1]} leaves signed by {name} ({source}) / 签名有效"
    if witness:
        yield f"the same head seen by the witness {check_witness(bag, head, witness)} / 见证联署有效"
    for path in proofs:
        proof = json.loads(path.read_bytes())
        place = inside(bag / "data" / "archive", proof["path"])
        check_object(place, proof["object"])
        check_leaves(place, proof, head)
        wavs, decoded = check_audio(bag, place, proof)
        how = "and from the masters" if decoded else "(flac is not installed: masters not decoded)"
        yield f"{proof['archive_no']} {proof['object']}: {len(proof['leaves'])} versions, {wavs} recordings {how}"


def check_bag(bag: Path) -> int:
    """How many payload files there are; all of them as both manifests say."""
    payload = {str(path.relative_to(bag)) for path in (bag / "data").rglob("*") if not path.is_dir()}
    tags = {path.name for path in bag.iterdir() if path.is_file() and not path.name.startswith("tagmanifest-")}
    for algorithm in ("sha256", "sha512"):
        for manifest, expected in ((f"manifest-{algorithm}.txt", payload), (f"tagmanifest-{algorithm}.txt", tags)):
            listed = read_manifest(bag / manifest)
            for name in sorted(expected - set(listed)):
                raise NotProvedError(f"{name}: not in {manifest}: added / 多出的文件")
            for name, digest in listed.items():
                if name not in expected:
                    raise NotProvedError(f"{name}: missing / 文件缺失")
                if hashed(bag / name, algorithm) != digest:
                    raise NotProvedError(f"{name}: changed / 文件被改动")
    size = sum((bag / name).stat().st_size for name in payload)
    if f"Payload-Oxum: {size}.{len(payload)}" not in (bag / "bag-info.txt").read_text("utf-8").splitlines():
        raise NotProvedError("bag-info.txt: Payload-Oxum differs")
    return len(payload)


def read_manifest(path: Path) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        digest, name = line.split("  ", 1)
        inside(path.parent, name)
        listed[name] = digest
    return listed


def inside(folder: Path, name: str) -> Path:
    """The path of a name that may not lead out of its folder."""
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute() or path.is_symlink():
        raise NotProvedError(f"{name}: leads out of the package")
    return path


def hashed(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def check_object(place: Path, object_id: str) -> None:
    """The object is whole: inventory, sidecar, and every file the inventory knows, by SHA-512."""
    content = (place / "inventory.json").read_bytes()
    check_sidecar(place)
    inventory = json.loads(content)
    if inventory["id"] != object_id:
        raise NotProvedError(f"{place.name}: the object is {inventory['id']}, not {object_id}")
    listed = {name: digest for digest, names in inventory["manifest"].items() for name in names}
    own = {"0=ocfl_object_1.1", "inventory.json", "inventory.json.sha512"}
    for version in inventory["versions"]:
        own |= {f"{version}/inventory.json", f"{version}/inventory.json.sha512"}
        check_sidecar(place / version)
    there = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    for name in sorted((set(listed) | own) ^ there):
        raise NotProvedError(f"{object_id}: {name} is {'missing' if name not in there else 'not of the object'}")
    for name, digest in listed.items():
        if hashed(place / name, "sha512") != digest:
            raise NotProvedError(f"{object_id}: {name} is not what was sealed / 与归档时不符")
    if (place / inventory["head"] / "inventory.json").read_bytes() != content:
        raise NotProvedError(f"{object_id}: the inventory is not that of its newest version")


def check_sidecar(folder: Path) -> None:
    stated = (folder / "inventory.json.sha512").read_text("ascii").split()[0]
    if hashed(folder / "inventory.json", "sha512") != stated:
        raise NotProvedError(f"{folder.name}: inventory.json does not fit its sidecar")


def check_leaves(place: Path, proof: Any, head: Head) -> None:
    """Each version's inventory is the one its leaf states, and the leaf is under the signed head."""
    origin, size, root = head
    versions = json.loads((place / "inventory.json").read_bytes())["versions"]
    stated: set[str] = set()
    for each in proof["leaves"]:
        entry = base64.b64decode(each["leaf"])
        leaf = json.loads(entry)
        version = f"v{leaf['version']}"
        if leaf["object"] != proof["object"] or leaf["archive_no"] != proof["archive_no"]:
            raise NotProvedError(f"{proof['object']}: a leaf speaks of another object")
        if leaf["inventory_sha512"] != hashed(place / version / "inventory.json", "sha512"):
            raise NotProvedError(f"{proof['object']}: {version} is not what the log states / 与日志不符")
        if not included(entry, each["index"], size, [bytes.fromhex(step) for step in each["proof"]], root):
            raise NotProvedError(f"{proof['object']}: the leaf of {version} is not in the log {origin}")
        stated.add(version)
    if stated != set(versions):
        raise NotProvedError(f"{proof['object']}: versions without a leaf: {sorted(set(versions) - stated)}")


def included(entry: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 6962 2.1.1 (RFC 9162 2.1.3.2): whether the entry is leaf `index` of the tree of that size and root."""
    if not 0 <= index < size:
        return False
    first, last = index, size - 1
    found = hashlib.sha256(b"\0" + entry).digest()
    for step in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = hashlib.sha256(b"\1" + step + found).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + step).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def check_checkpoint(bag: Path, key: str | None) -> tuple[Head, str]:
    """The signed head (origin, size, root) and who signed it: a C2SP signed note with Ed25519."""
    note = (bag / "data" / "proof" / "checkpoint").read_text("utf-8")
    text, signatures = note.split("\n\n", 1)
    origin, size, root = text.split("\n")[:3]
    name, key_id, encoded = (key or (bag / "data" / "proof" / "key.pub").read_text("ascii")).strip().split("+", 2)
    raw = base64.b64decode(encoded)
    if raw[:1] != b"\x01" or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise NotProvedError(f"the public key {name} is damaged")
    for line in signatures.splitlines():
        _, signer, signature = line.split(" ")
        blob = base64.b64decode(signature)
        if signer == name and blob[:4].hex() == key_id and signed(raw[1:], f"{text}\n".encode(), blob[4:]):
            return (origin, int(size), base64.b64decode(root)), name
    raise NotProvedError(f"checkpoint: not signed by {name} / 签名无效")


def check_witness(bag: Path, head: Head, key: str) -> str:
    """Who co-signed this very head, and when: C2SP cosignature/v1."""
    name, key_id, encoded = key.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    if raw[:1] != b"\x04" or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise NotProvedError(f"the witness's key {name} is damaged")
    body = f"{head[0]}\n{head[1]}\n{base64.b64encode(head[2]).decode()}\n"
    for note in sorted((bag / "data" / "proof" / "witnessed").glob("*.note")):
        for line in note.read_text("utf-8").partition("\n\n")[2].splitlines():
            _, signer, signature = line.split(" ")
            blob = base64.b64decode(signature)
            moment = int.from_bytes(blob[4:12], "big")
            message = f"cosignature/v1\ntime {moment}\n{body}".encode()
            if signer == name and blob[:4].hex() == key_id and signed(raw[1:], message, blob[12:]):
                return f"{name} at {datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"
    raise NotProvedError(f"the head does not bear the co-signature of {name} / 无见证联署")


def check_audio(bag: Path, place: Path, proof: Any) -> tuple[int, bool]:
    """How many recordings there are, each the bytes that were sealed; and whether the masters were decoded too."""
    record = json.loads(newest(place, "meta/record.json").read_bytes())
    flac = shutil.which("flac")
    for segment in record["segments"]:
        number = segment["number"]
        name = proof["audio"][str(number)]
        if hashed(inside(bag, name), "sha256") != segment["wav_sha256"]:
            raise NotProvedError(f"{name}: not the recording that was sealed / 与归档录音不符")
        if flac and segment["archive_format"] == "flac":
            master = newest(place, segment["file"])
            command = [flac, "--decode", "--stdout", "--silent", str(master)]
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode or hashlib.sha256(done.stdout).hexdigest() != segment["wav_sha256"]:
                raise NotProvedError(f"{master}: the master does not decode to what was sealed")
    return len(record["segments"]), bool(flac)


def newest(place: Path, logical: str) -> Path:
    """The content file of a logical name in the newest version."""
    inventory = json.loads((place / "inventory.json").read_bytes())
    state = inventory["versions"][inventory["head"]]["state"]
    for digest, names in state.items():
        if logical in names:
            return place / str(inventory["manifest"][digest][0])
    raise NotProvedError(f"{inventory['id']}: no {logical}")


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 5.1.7: whether this Ed25519 signature of the message is by that public key."""
    if len(signature) != 64:
        return False
    try:
        point, own = decompressed(signature[:32]), decompressed(public)
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left = times(scalar, decompressed((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")))
    right = plus(point, times(challenge, own))
    return same(left, right)


def decompressed(encoded: bytes) -> Point:
    """A point of the curve, in extended coordinates. Raises ValueError when the bytes are none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        raise ValueError("not a point")
    squared = (y * y - 1) * pow(CURVE * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(squared, (PRIME + 3) // 8, PRIME)
    if (x * x - squared) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - squared) % PRIME or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


def plus(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * CURVE % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def times(scalar: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = plus(result, point)
        point, scalar = plus(point, point), scalar >> 1
    return result


def same(one: Point, other: Point) -> bool:
    return not (one[0] * other[2] - other[0] * one[2]) % PRIME and not (one[1] * other[2] - other[1] * one[2]) % PRIME


def taken(arguments: list[str], name: str) -> str | None:
    """An argument's value, or what stands in the file of that name."""
    if name not in arguments:
        return None
    at = arguments.index(name)
    value = arguments[at + 1]
    del arguments[at : at + 2]
    return Path(value).read_text("ascii") if Path(value).is_file() else value


def main(arguments: list[str]) -> int:
    key, witness = taken(arguments, "--key"), taken(arguments, "--witness")
    bag = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    try:
        for line in proved(bag, key, witness):
            print(line)
    except NotProvedError as error:
        print(f"NOT PROVED / 校验不通过: {error}")
        return 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"this is no such package / 无法读取: {error!r}")
        return 2
    print("proved / 校验通过")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
