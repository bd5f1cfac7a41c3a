"""The manager interface as one test needs it: a log-in, then whatever the test answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Answer = Callable[[dict[str, str]], str | None]


class Manager:
    """`actions` are what came; `answer` makes the reply to one (None: no reply), `write` says something
    unasked."""

    def __init__(self, answer: Answer) -> None:
        self.port = 0
        self.answer = answer
        self.actions: list[dict[str, str]] = []
        self.writers: list[asyncio.StreamWriter] = []

    def write(self, text: str) -> None:
        self.writers[-1].write(text.encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
                self.actions.append(fields)
                reply = "Response: Success\r\n" if fields["Action"] == "Login" else self.answer(fields)
                if reply is not None:
                    named = f"ActionID: {fields['ActionID']}\r\n" if "ActionID" in fields else ""
                    writer.write(f"{reply.replace('@', named)}\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def managed(answer: Answer) -> AsyncIterator[Manager]:
    manager = Manager(answer)
    server = await asyncio.start_server(manager.serve, "127.0.0.1", 0)
    manager.port = server.sockets[0].getsockname()[1]
    try:
        yield manager
    finally:
        server.close()
        for writer in manager.writers:
            writer.close()
