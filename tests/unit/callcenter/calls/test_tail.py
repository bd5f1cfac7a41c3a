"""The reader of a log file that grows, is torn, rotated, cut and replaced."""

import os
from pathlib import Path

import pytest

from callcenter.calls.tail import Tail

pytestmark = pytest.mark.unit


def lines(tail: Tail) -> list[str]:
    found: list[str] = []
    while (portion := tail.read()) is not None:
        found.extend(portion.lines)
    return found


def test_a_torn_row_waits_for_its_end(tmp_path: Path) -> None:
    """F35"""
    file = tmp_path / "cel.jsonl"
    file.write_text("one\ntw")
    tail = Tail(file, {})
    assert lines(tail) == ["one"]
    with file.open("a") as opened:
        opened.write("o\n")
    assert lines(tail) == ["two"]


def test_the_rest_of_a_rotated_file_comes_before_the_new_one(tmp_path: Path) -> None:
    """F35"""
    file = tmp_path / "cel.jsonl"
    file.write_text("one\n")
    tail = Tail(file, {})
    assert lines(tail) == ["one"]
    with file.open("a") as opened:
        opened.write("two\n")
    file.rename(tmp_path / "cel.jsonl.1")
    file.write_text("three\n")
    assert lines(tail) == ["two", "three"]


def test_positions_outlive_the_reader_and_the_name(tmp_path: Path) -> None:
    """F35"""
    file = tmp_path / "cel.jsonl"
    file.write_text("one\ntwo\n")
    portion = Tail(file, {}).read()
    assert portion is not None
    file.rename(tmp_path / "cel.jsonl.1")
    file.write_text("three\n")
    assert lines(Tail(file, {portion.file: portion.position})) == ["three"]


def test_a_file_cut_short_is_read_anew_and_told_as_such(tmp_path: Path) -> None:
    """F35"""
    file = tmp_path / "cel.jsonl"
    file.write_text("one\ntwo\nthree\n")
    tail = Tail(file, {})
    lines(tail)
    os.truncate(file, 4)
    portion = tail.read()
    assert portion is not None
    assert portion.lines == ("one",)
    assert portion.truncated or portion.position == 4


def test_an_inode_used_again_is_another_file(tmp_path: Path) -> None:
    """F35"""
    file = tmp_path / "cel.jsonl"
    file.write_text("one\n")
    portion = Tail(file, {}).read()
    assert portion is not None
    file.write_text("other\nsecond\n")
    assert lines(Tail(file, {portion.file: portion.position})) == ["other", "second"]


def test_a_missing_file_is_known_to_be_missing(tmp_path: Path) -> None:
    """F36"""
    tail = Tail(tmp_path / "cel.jsonl", {})
    assert tail.read() is None
    assert tail.missing
    (tmp_path / "cel.jsonl").write_text("one\n")
    assert lines(tail) == ["one"]
    assert not tail.missing


def test_a_line_longer_than_a_portion_is_still_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.calls.tail.CHUNK", 8)
    file = tmp_path / "cel.jsonl"
    file.write_text("a" * 100 + "\nb\nc\n")
    assert lines(Tail(file, {})) == ["a" * 100, "b", "c"]


def test_packed_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cel.jsonl.2.gz").write_bytes(b"\x1f\x8b\n")
    (tmp_path / "cel.jsonl").write_text("one\n")
    assert lines(Tail(tmp_path / "cel.jsonl", {})) == ["one"]
