"""Asterisk's REST interface: reachable, our account good for commands, our application open."""

import asyncio

from agi.ari.rest import AriError, DeniedError, NotFoundError, Rest
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason
from callcenter.telephony import rest_of

TIMEOUT = 3.0


async def look(here: Installation, notes: Notes) -> None:
    """Asks for the version and for our application."""
    ari = here.config.ari
    async with rest_of(here.config) as rest:
        if not await _version(rest, here, notes):
            return
        try:
            await rest.request("GET", "applications", ari.app)
        except NotFoundError:
            notes.fail(
                "application",
                f"应用 {ari.app} 没有打开：没有 telephony 进程在听，来电走兜底流程",
                f"application {ari.app} is not open: no telephony process listens, callers get the fallback",
                ("启动 callcenter telephony；查看它的日志", "start callcenter telephony; look into its log"),
            )
        except AriError as error:
            notes.fail("application", str(error), str(error), ("查看 Asterisk 的日志", "look into Asterisk's log"))
        else:
            notes.ok("application", f"应用 {ari.app} 已打开", f"application {ari.app} is open")
    switch = await here.switch_or_none()
    if switch is not None and switch.ari_users.get(ari.user):
        notes.fail(
            "read-only",
            f"ARI 用户 {ari.user} 只读",
            f"ARI user {ari.user} may only read",
            ("ari.conf 中设 read_only = no", "set read_only = no in ari.conf"),
        )


async def _version(rest: Rest, here: Installation, notes: Notes) -> bool:
    ari = here.config.ari
    try:
        async with asyncio.timeout(TIMEOUT):
            info = await rest.request("GET", "asterisk", "info", params={"only": "system"})
    except DeniedError:
        notes.fail(
            "reachable",
            f"ARI（{ari.url}）拒绝用户 {ari.user}",
            f"ARI at {ari.url} refuses user {ari.user}",
            ("使 ari.user、ari.password 与 ari.conf 一致", "make ari.user and ari.password agree with ari.conf"),
        )
        return False
    except (AriError, TimeoutError) as error:
        notes.fail(
            "reachable",
            f"ARI（{ari.url}）没有应答：{reason(error)}",
            f"no ARI at {ari.url}: {reason(error)}",
            (
                "启动 Asterisk；http.conf 与 ari.conf 中 enabled = yes；设置 ari.url（以 /ari 结尾）",
                "start Asterisk; set enabled = yes in http.conf and ari.conf; set ari.url (it ends with /ari)",
            ),
        )
        return False
    system = info.get("system") if isinstance(info, dict) else None
    version = str(system.get("version", "?")) if isinstance(system, dict) else "?"
    notes.ok(
        "reachable",
        f"ARI {ari.url}，Asterisk {version}，用户 {ari.user}",
        f"ARI at {ari.url}, Asterisk {version}, as {ari.user}",
    )
    return True
