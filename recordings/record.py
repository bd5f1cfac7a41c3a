"""The documents that lie beside the audio in an object: record.json, premis.jsonl, cel.csv, dat63.xml.

Pure. What the application says about a call is carried as it is given; nothing is looked up here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as Xml

from recordings.audio import Encoded, MasterFormat
from recordings.capture import Origin
from recordings.clock import UNKNOWN, Reading
from recordings.completeness import Completeness
from recordings.errors import ObjectDamagedError

Json = Mapping[str, Any]

SCHEMA = "cc-rec/1"
CATEGORY = "LY"
RETENTION = "永久"
CHANNEL_MAP = ("customer", "heard_by_customer")
RECORD = "meta/record.json"
PREMIS = "meta/premis.jsonl"
CEL = "meta/cel.csv"
DAT63 = "meta/dat63.xml"


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """One sealed stretch of audio: the master, its digests, and what is known about its wholeness."""

    number: int
    file: str
    form: MasterFormat
    encoded: Encoded
    master_sha256: str
    sm3: str | None
    started_at: datetime | None
    expected_ms: int | None
    completeness: Completeness
    muted: tuple[tuple[int, int], ...] = ()

    def as_json(self) -> Json:
        return {
            "number": self.number,
            "file": self.file,
            "source": [asdict(origin) for origin in self.encoded.origins],
            "rate": self.encoded.rate,
            "channels": self.encoded.channels,
            "channel_map": list(CHANNEL_MAP[: self.encoded.channels] if self.encoded.channels == 2 else ["mix"]),
            "codec_native": "signed linear 16 bit",
            "archive_format": self.form.value,
            "samples": self.encoded.frames,
            "duration_ms": self.encoded.duration_ms,
            "started_at": moment(self.started_at),
            "expected_ms": self.expected_ms,
            "gap_ms": self.encoded.gap_ms,
            "completeness": self.completeness.value,
            "salvage_notes": list(self.encoded.notes),
            "muted_ms": [list(interval) for interval in self.muted],
            "pcm_sha256": self.encoded.pcm_sha256,
            "wav_sha256": self.encoded.wav_sha256,
            "flac_sha256": self.master_sha256 if self.form is MasterFormat.FLAC else None,
            "sm3": self.sm3,
        }


def segment(document: Json) -> SealedSegment:
    """Read a segment back from record.json. Raises ObjectDamagedError."""
    try:
        started = document["started_at"]
        return SealedSegment(
            number=document["number"],
            file=document["file"],
            form=MasterFormat(document["archive_format"]),
            encoded=Encoded(
                rate=document["rate"],
                channels=document["channels"],
                frames=document["samples"],
                gap_ms=document["gap_ms"],
                pcm_sha256=document["pcm_sha256"],
                wav_sha256=document["wav_sha256"],
                origins=tuple(Origin(**origin) for origin in document["source"]),
                notes=tuple(document["salvage_notes"]),
            ),
            master_sha256=document["flac_sha256"] or document["wav_sha256"],
            sm3=document["sm3"],
            started_at=None if started is None else datetime.fromisoformat(started),
            expected_ms=document["expected_ms"],
            completeness=Completeness(document["completeness"]),
            muted=tuple((start, end) for start, end in document["muted_ms"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(f"record.json: segment cannot be read: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Description:
    """What the application knows about the call at sealing time. Personal numbers come masked or hashed.

    ``cel`` holds the switch's raw event rows of this call, one CSV line each.
    """

    archive_no: str
    fonds: str
    fonds_name: str
    title: str
    security_class: str = "内部"
    call: Json = field(default_factory=dict)
    tickets: Sequence[Json] = ()
    consent: Json | None = None
    environment: Json = field(default_factory=dict)
    cel: Sequence[str] = ()
    sealed_by: str = "archiver"
    clock: Reading | None = None


def record_json(
    object_id: str, about: Description, segments: Sequence[SealedSegment], at: datetime, log_size: int
) -> bytes:
    """``meta/record.json``. ``log_size`` is the number of log leaves when sealing began."""
    document = {
        "schema": SCHEMA,
        "object_id": object_id,
        "archive_no": about.archive_no,
        "fonds": about.fonds,
        "category": CATEGORY,
        "retention": RETENTION,
        "security_class": about.security_class,
        "title": about.title,
        "call": dict(about.call),
        "segments": [item.as_json() for item in segments],
        "overlaps": [list(pair) for pair in overlaps(segments)],
        "tickets_at_seal": [dict(ticket) for ticket in about.tickets],
        "consent": about.consent,
        "env": dict(about.environment),
        "sealed_by": about.sealed_by,
        "sealed_at": moment(at),
        "clock": UNKNOWN if about.clock is None else dict(about.clock.as_json()),
        "prev_log_size": log_size,
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def overlaps(segments: Sequence[SealedSegment]) -> list[tuple[int, int]]:
    """Pairs of segment numbers that claim the same time (R19); both are kept."""
    timed = sorted(
        (item.started_at, item.started_at + timedelta(milliseconds=item.encoded.duration_ms), item.number)
        for item in segments
        if item.started_at is not None
    )
    return [
        (number, other)
        for at, (_, end, number) in enumerate(timed)
        for start, _, other in timed[at + 1 :]
        if start < end
    ]


def premis_jsonl(object_id: str, segments: Sequence[SealedSegment], at: datetime, agent: str) -> bytes:
    """``meta/premis.jsonl``: PREMIS 3 events up to sealing, one JSON object a line."""
    events = []
    for item in segments:
        events.append(("capture", item, item.started_at, [origin.name for origin in item.encoded.origins]))
        events.append(("message digest calculation", item, at, [f"sha256:{item.master_sha256}"]))
        events.append(("normalization", item, at, [f"{item.form.value}, lossless"]))
        events.append(("validation", item, at, ["decoded from disk, samples equal", item.completeness.value]))
    lines = [
        {
            "event": kind,
            "at": moment(when),
            "object": object_id,
            "file": item.file,
            "agent": agent,
            "detail": detail,
            "outcome": "success",
        }
        for kind, item, when, detail in events
    ]
    lines.append({"event": "ingestion", "at": moment(at), "object": object_id, "agent": agent, "outcome": "success"})
    return b"".join(json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n" for line in lines)


def cel_csv(rows: Sequence[str]) -> bytes:
    """``meta/cel.csv``: the switch's event rows as they were."""
    return "".join(f"{row.rstrip()}\n" for row in rows).encode()


