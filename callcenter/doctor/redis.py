"""Redis: presence, fan-out and rate limits. It may be away, so nothing here is worse than a warning."""

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError

from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason

TIMEOUT = 2.0
OLDEST = 6


async def look(here: Installation, notes: Notes) -> None:
    """Asks for its version."""
    degraded = ("只影响实时界面，不影响来电、服务单和权限", "only live screens suffer, no call, ticket or right")
    client = Redis.from_url(here.config.redis.url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    try:
        version = str((await client.info("server"))["redis_version"])
    except (AuthenticationError, AuthorizationError, ResponseError) as error:
        notes.warn(
            "reachable",
            f"拒绝访问（{degraded[0]}）：{reason(error)}",
            f"refuses us ({degraded[1]}): {reason(error)}",
            ("核对 redis.url 的口令", "check the password in redis.url"),
        )
    except (RedisError, OSError, TimeoutError) as error:
        notes.warn(
            "reachable",
            f"连接不上（{degraded[0]}）：{reason(error)}",
            f"cannot be reached ({degraded[1]}): {reason(error)}",
            ("启动它，或设置 redis.url", "start it, or set redis.url"),
        )
    else:
        if int(version.partition(".")[0]) >= OLDEST:
            notes.ok("reachable", f"Redis {version}", f"Redis {version}")
        else:
            notes.warn(
                "version",
                f"Redis {version} 太旧",
                f"Redis {version} is too old",
                (f"升级到 {OLDEST} 或更新", f"upgrade to {OLDEST} or newer"),
            )
    finally:
        await client.aclose()
