"""Looking again at acknowledgements by telephone, once their call's recording is sealed or lost (R-4.5, E-3)."""

import logging

from callcenter import acknowledging, casework
from callcenter.clock import Clock
from callcenter.db.pool import Database
from callcenter.history import tell
from callcenter.opening import By
from tickets import store
from tickets.acknowledgement import Capture

log = logging.getLogger(__name__)

BY = By("system:recordings")
BATCH = 100


async def recheck(database: Database, clock: Clock) -> int:
    """Settle what waited for a recording; returns how many acknowledgements changed."""
    async with database.connection() as conn:
        found = await acknowledging.turned(conn, BATCH)
    done = 0
    for each in found:
        at = clock.now()
        async with database.transaction() as conn:
            row = await store.lock(conn, each["ticket_id"])
            assert row is not None
            state = await acknowledging.settle(conn, row, each["id"], Capture(each["capture"]), at)
            if state is None:
                continue
            await casework.look_again(conn, row)
            said = {"acknowledgement_id": str(each["id"]), "state": state.value, "recording": each["capture"]}
            await tell(conn, row, BY, at, "acknowledgement_rechecked", said)
            done += 1
    if done:
        log.info("acknowledgements looked at again", extra={"acknowledgements": done})
    return done
