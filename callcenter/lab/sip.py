"""SIP messages (RFC 3261) and digest answers (RFC 2617), as much as a phone in the lab needs. No sockets here."""

import hashlib
import re
import secrets
from dataclasses import dataclass

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}
COPIED = ("via", "from", "to", "call-id", "cseq", "record-route")


@dataclass(frozen=True)
class Message:
    """One request or response: start line, headers in order, body."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    def header(self, name: str) -> str:
        """The first header of that name, or empty."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def code(self) -> int:
        """The status of a response; 0 for a request."""
        return int(self.start.split(" ", 2)[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.header("CSeq").split()[-1] if self.code else self.start.split(" ", 1)[0]

    @property
    def user(self) -> str:
        """Who is asked for: the user part of the request's address."""
        found = re.match(r"\S+ sips?:([^@; ]+)@", self.start)
        return found[1] if found else ""

    def encode(self) -> bytes:
        """The message as it goes on the wire, with its length."""
        lines = [self.start, *(f"{key}: {value}" for key, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", self.body]).encode()


def parse(data: bytes) -> Message:
    """Read one datagram."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return Message(start, tuple((key.strip(), value.strip()) for key, _, value in pairs), body)


def respond(
    request: Message, code: int, tag: str, contact: str = "", body: str = "", kind: str = "application/sdp"
) -> Message:
    """A response to `request`, with our tag."""
    headers = [(key, value) for key, value in request.headers if key.lower() in COPIED]
    if code > 100 and "tag=" not in request.header("To"):
        headers = [(key, f"{value};tag={tag}" if key.lower() == "to" else value) for key, value in headers]
    if contact:
        headers.append(("Contact", f"<{contact}>"))
    if body:
        headers.append(("Content-Type", kind))
    return Message(f"SIP/2.0 {code} {REASONS.get(code, 'OK')}", tuple(headers), body)


def branch() -> str:
    """A new transaction's branch (RFC 3261 8.1.1.7)."""
    return f"z9hG4bK{secrets.token_hex(8)}"


def tag_of(header: str) -> str:
    """The tag in a From or To header."""
    found = re.search(r"tag=([^;>]+)", header)
    return found[1] if found else ""


def address_of(header: str) -> str:
    """The address in a Contact, From or To header."""
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header.split(";", 1)[0].strip()


def authorize(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """The Authorization header that answers a digest challenge (MD5, with or without qop=auth)."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    realm, nonce = fields["realm"], fields["nonce"]
    first, second = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{uri}")
    parts = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5'
    if "opaque" in fields:
        parts += f', opaque="{fields["opaque"]}"'
    if "auth" in fields.get("qop", ""):
        once = secrets.token_hex(4)
        answer = _md5(f"{first}:{nonce}:00000001:{once}:auth:{second}")
        return f'Digest {parts}, qop=auth, nc=00000001, cnonce="{once}", response="{answer}"'
    return f'Digest {parts}, response="{_md5(f"{first}:{nonce}:{second}")}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def describe(host: str, port: int, codecs: str, direction: str = "sendrecv", version: int = 1) -> str:
    """An SDP body: the payload types `codecs` (0 and 8 are G.711's two laws) and telephone events."""
    lines = [
        "v=0",
        f"o=phone 1 {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {codecs} 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        f"a={direction}",
    ]
    return "\r\n".join([*lines, ""])


def media_of(body: str) -> tuple[str, int]:
    """Where an SDP body wants the audio."""
    host = re.search(r"c=IN IP4 (\S+)", body)
    port = re.search(r"m=audio (\d+)", body)
    return (host[1] if host else "127.0.0.1", int(port[1]) if port else 0)


def codec_of(body: str) -> int:
    """The law of G.711 that an SDP body prefers: 0 or 8."""
    found = re.search(r"m=audio \d+ \S+ (.*)", body)
    return next((int(one) for one in (found[1].split() if found else ()) if one in ("0", "8")), 8)
