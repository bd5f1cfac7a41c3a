"""How a browser becomes its agent's telephone: where it connects, and a proof that opens this endpoint and no other.

Must never give the password itself away: a desk phone of the same extension has it too.
"""

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from agi import names
from callcenter.errors import ConflictError
from tickets.errors import Words

log = logging.getLogger(__name__)

ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?")


class NoTelephoneSecretError(ConflictError):
    """The file of the telephones' passwords (`agents.phones`) does not know this extension, or cannot be read."""

    code = "no_telephone_secret"


@dataclass(frozen=True, slots=True)
class Registration:
    """What SIP asks of `endpoint` (`web-8001`). `proof` is HA1 of RFC 2617: good for this name in this realm alone."""

    endpoint: str
    realm: str
    proof: str = field(repr=False)


async def registration(phones: Path, extension: str) -> Registration:
    """Of the browser of an extension. Raises NoTelephoneSecretError."""
    try:
        text = await asyncio.to_thread(phones.read_text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        log.error(
            "the telephones' passwords cannot be read", extra={"file": str(phones), "reason": type(error).__name__}
        )
        text = ""
    password = passwords(text).get(extension)
    if password is None:
        raise NoTelephoneSecretError(
            Words(f"分机 {extension} 没有网页话机。", f"There is no browser telephone at {extension}.")
        )
    endpoint = f"web-{extension}"
    return Registration(endpoint, names.SIP_REALM, ha1(endpoint, names.SIP_REALM, password))


def passwords(text: str) -> dict[str, str]:
    """Extension → password, from lines of both."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def ha1(user: str, realm: str, password: str) -> str:
    """What digest authentication hashes a password to before anything else (RFC 2617; JsSIP knows MD5 alone)."""
    return hashlib.md5(f"{user}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def address(configured: str, page: str, switch: str) -> str:
    """Where the browser opens its WebSocket: as `configured`; else, for a page that came by TLS, `/ws` at its own
    origin, which the proxy there passes to Asterisk; else Asterisk's own HTTP port at the host the page came from.

    `page` is the page's origin (`http://127.0.0.1:8080`), `switch` where ARI is asked. What a client calls our host
    may be anything: unless it is a host, Asterisk's own is told.
    """
    if configured:
        return configured
    asked = urlsplit(switch)
    came = ORIGIN.fullmatch(page)
    if came is None:
        return f"ws://{asked.hostname}:{asked.port or 80}/ws"
    if came["scheme"] == "https":
        return f"wss://{came['host']}{came['port'] or ''}/ws"
    return f"ws://{came['host']}:{asked.port or 80}/ws"
