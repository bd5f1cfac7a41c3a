"""The living calls in memory, and what of them is still to be written. One task at a time may speak to it.

When PostgreSQL is away it keeps what it heard and writes it later; it must never forget a change that was not
committed.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from callcenter.calls import call as course
from callcenter.calls import channels, facts, store
from callcenter.calls.call import Announce, Call, Direction, Effect, Incident, Released, SegmentState
from callcenter.calls.facts import Fact, Source
from callcenter.calls.store import Note
from callcenter.db.away import is_away
from callcenter.db.pool import Connection
from callcenter.ids import CallId, call_id

log = logging.getLogger(__name__)

Release = Callable[[Connection, str, CallId, datetime], Awaitable[None]]
"""What is done in the same transaction when a telephone is let go by a call."""

MAX_NOTES = 50_000
"""Lines of history kept while PostgreSQL is away; what is over is logged and dropped, oldest first."""

SETTLED_FOR = timedelta(minutes=1)
OVER_FOR = timedelta(minutes=10)

DONE = frozenset({SegmentState.FINISHED, SegmentState.SEALING, SegmentState.SEALED, SegmentState.LOST})
KIND = {
    facts.Arrived: "arrived",
    facts.LegStarted: "leg_started",
    facts.LegRinging: "ringing",
    facts.LegAnswered: "answered",
    facts.LegEnded: "leg_ended",
    facts.Queued: "queued",
    facts.Bridged: "bridged",
    facts.Unbridged: "unbridged",
    facts.Held: "held",
    facts.Unheld: "unheld",
    facts.Transferred: "transferred",
    facts.RecordingStarted: "recording_started",
    facts.RecordingEnded: "recording_ended",
    facts.RecordingFailed: "recording_failed",
    facts.RecordingMissing: "recording_missing",
    facts.Degraded: "degraded",
    facts.Ended: "ended",
}


@dataclass
class Ledger:
    """Living calls by id, and the way from a channel to its call."""

    calls: dict[CallId, Call] = field(default_factory=dict)
    channels: dict[str, CallId] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    effects: list[tuple[CallId | None, Effect]] = field(default_factory=list)
    heard_at: datetime | None = None
    place: "Place | None" = None
    left_behind: set[str] = field(default_factory=set)
    """Channels that we rang into a call whose customer has gone."""
    _saved: dict[CallId, Call] = field(default_factory=dict)
    _settled: set[CallId] = field(default_factory=set)

    def adopt(self, calls: Iterable[Call]) -> None:
        """Takes in calls as the rows tell them; a call that is known already is left alone."""
        for call in calls:
            if call.id not in self.calls:
                self.calls[call.id] = self._saved[call.id] = call
                self.channels.update(dict.fromkeys(call.legs, call.id))

    def call(self, cc_call: str) -> Call | None:
        return self.calls.get(call_id(cc_call)) if channels.is_call_name(cc_call) else None

    def of_channel(self, channel: str) -> Call | None:
        found = self.channels.get(channel)
        return None if found is None else self.calls.get(found)

    def begin(self, cc_call: str, direction: Direction, at: datetime) -> Call:
        """The call of that name, begun now if it is not known."""
        id = call_id(cc_call)
        if id not in self.calls:
            self.calls[id] = course.begin(id, cc_call, direction, at)
        return self.calls[id]

    def hear(self, id: CallId, fact: Fact, source: Source) -> None:
        """One fact about a known call."""
        before = self.calls[id]
        after, effects = course.advance(before, fact)
        self.calls[id] = after
        if self.heard_at is None or fact.at > self.heard_at:
            self.heard_at = fact.at
        if isinstance(fact, facts.LegStarted):
            self.channels[fact.channel] = id
        if isinstance(fact, facts.Ended):
            self._settled.add(id)
        if after is not before and after.ended_at is not None:
            self._leave_behind(after)
        if course.is_news(before, after, fact):
            self._note(id, fact, source)
        self.effects.extend((id, effect) for effect in effects)

    def _leave_behind(self, call: Call) -> None:
        rung = (leg for leg in call.legs.values() if channels.is_rung_in(leg.channel))
        for leg in rung:
            (self.left_behind.add if leg.ended_at is None else self.left_behind.discard)(leg.channel)

    def _note(self, id: CallId, fact: Fact, source: Source) -> None:
        details = asdict(fact)
        at, channel = details.pop("at"), details.pop("channel", None)
        kind = details.pop("kind") if isinstance(fact, facts.Marked) else KIND[type(fact)]
        details = details.get("details", details)
        self.notes.append(Note(id, at, source, kind, channel, {k: v for k, v in details.items() if v is not None}))

    def trim(self) -> None:
        """Bounds what is kept while nothing can be written. Calls and effects are never dropped."""
        if (over := len(self.notes) - MAX_NOTES) > 0:
            log.error("history of calls dropped: the database is away for too long", extra={"lines": over})
            del self.notes[:over]

    def changed(self) -> list[Call]:
        """The calls that differ from what was last committed."""
        return [call for id, call in self.calls.items() if self._saved.get(id) is not call]

    def pending(self) -> "Pending":
        """What is to be written now; what is heard from here on is for the next time."""
        changes = [(self._saved.get(call.id), call) for call in self.changed()]
        return Pending(changes, tuple(self.notes), tuple(self.effects), self.place)

    def written(self, done: "Pending") -> None:
        """What was pending is committed: it need not be kept."""
        for _, call in done.changes:
            self._saved[call.id] = call
        del self.notes[: len(done.notes)]
        del self.effects[: len(done.effects)]
        if self.place is done.place:
            self.place = None

    @property
    def is_clean(self) -> bool:
        return not (self.notes or self.effects or self.place or self.changed())

    def forget(self, now: datetime) -> None:
        """Drops calls that are over: told in full SETTLED_FOR ago, or ended OVER_FOR ago.

        The event log may tell of the end while events of the call still wait in the stream, as they do under load; a
        call forgotten by then would begin anew.
        """
        for call in tuple(self.calls.values()):
            if call.ended_at is None or self._saved.get(call.id) is not call:
                continue
            told = call.id in self._settled and all(each.state in DONE for each in call.segments.values())
            if call.ended_at < now - (SETTLED_FOR if told else OVER_FOR):
                del self.calls[call.id], self._saved[call.id]
                self._settled.discard(call.id)
                for channel in call.legs:
                    self.channels.pop(channel, None)

    def living(self) -> Iterator[Call]:
        return (call for call in self.calls.values() if call.ended_at is None)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file of the event log was heard."""

    file: str
    path: str
    position: int


