"""PostgreSQL: a pool, and one transaction per command. Must never hold one open across a network call."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

import asyncpg

from callcenter.errors import CannotStartError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection

Rehearsal = Callable[[Connection], Awaitable[None]]

_inside: ContextVar[bool] = ContextVar("inside a transaction", default=False)


class NestedTransactionError(RuntimeError):
    """A use case was called inside another's transaction."""


class Database:
    """The pool of connections to one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        size: int = 10,
        ready: int = 1,
        rehearse: Rehearsal | None = None,
        application: str = "callcenter",
        timeout: float = 5.0,
    ) -> Self:
        """Opens the pool; `timeout`: seconds for one connection. Raises CannotStartError when there is no server.

        So many connections are `ready` from the start; what each is to `rehearse`, it does before it is first used.
        """

        async def prepare(connection: Connection) -> None:
            await _prepare(connection)
            if rehearse is not None:
                await rehearse(connection)

        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=min(ready, size),
                max_size=size,
                max_inactive_connection_lifetime=0,
                timeout=timeout,
                command_timeout=30,
                init=prepare,
                reset=_as_it_is,
                server_settings={"application_name": application, "timezone": "UTC", "jit": "off"},
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            reason = str(error) or "no answer"
            raise CannotStartError(f"PostgreSQL cannot be used: {reason}: start it, or set database.url") from error
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close()

    def terminate(self) -> None:
        """Cuts every connection at once, for a process that must end now."""
        self._pool.terminate()

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        """A connection for reads and single statements; `timeout` seconds to get it."""
        async with self._pool.acquire(timeout=timeout) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        """One transaction, committed at the end of the block. Raises NestedTransactionError inside another."""
        if _inside.get():
            raise NestedTransactionError("a transaction is already open in this task")
        token = _inside.set(True)
        try:
            async with self._pool.acquire(timeout=timeout) as connection, connection.transaction():
                yield connection
        finally:
            _inside.reset(token)


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=json.loads)
    await connection.set_type_codec("json", schema="pg_catalog", encoder=_encode, decoder=json.loads)


async def _as_it_is(_: Connection) -> None:
    """asyncpg would ask the server to forget the session's settings, a round trip more for every use: none is ever
    made that outlives its transaction."""


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
