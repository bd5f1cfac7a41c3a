"""Every bad input, every promise and every rule has a test that names it: a list with a hole is found here.

Naming is not proving: what a test named so does must be read. Ids are named in the docstrings of tests.
"""

import pytest

from tests import naming

pytestmark = pytest.mark.unit

BAD_INPUTS = {
    # FastAGI, as its clients can send it
    "A1": "connect, close at once",
    "A2": "half of the environment, then FIN, RST, silence",
    "A3": "no blank line, ten megabytes of headers",
    "A4": "header without colon, empty name, repeated names, CRLF",
    "A5": "invalid UTF-8 or GBK in the caller's name",
    "A6": "script unknown, with ../, %00, 8 kB, query",
    "A7": "unique id empty, odd, reused",
    "A8": "caller unknown, anonymous, +86, 40 digits, letters, full-width digits",
    "A9": "510, 511 on a dead channel, 520 over several lines",
    "A10": "result -1, -2, (timeout), endpos",
    "A11": "a value with a line break spans lines",
    "A12": "a value with brackets",
    "A13": "HANGUP between reply and next command, or instead of a reply",
    "A14": "a reply in 200 segments, two replies in one",
    "A15": "a reply longer than 64 KiB without an end",
    "A16": "100 Trying before the result",
    "A17": "we try to send NUL, CR, LF, more than 2,000 bytes",
    "A18": "we send quotes, backslashes, ${…}, $[…]",
    "A19": "a flood of keys, GET DATA with # only, empty",
    "A20": "the same call opens two sessions",
    "A21": "a client that is not Asterisk",
    # ARI events and REST
    "B1": "unknown event type, unknown fields",
    "B2": "missing channel, null ids, numbers as strings",
    "B3": "not JSON, truncated, 10 MB, deep, binary, odd closes",
    "B4": "the same event twice, out of order",
    "B5": "timestamps in other zones, going back",
    "B6": "StasisStart nobody expects, without or with 100 arguments",
    "B7": "channel ids with /, ;2, %, spaces, unicode",
    "B8": "caller's name with emoji, RTL, control characters, 10 kB",
    "B9": "ApplicationReplaced",
    "B10": "RecordingFinished that proves nothing",
    "B11": "odd recording names",
    "B12": "409 not in Stasis",
    "B13": "404 between list and get",
    "B14": "401, 403, password changed",
    "B15": "a forged ChannelUserevent",
    "B16": "channel variables with secrets",
    "B17": "50,000 events a second",
    "B18": "an event of another Asterisk",
    "B19": "a bridge with 100 channels",
    "B20": "events nobody asked for",
    # HTTP
    "H1": "no, expired, another's, truncated token",
    "H2": "another organisation's or a guessed id",
    "H3": "ranges of every kind",
    "H4": "If-Range, HEAD, OPTIONS, unknown method",
    "H5": "ids with ../, %2e, %00, unicode dots",
    "H6": "play of what is not sealed, lost or damaged",
    "H7": "create without a key, with one that is none",
    "H8": "same key, other body",
    "H9": "same key fifty times at once",
    "H10": "bodies and clients that never end, bombs, wrong charsets",
    "H11": "NUL, lone surrogates, 1 MB, RTL, zero-width, rare characters",
    "H12": "SQL, HTML, formula, log and header injection",
    "H13": "impossible times",
    "H14": "link to an unknown or another's call, twice, without end",
    "H15": "unlink under hold",
    "H16": "export without reason, of a million rows",
    "H17": "page sizes and cursors",
    "H18": "patterns in filters, statements without end",
    "H19": "another site's page",
    "H20": "two log-ins, one revoked",
    "H21": "the client's clock",
    "H22": "upload of a recording",
    "H23": "peaks without the right to hear",
    "H24": "metrics from outside",
    # lists that are imported
    "C1": "empty, header only, byte order mark, UTF-16, GB18030, mixed encodings",
    "C2": "delimiters, quotation marks without a pair, line breaks in values, CR alone",
    "C3": "missing, repeated, reordered, Chinese headers",
    "C4": "numbers a spreadsheet damaged, and in every way of writing",
    "C5": "emergency, service, premium-rate and our own numbers",
    "C6": "the same policy in the file, in another campaign, in another encoding",
    "C7": "do not call, consent withdrawn",
    "C8": "texts that start a formula",
    "C9": "millions of rows, a row of 50 MB, ten thousand columns",
    "C10": "NUL, control characters, emoji, RTL, rare characters",
    "C11": "impossible, ambiguous, serial days, other zones",
    "C12": "an upload that breaks off, the same file twice",
    "C13": "killed at a row",
    "C14": "seen while the import runs",
    "C15": "archives, bombs, macros, links, renamed files",
    "C16": "paths in file names, 300 characters",
    "C17": "identity numbers nobody declared",
    "C18": "plans outside calling hours, on holidays, in another zone",
    "C19": "priorities -1, 1e9, blank",
    "C20": "a variable of the script is missing",
    "C21": "metacharacters of SQL, shell, AGI",
    "C22": "no valid row",
    # capture files in the spool
    "R1": "0 bytes, 1 byte, odd length",
    "R2": "WAV header that says 0",
    "R3": "header larger or smaller than the file",
    "R4": "other WAV encodings",
    "R5": "no audio at all",
    "R6": "one side only, lengths that differ",
    "R7": "sides swapped, identical, zero",
    "R8": "silence, clipping, hours and gigabytes",
    "R9": "sparse files",
    "R10": "the same name again",
    "R11": "links, pipes, devices, folders, sockets",
    "R12": "names with .., line breaks, 255 bytes, look-alikes",
    "R13": "no right to read",
    "R14": "times in 1970 and in the future",
    "R15": "replaced between open and rename",
    "R16": "still being written",
    "R17": "100,000 files in one folder",
    "R18": "file without a call, call without a file",
    "R19": "segments that overlap",
    "R20": "FLAC whose own digest is missing or wrong",
    "R21": "stage folders of an earlier run",
    "R22": "objects of a later OCFL",
}

