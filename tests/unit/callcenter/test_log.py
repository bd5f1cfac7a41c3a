"""What a log line shows, and what it must not."""

import io
import json
import logging
import threading
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from callcenter import log
from callcenter.config import LogConfig

pytestmark = pytest.mark.unit


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    log.configure(LogConfig(level="debug"), stream)
    return stream


def last(stream: io.StringIO) -> Any:
    return json.loads(stream.getvalue().splitlines()[-1])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812345678", "138****5678"),
        ("caller +8613812345678 rang", "caller **********5678 rang"),
        ("138-1234-5678", "138******5678"),
        ("010-12345678", "********5678"),
        ("02012345678", "*******5678"),
        ("11010519491231002X", "110*************2X"),
        ("6222020200112233445", "***************3445"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("客户电话13812345678转", "客户电话138****5678转"),
        ("电话+8613812345678元", "电话**********5678元"),
        ("座机010-12345678号", "座机********5678号"),
        ("证件11010519491231002X的", "证件110*************2X的"),
        ("卡6222020200112233445号", "卡***************3445号"),
        ("Tel.13812345678", "Tel.138****5678"),
        ("呼叫138 1234 5678吧", "呼叫138******5678吧"),
    ],
)
def test_the_middle_of_a_personal_number_is_hidden(text: str, shown: str) -> None:
    assert log.masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "019a8f6e-3c1b-7d10-8123-013812345678",
        "95519-20261118-000001",
        "hl1-1732251600.12",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2026-11-18T04:00:00.000+00:00",
        "4096 bytes in 250 ms",
        "0.13812345678 s",
        "通话hl1-1732251600.12的服务单95519-20261118-000001",
    ],
)
def test_ids_hashes_and_moments_stay_readable(text: str) -> None:
    assert log.masked(text) == text


def test_numbers_are_hidden_in_message_fields_nested_values_and_exceptions(stream: io.StringIO) -> None:
    logger = logging.getLogger("callcenter.test")
    try:
        raise ValueError("Key (number)=(13812345678) already exists")
    except ValueError:
        logger.exception(
            "call from %s", "13812345678", extra={"caller": "13812345678", "legs": [{"number": "13812345678"}]}
        )
    assert "13812345678" not in stream.getvalue()
    assert last(stream)["caller"] == "138****5678"
    assert "ValueError" in last(stream)["exception"]


def test_the_row_a_database_refused_is_not_quoted(stream: io.StringIO) -> None:
    """Also where it is only the cause of what is logged, or one of several errors."""

    def refused() -> asyncpg.PostgresError:
        error = asyncpg.NotNullViolationError('null value in column "number"')
        error.detail = "Failing row contains (王小明, 客户称业务员代签名)."
        return error

    try:
        try:
            raise refused()
        except asyncpg.PostgresError as error:
            raise ExceptionGroup("several", [refused(), ValueError("x")]) from error
    except ExceptionGroup:
        logging.getLogger("callcenter.test").exception("not written")
    told = stream.getvalue()
    assert told.count("null value in column") == 2
    assert "王小明" not in told
    assert "代签名" not in told


def test_a_line_carries_what_was_bound_and_loses_it_after(stream: io.StringIO) -> None:
    logger = logging.getLogger("tickets.test")
    call = UUID(int=5)
    with log.bound(call=call), log.bound(ticket="95519-20261118-000001"):
        logger.info("ticket opened", extra={"seconds": 3.5})
        line = last(stream)
    assert (line["call"], line["ticket"], line["seconds"]) == (str(call), "95519-20261118-000001", 3.5)
    logger.info("later")
    assert "call" not in last(stream)


def test_a_line_break_in_a_value_cannot_forge_a_line(stream: io.StringIO) -> None:
    """H12"""
    logging.getLogger("agi.test").info("name\n{}", extra={"caller_name": '\r\n{"level":"error"}'})
    assert len(stream.getvalue().splitlines()) == 1


def test_text_for_people_is_one_line_too() -> None:
    record = logging.makeLogRecord({"msg": "a\nb", "levelname": "INFO", "name": "x", "caller": "13812345678"})
    line = log.TextLines().format(record)
    assert "\n" not in line
    assert line.endswith('info    a\\nb caller="138****5678"')


def test_other_peoples_chatter_is_left_out(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("callcenter").debug("ours")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["ours"]


class Busy(io.StringIO):
    """A disk that takes nothing until it is `free`."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        assert self.free.wait(10)
        return super().write(text)


def test_nobody_waits_for_a_busy_disk_and_every_line_is_written_in_its_order() -> None:
    """Also what was bound when it was said, and the words of its exception."""
    busy = Busy()
    log.configure(LogConfig(), busy)
    logger = logging.getLogger("callcenter.test")
    with log.in_background():
        with log.bound(call="7"):
            logger.info("first %s", "13812345678")
        try:
            raise ValueError("13812345678 once more")
        except ValueError:
            logger.exception("second")
        assert busy.getvalue() == ""
        busy.free.set()
    logger.info("third")
    first, second, third = map(json.loads, busy.getvalue().splitlines())
    assert (first["message"], first["call"]) == ("first 138****5678", "7")
    assert "ValueError: 138****5678 once more" in second["exception"]
    assert third["message"] == "third"
