"""panoramisk's FastAGI application; `asyncio.coroutine`, gone since Python 3.11, is given back to it."""

import asyncio
import logging
import sys
from typing import Any

asyncio.coroutine = lambda function: function  # type: ignore[attr-defined]

from panoramisk import fast_agi  # noqa: E402 - needs the line above


async def five(request: Any) -> None:
    for n in range(5):
        await request.send_command(f'SET VARIABLE V{n} "x"')


async def main() -> None:
    logging.disable()
    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route("greet", five)
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] == ["uvloop"]:
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