@dataclass(frozen=True, slots=True)
class Pending:
    """What one transaction is to write."""

    changes: list[tuple[Call | None, Call]]
    notes: tuple[Note, ...]
    effects: tuple[tuple[CallId | None, Effect], ...]
    place: Place | None

    @property
    def name(self) -> str:
        """The first call it is about."""
        return self.changes[0][1].cc_call if self.changes else "none"

    def by_call(self) -> "Iterator[Pending]":
        """The same, one call at a time, and last what belongs to none."""
        ids = {call.id for _, call in self.changes} | {note.call_id for note in self.notes}
        ids |= {id for id, _ in self.effects if id is not None}
        for id in sorted(ids):
            yield Pending(
                [change for change in self.changes if change[1].id == id],
                tuple(note for note in self.notes if note.call_id == id),
                tuple(effect for effect in self.effects if effect[0] == id),
                None,
            )
        yield Pending([], (), tuple(effect for effect in self.effects if effect[0] is None), self.place)

    async def write(self, conn: Connection, at: datetime, release: Release) -> None:
        """Writes all of it on the caller's transaction; `Ledger.written` follows once that is committed."""
        await store.save(conn, self.changes)
        await store.note(conn, self.notes)
        await store.raise_incidents(conn, [(id, told) for id, told in self.effects if isinstance(told, Incident)])
        for id, told in self.effects:
            if isinstance(told, Announce) and id is not None:
                await store.announce(conn, id, told)
            elif isinstance(told, Released) and id is not None:
                await _let_go(conn, release, id, told)
        if self.place is not None:
            await store.save_offset(conn, self.place.file, self.place.path, self.place.position, at)


async def _let_go(conn: Connection, release: Release, id: CallId, told: Released) -> None:
    """What is wrong with one agent keeps no call from being written."""
    try:
        async with conn.transaction():
            await release(conn, told.endpoint, id, told.at)
    except Exception as error:
        if is_away(error):
            raise
        log.error("agent not released", exc_info=error, extra={"endpoint": told.endpoint, "call_id": str(id)})
