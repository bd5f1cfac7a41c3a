"""Sends mail. Must never send a password, or a text, unencrypted to another machine against the settings."""

import ssl

import aiosmtplib

from callcenter.config import MailConfig
from callcenter.notifications.notification import Parcel, Sender, letter

REFUSED_FOR_GOOD = 500


class MailRefusedError(Exception):
    """The server will never take this mail for this address."""


def connection(config: MailConfig) -> aiosmtplib.SMTP:
    """A connection as the settings say, not yet open."""
    return aiosmtplib.SMTP(
        hostname=config.host,
        port=config.port,
        timeout=config.timeout,
        use_tls=config.tls == "tls",
        start_tls=config.tls == "starttls",
        tls_context=None if config.tls == "none" else ssl.create_default_context(cafile=config.ca_file or None),
        username=config.user or None,
        password=config.password or None,
    )


async def send(parcel: Parcel, config: MailConfig) -> None:
    """Hands the mail over. Raises MailRefusedError, aiosmtplib.SMTPException, OSError (also of TLS)."""
    mail = letter(parcel, Sender(config.sender, config.sender_name))
    try:
        async with connection(config) as server:
            await server.send_message(mail, sender=config.sender, recipients=[parcel.email or ""])
    except aiosmtplib.SMTPRecipientsRefused as refused:
        worst = max(refused.recipients, key=lambda each: each.code)
        if worst.code >= REFUSED_FOR_GOOD:
            raise MailRefusedError(f"{worst.code} {worst.message}") from refused
        raise
