"""What the tests are told to use, tried before the first of them: one sentence each instead of a thousand failures."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import redis

from callcenter.config import PREFIX, Config, ConfigError
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.console import Console, ConsoleError

DATABASE, REDIS, ASTERISK = "TEST_DATABASE_URL", "TEST_REDIS_URL", "CALLCENTER_TEST_ASTERISK"
PATIENCE = 5.0


def problems(environ: Mapping[str, str]) -> Iterator[str]:
    """What is wrong and what to do, without passwords; nothing for what is not named."""
    settings = {name: value for name, value in environ.items() if name.startswith(PREFIX) and name != ASTERISK}
    try:
        Config.load(environ=settings)
    except ConfigError as error:
        yield f"settings in the environment cannot be used ({'; '.join(error.problems)}): unset or mend them"
    if url := environ.get(DATABASE):
        try:
            asyncio.run(_connect(url))
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            yield f"{DATABASE} cannot be used ({error or 'no answer'}): start that PostgreSQL, or unset it"
    if url := environ.get(REDIS):
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
                client.ping()
        except (OSError, ValueError, redis.RedisError) as error:
            yield f"{REDIS} cannot be used ({error}): start that Redis, or unset it"
    if named := environ.get(ASTERISK):
        try:
            with Console(AsteriskAddress.load(Path(named)).console, PATIENCE):
                pass
        except (OSError, ValueError, TypeError, KeyError, ConsoleError) as error:
            yield f"{ASTERISK} cannot be used ({error}): see docs/telephony.md, or unset it"


async def _connect(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    await connection.close()
