"""What keeps a repeated create from happening twice, on a real PostgreSQL (H7-H9)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from callcenter import idempotency
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.idempotency import Claim, Kept, KeyReusedError, StillRunningError

pytestmark = pytest.mark.service


def a_claim(**others: str) -> Claim:
    return Claim(**{"actor": "user:x", "key": uuid4(), "route": "POST /x", "body_sha256": "0"} | others)  # type: ignore[arg-type]


async def test_the_first_runs_and_the_next_gets_its_answer(database: Database, clock: ManualClock) -> None:
    claim = a_claim()
    assert await idempotency.claim(database, claim, clock.now()) is None
    with pytest.raises(StillRunningError):
        await idempotency.claim(database, claim, clock.now())
    await idempotency.keep(database, claim, 201, {"b": 1, "a": [2.5, "字"]})
    assert await idempotency.claim(database, claim, clock.now()) == Kept(201, {"b": 1, "a": [2.5, "字"]})


async def test_a_first_request_that_died_is_taken_over_after_its_lease(database: Database, clock: ManualClock) -> None:
    claim = a_claim()
    await idempotency.claim(database, claim, clock.now())
    clock.advance(idempotency.LEASE + timedelta(seconds=1))
    assert await idempotency.claim(database, claim, clock.now()) is None
    with pytest.raises(StillRunningError):
        await idempotency.claim(database, claim, clock.now())


async def test_a_key_is_bound_to_route_and_body_but_each_actor_has_their_own(
    database: Database, clock: ManualClock
) -> None:
    """H8"""
    key = uuid4()
    await idempotency.claim(database, Claim("user:x", key, "POST /x", "0"), clock.now())
    for other in (Claim("user:x", key, "POST /y", "0"), Claim("user:x", key, "POST /x", "1")):
        with pytest.raises(KeyReusedError):
            await idempotency.claim(database, other, clock.now())
    assert await idempotency.claim(database, Claim("user:y", key, "POST /x", "1"), clock.now()) is None


async def test_a_released_key_may_be_used_again_and_old_ones_are_forgotten(
    database: Database, clock: ManualClock
) -> None:
    claim = a_claim()
    await idempotency.claim(database, claim, clock.now())
    await idempotency.release(database, claim)
    assert await idempotency.claim(database, claim, clock.now()) is None
    await idempotency.keep(database, claim, 204, None)
    assert await idempotency.claim(database, claim, clock.now()) == Kept(204, None)
    assert await idempotency.purge(database, clock.now()) == 0
    assert await idempotency.purge(database, clock.now() + timedelta(hours=25)) == 1