def dat63_xml(object_id: str, about: Description, segments: Sequence[SealedSegment], at: datetime) -> bytes:
    """``meta/dat63.xml``: the element names of DA/T 63-2017, for hand-over to an archive."""
    root = Xml.Element("录音类电子档案元数据", {"标准": "DA/T 63-2017"})
    starts = [item.started_at for item in segments if item.started_at is not None]
    total = sum(item.encoded.duration_ms for item in segments)
    for name, text in (
        ("聚合层次", "件"),
        ("全宗号", about.fonds),
        ("全宗名称", about.fonds_name),
        ("档案门类代码", CATEGORY),
        ("档号", about.archive_no),
        ("电子文件号", object_id),
        ("题名", about.title),
        ("保管期限", RETENTION),
        ("密级", about.security_class),
        ("摄录时间", moment(min(starts)) if starts else ""),
        ("时间长度", f"{total / 1000:.3f} s"),
        ("归档时间", moment(at)),
    ):
        Xml.SubElement(root, name).text = text
    for item in segments:
        part = Xml.SubElement(root, "音频文件")
        for name, text in (
            ("计算机文件名", item.file),
            ("格式信息", item.form.value.upper()),
            ("时间长度", f"{item.encoded.duration_ms / 1000:.3f} s"),
            ("采样率", f"{item.encoded.rate} Hz"),
            ("量化位数", "16"),
            ("声道数", str(item.encoded.channels)),
            ("数字摘要值", item.master_sha256),
            ("数字摘要算法", "SHA-256"),
        ):
            Xml.SubElement(part, name).text = text
    Xml.indent(root)
    content: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def moment(at: datetime | None) -> str | None:
    """UTC with milliseconds and ``Z``, or None."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
