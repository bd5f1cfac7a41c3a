"""Has every signed head of the archive's log seen by witnesses elsewhere, and keeps their co-signatures beside it.

A witness that cannot be reached is asked again; one that says our log contradicts what it saw is believed, and a person
told: nothing here ever overrules it.
"""

import asyncio
import logging
from dataclasses import dataclass

import aiohttp

from callcenter.archiving import opening, store
from callcenter.archiving.opening import Site
from callcenter.clock import Clock
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Database
from callcenter.ids import derived
from recordings import checkpoint
from recordings.errors import RecordingsError
from recordings.witness import Asked, WitnessKey, keep_seen, seen

log = logging.getLogger(__name__)

PATIENCE = aiohttp.ClientTimeout(total=10)
LONGEST_ANSWER = 4096
CONFLICT = 409
REFUSALS = (400, 403, 404, CONFLICT, 422)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a witness is asked, and the key its word is checked with."""

    url: str
    key: WitnessKey

    @classmethod
    def of(cls, text: str) -> "Address":
        """Read `<url> <key>`. Raises ValueError."""
        url, _, key = text.strip().partition(" ")
        return cls(url.rstrip("/"), WitnessKey.parse(key))


class Witnesses:
    """Asks each witness of the settings about the newest head."""

    def __init__(self, config: RecordingsConfig, db: Database, clock: Clock) -> None:
        self._config = config
        self._db = db
        self._clock = clock
        self._addresses = [Address.of(text) for text in config.witnesses]
        self._told: set[str] = set()

    async def ask(self) -> int:
        """How many witnesses have co-signed the newest head now."""
        if not self._addresses:
            return 0
        try:
            site = await asyncio.to_thread(opening.existing, self._config)
        except RecordingsError:
            return 0
        async with aiohttp.ClientSession(timeout=PATIENCE) as session:
            return sum([await self._ask(session, site, address) for address in self._addresses])

    async def _ask(self, session: aiohttp.ClientSession, site: Site, address: Address) -> bool:
        note = site.log.checkpoint_note()
        if note is None:
            return False
        folder = site.archive.log
        head = checkpoint.parse(note)
        last = seen(folder, address.key)
        if last == head.size:
            return True
        try:
            status, answer = await self._post(session, site, address, last, note)
            if status == CONFLICT and answer.strip().isdigit() and 0 < int(answer) <= head.size:
                status, answer = await self._post(session, site, address, int(answer), note)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("witness not reached", extra={"witness": address.key.name, "error": type(error).__name__})
            return False
        if status == 200 and address.key.signed_at(note, answer) is not None:
            await asyncio.to_thread(keep_seen, folder, address.key, note, answer)
            self._told.discard(address.key.name)
            return True
        await self._tell(address, status, answer, head.size)
        return False

    async def _post(
        self, session: aiohttp.ClientSession, site: Site, address: Address, old: int, note: bytes
    ) -> tuple[int, bytes]:
        head = checkpoint.parse(note)
        proof = site.log.prove_consistency(old, head.size) if 0 < old < head.size else []
        body = Asked(old, tuple(proof), note).body()
        async with session.post(f"{address.url}/add-checkpoint", data=body) as reply:
            return reply.status, await reply.content.read(LONGEST_ANSWER)

    async def _tell(self, address: Address, status: int, answer: bytes, size: int) -> None:
        """Says once that a witness refuses, and again after it has co-signed."""
        if address.key.name in self._told:
            return
        self._told.add(address.key.name)
        at = self._clock.now()
        details = {"witness": address.key.name, "status": status, "answer": ascii(answer[:200]), "size": size}
        kind = "witness_contradicts"
        if status not in REFUSALS:
            kind = "witness_failing"
        async with self._db.transaction() as conn:
            await store.incident(conn, derived(at, f"{kind}|{address.key.name}|{size}"), kind, None, at, details)
        log.error("incident", extra={"kind": kind, "details": details})
