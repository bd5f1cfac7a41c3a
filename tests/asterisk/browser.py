"""A real Chromium with the microphone of a file, on a page that is a telephone: what an agent's browser does.

The page (`telephone.html`) stands at our own server's address and knows what the API tells it, nothing else.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, TimeoutError, async_playwright

HERE = Path(__file__).resolve().parent
JSSIP = HERE.parents[1] / "callcenter/console/dist/jssip.js"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 20.0
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def program() -> str:
    """The browser's path; without one, or without JsSIP, the test is skipped and says what is missing."""
    found = os.environ.get("TEST_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None or shutil.which(found) is None:
        pytest.skip(f"no {found or 'Chromium'} on this machine: apt-get install chromium, or name one in TEST_CHROMIUM")
    if not JSSIP.exists():
        pytest.skip(f"JsSIP is not built ({JSSIP.name} is missing): docker/setup-console, which needs an npm registry")
    return found


@dataclass
class Telephone:
    """The page of one agent."""

    page: Page
    said: list[str] = field(default_factory=list)
    """What the page complained of on its console."""

    async def log_in(self, user: str, password: str) -> None:
        """As the agent does it: name, password, button; returns when the switch and the queues know the telephone."""
        await self.page.fill("#user", user)
        await self.page.fill("#password", password)
        await self.page.click("#log-in button")
        await self.state("ready")

    async def state(self, wanted: str) -> None:
        """Waits until the page says so."""
        try:
            await self.page.wait_for_function(
                "wanted => document.getElementById('state').textContent.startsWith(wanted)", arg=wanted
            )
        except TimeoutError as error:
            told = await self.page.text_content("#state")
            raise AssertionError(f"not {wanted!r} but {told!r}; {self.said}") from error

    async def heard(self) -> dict[str, Any]:
        """Packets and energy both ways, by the browser's own account (getStats)."""
        told: dict[str, Any] = await self.page.evaluate("heard()")
        return told


def add_page(app: web.Application) -> None:
    """The page at the server's own address, under the headers of all its pages."""
    files = {"/telephone": HERE / "telephone.html", "/telephone.js": HERE / "telephone.js", "/jssip.js": JSSIP}
    for path, file in files.items():
        app.router.add_get(path, partial(_give, file))


async def _give(file: Path, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(file)


@asynccontextmanager
async def telephone(chromium: str, origin: str, microphone: Path) -> AsyncIterator[Telephone]:
    """A browser at the server's address, who speaks what is in the wave file again and again."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=[*OPTIONS, f"--use-file-for-fake-audio-capture={microphone}"],
        )
        try:
            page = await browser.new_page()
            page.set_default_timeout(SECONDS * 1000)
            shown = Telephone(page)
            page.on("console", lambda message: shown.said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: shown.said.append(str(error)))
            await page.goto(f"{origin}/telephone")
            yield shown
        finally:
            await browser.close()
