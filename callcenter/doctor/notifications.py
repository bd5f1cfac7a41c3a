"""Whether mail and webhooks would get out, where they are set. Must never send one."""

import ssl
from asyncio import open_connection
from urllib.parse import urlsplit

import aiosmtplib

from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason
from callcenter.notifications import mail

TIMEOUT = 3.0


async def look(here: Installation, notes: Notes) -> None:
    """Greets the mail server, with TLS and log-in as set; opens a connection to the webhook's server."""
    await _mail(here, notes)
    await _webhook(here, notes)


async def _mail(here: Installation, notes: Notes) -> None:
    config = here.config.mail
    if not config.host:
        notes.ok("mail", "未设置邮件服务器，通知只在系统内", "no mail server is set: notifications stay in the console")
        return
    server = mail.connection(config)
    server.timeout = TIMEOUT
    place = f"{config.host}:{config.port}"
    try:
        async with server:
            await server.noop()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        notes.warn(
            "mail",
            f"邮件服务器 {place} 不可用，通知将重试：{reason(error)}",
            f"the mail server {place} cannot be used, mails are tried again: {reason(error)}",
            ("核对 mail.* 设置、证书和口令", "check the settings mail.*, the certificate and the password"),
        )
    else:
        notes.ok("mail", f"邮件服务器 {place}（{config.tls}）", f"mail server {place} ({config.tls})")


async def _webhook(here: Installation, notes: Notes) -> None:
    config = here.config.webhook
    if not config.url:
        notes.ok("webhook", "未设置全局网络回调", "no webhook of the installation is set")
        return
    parts = urlsplit(config.url)
    encrypted = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if encrypted else 80)
    tls = ssl.create_default_context(cafile=config.ca_file or None) if encrypted else None
    try:
        _, writer = await open_connection(host, port, ssl=tls)
        writer.close()
    except OSError as error:
        notes.warn(
            "webhook",
            f"网络回调 {host}:{port} 连接不上，通知将重试：{reason(error)}",
            f"the webhook's server {host}:{port} cannot be reached, it is tried again: {reason(error)}",
            ("核对 webhook.url 和证书", "check webhook.url and the certificate"),
        )
    else:
        notes.ok("webhook", f"网络回调 {host}:{port} 可连接", f"the webhook's server {host}:{port} can be reached")
