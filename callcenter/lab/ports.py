"""Ports that are free at this moment. Between the look and the use another program may take one: then start again."""

import secrets
import socket

RTP_FLOOR, RTP_CEILING = 10_000, 32_000


def free_tcp(host: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a TCP server may listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_udp(host: str = "127.0.0.1") -> int:
    """A UDP port nobody has bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_rtp_range(width: int, host: str = "127.0.0.1") -> tuple[int, int]:
    """First and last port of a range of `width` UDP ports, even at its start, its ends and middle unused."""
    for _ in range(100):
        first = RTP_FLOOR + secrets.randbelow((RTP_CEILING - RTP_FLOOR - width) // 2) * 2
        if all(is_free_udp(port, host) for port in (first, first + width // 2, first + width - 1)):
            return first, first + width - 1
    raise OSError(f"no {width} UDP ports free on {host}")


def is_free_udp(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a program may bind the UDP port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