PROMISES = {
    "INV-1": "every answered call has a terminal state per segment: sealed, or lost with its reason",
    "INV-2": "every sealed object verifies",
    "INV-3": "each acknowledged ticket key has exactly one ticket",
    "INV-4": "acknowledged means still there after any crash",
    "INV-5": "one object a call, one file a segment and side",
    "INV-6": "no audio byte without a durable entry before it",
    "INV-7": "with all our processes dead callers reach the static queue",
    "INV-8": "nobody sits in AGI, Stasis or a bridge past the limit",
    "INV-9": "the outbox drains, consumers act once",
    "INV-10": "each checkpoint is consistent with those before",
    "INV-11": "every degraded interval is an incident",
    "INV-12": "calls known to us are those the switch began",
    "T-1": "a finding cannot be counted",
    "T-2": "a clear complaint on a callback is inbound, source callback, counted",
    "T-3": "a ticket of a live call was committed before its end, and shows both moments",
    "T-4": "no figure without its list",
    "T-5": "every rule has a test that names it",
    "T-6": "nobody hears, sees or exports what they may not, and every try is logged first",
    "T-7": "days are Shanghai's, working days the calendar's",
}

NOT_YET = {
    "H15": "nothing is unlinked and nothing held yet",
}
"""Ids that do not apply to what exists, and why."""


def test_the_lists_are_whole() -> None:
    """An id nobody lists would be missed by nobody."""
    counts = {letter: sum(id[0] == letter for id in BAD_INPUTS) for letter in "ABCHR"}
    assert counts == {"A": 21, "B": 20, "C": 22, "H": 24, "R": 22}
    assert len(PROMISES) == 12 + 7


@pytest.mark.parametrize("id", sorted((BAD_INPUTS | PROMISES).keys() - NOT_YET.keys(), key=lambda id: (len(id), id)))
def test_a_test_names_it(id: str) -> None:
    assert naming.of_tests(naming.PROMISE).get(id), (BAD_INPUTS | PROMISES)[id]


def test_nothing_is_excused_any_longer_than_it_must() -> None:
    named = naming.of_tests(naming.PROMISE)
    assert {id for id in NOT_YET if id in named} == set()
    assert set(NOT_YET) <= set(BAD_INPUTS | PROMISES)


def test_no_test_names_what_is_in_no_list() -> None:
    """A slip of the pen would look like a test of something."""
    assert set(naming.of_tests(naming.PROMISE)) <= set(BAD_INPUTS | PROMISES)
    assert {id for id in naming.of_tests() if id not in naming.WORDS} == set()


def test_every_rule_that_the_code_names_is_named_by_a_test() -> None:
    """T-5"""
    tested = naming.of_tests()
    assert {id: files for id, files in naming.of_code().items() if id not in tested} == {}


def test_every_rule_that_is_named_is_told_in_words() -> None:
    """T-5"""
    assert set(naming.of_code()) | set(naming.of_tests()) <= set(naming.WORDS)
    assert all(naming.WORDS.values())


def test_every_rule_of_the_measures_is_shown_by_a_test() -> None:
    """T-5"""
    tested = naming.of_tests()
    of_measures = {id for id in naming.WORDS if id.partition("-")[0] not in ("C", "E")}
    assert {id for id in of_measures if id not in tested} == set()


def test_the_page_of_rules_is_current() -> None:
    """T-5: made anew by `make rules`"""
    assert naming.PAGE.read_text(encoding="utf-8") == naming.page()
