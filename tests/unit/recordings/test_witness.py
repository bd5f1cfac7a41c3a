"""A witness co-signs only what still holds everything it saw, and never two heads that contradict each other."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.checkpoint import Signer, TreeHead
from recordings.log import Log
from recordings.witness import (
    Asked,
    Witness,
    WitnessKey,
    WitnessRefusedError,
    cosignatures,
    keep_seen,
    seen,
)
from tests.conftest import NOON

pytestmark = pytest.mark.unit

ORIGIN = "archive.example.cn/log"
SIGNER = Signer.generate(ORIGIN)


def a_log(folder: Path, *leaves: int) -> Log:
    log = Log(folder, ORIGIN)
    log.append([{"n": n} for n in leaves])
    log.sign(SIGNER)
    return log


def a_witness(folder: Path) -> Witness:
    folder.mkdir(exist_ok=True)
    return Witness(folder, SIGNERS, [SIGNER.verifier()])


SIGNERS = Signer.generate("audit.example/w")


def asked(log: Log, old: int) -> Asked:
    note = log.checkpoint_note()
    assert note is not None
    size = log.head.size
    return Asked(old, tuple(log.prove_consistency(old, size)) if 0 < old < size else (), note)


def test_heads_that_grow_are_co_signed_and_the_word_can_be_checked(tmp_path: Path) -> None:
    log, witness = a_log(tmp_path / "log", 1, 2, 3), a_witness(tmp_path / "w")
    key = WitnessKey.parse(witness.key())
    first = witness.cosign(asked(log, 0), NOON)
    note = log.checkpoint_note()
    assert note is not None
    assert key.signed_at(note, first) == int(NOON.timestamp())
    log.append([{"n": n} for n in range(4, 12)])
    log.sign(SIGNER)
    assert key.signed_at(log.checkpoint_note() or b"", witness.cosign(asked(log, 3), NOON)) is not None
    assert key.signed_at(log.checkpoint_note() or b"", first) is None, "its word is about the head it saw"
    witness.cosign(asked(log, 11), NOON)


@settings(max_examples=40, deadline=None)
@given(old=st.integers(1, 40), new=st.integers(1, 40), fork=st.integers(0, 39))
def test_no_other_past_is_ever_co_signed(
    tmp_path_factory: pytest.TempPathFactory, old: int, new: int, fork: int
) -> None:
    """A log that differs from leaf `fork` on: whatever proof is offered, a head with another past is refused."""
    folder = tmp_path_factory.mktemp("fork")
    true = a_log(folder / "true", *range(old))
    other = a_log(folder / "other", *(n if n < fork else -n - 1 for n in range(new)))
    witness = a_witness(folder / "w")
    witness.cosign(asked(true, 0), NOON)
    same_past = fork >= old and new >= old
    if same_past:
        witness.cosign(asked(other, old), NOON)
        return
    with pytest.raises(WitnessRefusedError) as refused:
        witness.cosign(asked(other, old) if old <= new else replace(asked(other, 0), old=old), NOON)
    assert refused.value.status in (400, 409, 422)
    last = witness.last(ORIGIN)
    assert last == TreeHead(ORIGIN, old, true.head.root)


def test_each_refusal_has_its_status(tmp_path: Path) -> None:
    log, witness = a_log(tmp_path / "log", *range(5)), a_witness(tmp_path / "w")
    other = Signer.generate(ORIGIN)
    head = TreeHead(ORIGIN, 5, log.head.root)
    stranger = Signer.generate("elsewhere/log")
    cases = {
        404: Asked(0, (), stranger.sign(replace(head, origin="elsewhere/log"))),
        403: Asked(0, (), other.sign(head)),
        400: replace(asked(log, 0), old=6),
        422: replace(asked(log, 0), proof=(bytes(32),)),
    }
    for status, request in cases.items():
        with pytest.raises(WitnessRefusedError) as refused:
            witness.cosign(request, NOON)
        assert refused.value.status == status
    witness.cosign(asked(log, 0), NOON)
    with pytest.raises(WitnessRefusedError) as refused:
        witness.cosign(asked(log, 0), NOON)
    assert (refused.value.status, refused.value.size) == (409, 5)


@pytest.mark.parametrize(
    "body",
    [b"", b"old 1", b"old x\n\nnote", b"new 1\n\nx", b"old 1\n!!\n\nx", b"old 1\nAAAA\n\nx", b"old 0\n" * 90 + b"\nx"],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(WitnessRefusedError) as refused:
        Asked.of(body)
    assert refused.value.status == 400


def test_a_request_is_read_as_it_was_sent(tmp_path: Path) -> None:
    log = a_log(tmp_path / "log", *range(9))
    request = asked(log, 4)
    assert Asked.of(request.body()) == request


def test_a_witness_whose_memory_is_damaged_signs_nothing(tmp_path: Path) -> None:
    log, witness = a_log(tmp_path / "log", 1), a_witness(tmp_path / "w")
    witness.cosign(asked(log, 0), NOON)
    (kept,) = (tmp_path / "w").glob("*.note")
    kept.write_bytes(b"1" + kept.read_bytes())
    with pytest.raises(Exception, match="checkpoint"):
        witness.cosign(asked(log, 1), NOON)


def test_what_was_co_signed_is_kept_beside_the_log(tmp_path: Path) -> None:
    log, witness = a_log(tmp_path / "log", 1, 2), a_witness(tmp_path / "w")
    key = WitnessKey.parse(witness.key())
    note = log.checkpoint_note()
    assert note is not None
    assert seen(tmp_path / "log", key) == 0
    keep_seen(tmp_path / "log", key, note, witness.cosign(asked(log, 0), NOON))
    assert seen(tmp_path / "log", key) == 2
    (kept,) = cosignatures(tmp_path / "log").values()
    assert kept.startswith(note)
