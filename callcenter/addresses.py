"""Addresses of others that we may send to by ourselves. Pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST = 500


def is_safe(url: str) -> bool:
    """Whether we may post there: https, or http to this machine itself, without name, password and odd characters."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
