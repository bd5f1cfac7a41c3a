"""The Merkle log: durable, append-only, provable from outside (archive.md §2.6, INV-10)."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import merkle
from recordings.checkpoint import Signer, Verifier, parse
from recordings.errors import LeafTooLargeError, LogDamagedError
from recordings.log import Log, canonical
from tests.fakes.captures import ORIGIN

pytestmark = pytest.mark.unit

# Published test vectors of the certificate-transparency reference implementation.
CT_LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
CT_LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
CT_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def memory(leaves: list[bytes]) -> merkle.Subtree:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]

    def subtree(level: int, index: int) -> bytes:
        if level == 0:
            return hashes[index]
        return merkle.node_hash(subtree(level - 1, index * 2), subtree(level - 1, index * 2 + 1))

    return subtree


@pytest.mark.parametrize(("size", "expected"), CT_ROOTS.items())
def test_roots_are_those_of_rfc_6962(size: int, expected: str) -> None:
    assert merkle.root(size, memory(CT_LEAVES)).hex() == expected


@given(st.integers(1, 70), st.data())
@settings(max_examples=60, deadline=None)
def test_every_leaf_can_be_proved_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(size)]
    subtree = memory(leaves)
    head = merkle.root(size, subtree)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion(index, size, subtree)
    assert merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, head)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"forged"), index, size, proof, head)


@given(st.integers(1, 70), st.data())
@settings(max_examples=60, deadline=None)
def test_every_earlier_tree_is_proved_a_prefix_and_a_changed_one_is_not(new: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(new)]
    subtree = memory(leaves)
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency(old, new, subtree)
    heads = merkle.root(old, subtree), merkle.root(new, subtree)
    assert merkle.verify_consistency(old, new, *heads, proof)
    other = merkle.root(old, memory([b"changed", *leaves[1:]]))
    assert not merkle.verify_consistency(old, new, other, heads[1], proof)


def test_no_proof_is_made_of_or_accepted_for_what_cannot_be() -> None:
    """INV-10"""
    subtree = memory(CT_LEAVES)
    head, leaf = merkle.root(8, subtree), merkle.leaf_hash(CT_LEAVES[2])
    proof, prefix = merkle.inclusion(2, 8, subtree), merkle.consistency(3, 8, subtree)
    assert merkle.root(0, subtree) == merkle.EMPTY
    for index, size in ((8, 8), (-1, 8), (0, 0)):
        with pytest.raises(ValueError, match="not in a tree"):
            merkle.inclusion(index, size, subtree)
        assert not merkle.verify_inclusion(leaf, index, size, proof, head)
    for old, new in ((0, 8), (9, 8), (-1, 8)):
        with pytest.raises(ValueError, match="no consistency proof"):
            merkle.consistency(old, new, subtree)
        assert not merkle.verify_consistency(old, new, head, head, prefix)
    old_head = merkle.root(3, subtree)
    for wrong in ([], proof[:-1], [*proof, head]):
        assert not merkle.verify_inclusion(leaf, 2, 8, wrong, head)
    for wrong in ([], prefix[:-1], [*prefix, head]):
        assert not merkle.verify_consistency(3, 8, old_head, head, wrong)
    assert not merkle.verify_consistency(8, 8, head, head, [head])
    assert not merkle.verify_consistency(8, 8, head, old_head, [])


def test_the_log_on_disk_has_the_same_root_as_the_tree_in_memory_across_tiles(tmp_path: Path) -> None:
    log = Log(tmp_path, ORIGIN)
    leaves = [b"leaf %d" % number for number in range(700)]
    log.append_entries(leaves[:3])
    log.append_entries(leaves[3:600])
    for leaf in leaves[600:]:
        log.append_entries([leaf])
    subtree = memory(leaves)
    assert log.head.root == merkle.root(700, subtree)
    assert log.root_at(513) == merkle.root(513, subtree)
    assert list(log.entries(598)) == leaves[598:]
    proof = log.prove(300)
    assert proof.leaf == leaves[300]
    assert merkle.verify_inclusion(merkle.leaf_hash(proof.leaf), 300, proof.size, proof.path, proof.root)
    assert log.verify() == log.head


def test_files_lie_where_tlog_tiles_has_them(tmp_path: Path) -> None:
    log = Log(tmp_path, ORIGIN)
    log.append_entries([b"x"] * 300)
    for name in ("tile/entries/000", "tile/entries/001", "tile/0/000", "tile/0/001", "tile/1/000", ".state/treeState"):
        assert (tmp_path / name).is_file(), name
    assert (tmp_path / "tile/0/000").stat().st_size == 256 * 32
    assert (tmp_path / "tile/0/001").stat().st_size == 44 * 32


def test_what_a_crash_left_behind_the_acknowledged_leaves_is_cut_away(tmp_path: Path) -> None:
    log = Log(tmp_path, ORIGIN)
    log.append([{"n": 1}, {"n": 2}])
    with (tmp_path / "tile/entries/000").open("ab") as file:
        file.write(b"\x00\x40torn")
    with (tmp_path / "tile/0/000").open("ab") as file:
        file.write(b"half a hash")
    assert log.head.size == 2
    assert log.append([{"n": 3}]) == 2
    assert [json.loads(entry)["n"] for entry in log.entries()] == [1, 2, 3]
    log.verify()


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000", "tile/1/000"])
def test_a_flipped_bit_in_a_leaf_or_tile_is_found(tmp_path: Path, name: str) -> None:
    """F45"""
    log = Log(tmp_path, ORIGIN)
    log.append_entries([b"leaf %d" % number for number in range(300)])
    path = tmp_path / name
    content = bytearray(path.read_bytes())
    content[17] ^= 1
    path.write_bytes(content)
    with pytest.raises(LogDamagedError):
        log.verify()


def test_a_log_cut_back_to_an_older_tree_is_neither_opened_nor_signed(tmp_path: Path) -> None:
    """F47, INV-10"""
    log, signer = Log(tmp_path, ORIGIN), Signer.generate("archive.example.cn/key")
    log.append([{"n": 1}])
    older = (tmp_path / ".state/treeState").read_bytes()
    log.append([{"n": 2}])
    log.sign(signer)
    (tmp_path / ".state/treeState").write_bytes(older)
    with pytest.raises(LogDamagedError):
        log.sign(signer)
    with pytest.raises(LogDamagedError):
        Log(tmp_path, ORIGIN)


def test_a_rewritten_leaf_is_never_signed(tmp_path: Path) -> None:
    """INV-10"""
    log, signer = Log(tmp_path / "a", ORIGIN), Signer.generate("archive.example.cn/key")
    log.append([{"n": 1}, {"n": 2}])
    log.sign(signer)
    other = Log(tmp_path / "b", ORIGIN)
    other.append([{"n": 1}, {"n": 9}, {"n": 3}])
    (tmp_path / "b/checkpoint").write_bytes((tmp_path / "a/checkpoint").read_bytes())
    with pytest.raises(LogDamagedError):
        other.sign(signer)


def test_a_checkpoint_is_a_signed_note_that_only_its_key_could_make(tmp_path: Path) -> None:
    log, signer = Log(tmp_path, ORIGIN), Signer.generate("archive.example.cn/key")
    log.append([{"n": 1}])
    head = log.sign(signer)
    note = (tmp_path / "checkpoint").read_bytes()
    assert note.decode().splitlines()[:2] == [ORIGIN, "1"]
    assert parse(note, [signer.verifier()]) == head
    assert Signer.parse(signer.private_text()).verifier().text() == signer.verifier().text()
    stranger = Signer.generate("archive.example.cn/key").verifier()
    for wrong, verifier in ((note, stranger), (note.replace(b"\n1\n", b"\n2\n"), signer.verifier())):
        with pytest.raises(LogDamagedError):
            parse(wrong, [verifier])


class DyingLog(Log):
    """A log whose process dies before the tree state of a wanted size is stored."""

    dies_at = -1

    def _store_state(self, size: int, root: bytes) -> None:
        if size == self.dies_at:
            raise RuntimeError("the process dies here")
        super()._store_state(size, root)


@pytest.mark.parametrize("size", [1, 2, 256, 257])
def test_a_crash_before_the_tree_state_forgets_only_the_leaf_that_was_not_acknowledged(
    tmp_path: Path, size: int
) -> None:
    """F37: also for the very first leaf."""
    log = DyingLog(tmp_path, ORIGIN)
    if size > 1:
        log.append_entries([b"%d" % number for number in range(size - 1)])
    log.dies_at = size
    with pytest.raises(RuntimeError):
        log.append_entries([b"lost, with a longer text"])
    again = Log(tmp_path, ORIGIN)
    assert again.head.size == size - 1
    assert again.append_entries([b"kept"]) == size - 1
    assert again.verify().size == size


def test_a_missing_tree_state_beside_entries_is_damage_not_an_empty_log(tmp_path: Path) -> None:
    log = Log(tmp_path, ORIGIN)
    log.append([{"n": 1}])
    (tmp_path / ".state/treeState").unlink()
    with pytest.raises(LogDamagedError):
        Log(tmp_path, ORIGIN)


def test_leaves_are_canonical_and_hold_no_floats() -> None:
    assert canonical({"b": 1, "a": {"d": "录音", "c": None}}) == '{"a":{"c":null,"d":"录音"},"b":1}'.encode()
    with pytest.raises(TypeError):
        canonical({"a": [{"b": 0.1}]})


def test_a_leaf_too_long_for_a_bundle_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    log = Log(tmp_path, ORIGIN)
    with pytest.raises(LeafTooLargeError):
        log.append_entries([b"x" * 65_536])
    assert log.head.size == 0


def test_two_writers_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    """F48"""
    first, second = Log(tmp_path, ORIGIN), Log(tmp_path, ORIGIN)
    for number in range(20):
        (first if number % 2 else second).append([{"n": number}])
    assert [json.loads(entry)["n"] for entry in first.entries()] == list(range(20))
    first.verify()


def test_verifier_text_names_its_key(tmp_path: Path) -> None:
    verifier: Verifier = Signer.generate("archive.example.cn/key").verifier()
    assert verifier.text().startswith(f"archive.example.cn/key+{verifier.key_id.hex()}+")


def test_a_system_that_writes_a_few_bytes_at_a_time_leaves_a_whole_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write may be short without an error: head and checkpoint are written to their last byte."""
    at_once = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: at_once(descriptor, bytes(content)[:7]))
    log = Log(tmp_path, ORIGIN)
    log.append([{"type": "INGEST", "n": number} for number in range(3)])
    signer = Signer.generate(ORIGIN)
    log.sign(signer)
    again = Log(tmp_path, ORIGIN)
    assert again.verify().size == 3
    assert again.signed_head([signer.verifier()]) == again.head


def test_a_public_key_is_read_back_and_a_damaged_one_is_not() -> None:
    verifier = Signer.generate(ORIGIN).verifier()
    again = Verifier.parse(f"{verifier.text()}\n")
    assert (again.name, again.key_id, again.text()) == (verifier.name, verifier.key_id, verifier.text())
    other = Signer.generate(ORIGIN).verifier().text()
    mixed = "+".join([*verifier.text().split("+", 2)[:2], other.split("+", 2)[2]])
    for text in ("", "name", verifier.text()[:-8], mixed):
        with pytest.raises(ValueError, match="public key"):
            Verifier.parse(text)


def test_a_checkpoint_is_given_only_for_leaves_it_covers(tmp_path: Path) -> None:
    log, signer = Log(tmp_path, ORIGIN), Signer.generate(ORIGIN)
    log.append([{"n": number} for number in range(3)])
    assert log.checkpoint_over(0) is None
    signed = log.sign(signer)
    log.append([{"n": 3}])
    covered = log.checkpoint_over(2)
    assert covered is not None
    assert (covered[0], parse(covered[1], [signer.verifier()])) == (signed, signed)
    assert log.checkpoint_over(3) is None
