"""Is the process alive, can it work, what has it counted. Must never be routed from outside (H24)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from callcenter import backlog
from callcenter.web.keys import DATABASE, REDIS

Check = Callable[[], Awaitable[None]]
Gauge = Callable[[], Awaitable[float]]

SECONDS = 2.0
DEGRADING = frozenset({"redis", "worker"})
"""Parts without which everybody can work: live screens are slower, recordings and messages wait."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Requests:
    """Counts and durations of answered requests."""

    total: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    buckets: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0
    count: int = 0


CHECKS: web.AppKey[dict[str, Check]] = web.AppKey("readiness checks")
"""Part → a check that raises when the part is down; add yours before the application starts."""
GAUGES: web.AppKey[dict[str, Gauge]] = web.AppKey("gauges")
"""Metric name (`callcenter_…`) → its present value; add yours before the application starts."""
REQUESTS = web.AppKey("requests", Requests)


def add_to(app: web.Application) -> None:
    """Adds /healthz, /readyz and /metrics."""

    async def database() -> None:
        async with app[DATABASE].connection(timeout=SECONDS) as conn:
            await conn.fetchval("SELECT 1")

    async def redis() -> None:
        await app[REDIS].ping()

    checks: dict[str, Check] = {"database": database}
    if REDIS in app:
        checks["redis"] = redis
    app[CHECKS] = checks

    async def counted(name: str) -> float:
        async with app[DATABASE].connection(timeout=SECONDS) as conn:
            return await backlog.count(conn, name)

    gauges: dict[str, Gauge] = {name: partial(counted, name) for name in backlog.COUNTS}
    app[GAUGES] = gauges
    app[REQUESTS] = Requests()
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)


async def alive(_request: web.Request) -> web.Response:
    """The loop turns."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Which parts are up; 503 when one that matters is not. What only waits, or is only live, degrades."""
    checks = request.app[CHECKS]
    verdicts = await asyncio.gather(*(_verdict(check) for check in checks.values()))
    parts = dict(zip(checks, verdicts, strict=True))
    away = {name for name, verdict in parts.items() if verdict != "ok"}
    down = away - DEGRADING
    status = "down" if down else "degraded" if away else "ok"
    return web.json_response({"status": status, "parts": parts}, status=503 if down else 200)


async def _verdict(check: Check) -> str:
    try:
        async with asyncio.timeout(SECONDS):
            await check()
    except Exception as error:
        return type(error).__name__
    return "ok"


def count_request(app: web.Application, route: str, method: str, status: int, seconds: float) -> None:
    """Counts one answered request."""
    requests = app[REQUESTS]
    requests.total[route, method, status] += 1
    requests.count += 1
    requests.seconds += seconds
    for bucket in BUCKETS:
        if seconds <= bucket:
            requests.buckets[bucket] += 1


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text format 0.0.4. Refused when a proxy passes it on from outside."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        raise web.HTTPNotFound
    requests = request.app[REQUESTS]
    lines = ["# TYPE callcenter_http_requests_total counter"]
    for (route, method, status), count in sorted(requests.total.items()):
        labels = f'route="{route}",method="{_label(method)}",status="{status}"'
        lines.append(f"callcenter_http_requests_total{{{labels}}} {count}")
    lines.append("# TYPE callcenter_http_request_seconds histogram")
    lines += [f'callcenter_http_request_seconds_bucket{{le="{b}"}} {requests.buckets[b]}' for b in BUCKETS]
    lines.append(f'callcenter_http_request_seconds_bucket{{le="+Inf"}} {requests.count}')
    lines.append(f"callcenter_http_request_seconds_sum {requests.seconds:.6f}")
    lines.append(f"callcenter_http_request_seconds_count {requests.count}")
    for name, gauge in request.app[GAUGES].items():
        try:
            async with asyncio.timeout(SECONDS):
                value = await gauge()
        except Exception:  # noqa: S112 - a gauge that cannot be read is left out
            continue
        lines += [f"# TYPE {name} gauge", f"{name} {value}"]
    return web.Response(body=("\n".join(lines) + "\n").encode(), content_type="text/plain", charset="utf-8")


def _label(text: str) -> str:
    return text[:20].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
