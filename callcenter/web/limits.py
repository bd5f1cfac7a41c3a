"""Counts requests in Redis. Must never refuse because Redis is away: what really guards is in PostgreSQL."""

import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from callcenter.errors import ApplicationError

log = logging.getLogger(__name__)

SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count"""


class TooManyRequestsError(ApplicationError):
    """The limit of this minute is used up."""

    code = "too_many_requests"


async def within(redis: "Redis | None", name: str, most: int, seconds: int) -> bool:
    """Counts one more under `name`; True while there are at most `most` in `seconds`, and when Redis cannot tell."""
    if redis is None:
        return True
    try:
        count = await redis.eval(SCRIPT, 1, f"limit:{name}", str(seconds))
    except (RedisError, OSError) as error:
        log.warning("requests not counted", extra={"reason": repr(error)[:200]})
        return True
    return int(count) <= most
