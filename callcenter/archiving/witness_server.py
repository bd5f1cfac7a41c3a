"""The witness as a program of its own: C2SP tlog-witness over HTTP. Has no database and nothing of the archive."""

import asyncio
import contextlib
import logging
from asyncio import Event

from aiohttp import web

from callcenter.clock import Clock
from recordings.errors import RecordingsError
from recordings.witness import LONGEST, Asked, Witness, WitnessRefusedError

log = logging.getLogger(__name__)

SIZE = "text/x.tlog.size"


def application(witness: Witness, clock: Clock) -> web.Application:
    """`POST /add-checkpoint` co-signs, `GET /key` tells the key to check with."""

    async def add_checkpoint(request: web.Request) -> web.Response:
        body = await request.content.read(LONGEST + 1)
        try:
            line = await asyncio.to_thread(witness.cosign, Asked.of(body), clock.now())
        except WitnessRefusedError as refusal:
            log.warning("not co-signed", extra={"status": refusal.status, "reason": str(refusal)})
            if refusal.size is not None:
                return web.Response(status=refusal.status, text=f"{refusal.size}\n", content_type=SIZE)
            return web.Response(status=refusal.status, text=f"{refusal}\n")
        except RecordingsError as error:
            log.error("the witness cannot keep what it signs", extra={"error": str(error)})
            return web.Response(status=500, text="not kept, so not signed\n")
        return web.Response(body=line, content_type="text/plain", charset="utf-8")

    async def key(_request: web.Request) -> web.Response:
        return web.Response(text=f"{witness.key()}\n")

    app = web.Application(client_max_size=LONGEST)
    app.add_routes([web.post("/add-checkpoint", add_checkpoint), web.get("/key", key)])
    return app


async def serve(witness: Witness, clock: Clock, host: str, port: int, stopping: Event) -> None:
    """Until `stopping`. Raises OSError when it cannot listen."""
    runner = web.AppRunner(application(witness, clock), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        with contextlib.suppress(asyncio.CancelledError):
            await stopping.wait()
    finally:
        await runner.cleanup()
