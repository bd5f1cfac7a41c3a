"""Which errors say that PostgreSQL cannot be reached or cannot write now. Must never name one that says it refuses."""

import asyncpg

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""For `except`: try again later, nothing is wrong with what was asked."""
