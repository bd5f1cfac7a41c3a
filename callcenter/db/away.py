"""Which errors say that PostgreSQL cannot be reached or cannot write now. Must never name one that says it refuses."""

import asyncpg

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection whose server was killed
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""For `except`: try again later, nothing is wrong with what was asked."""


def is_away(error: BaseException) -> bool:
    """Whether an error is one of AWAY; a value the driver cannot send is none, though it shares their ancestor."""
    return isinstance(error, AWAY) and not isinstance(error, ValueError)
