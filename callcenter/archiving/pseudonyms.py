"""What the archive says instead of a customer's number: a keyed hash, by which the same caller is recognised.

There are so few telephone numbers that anybody could try them all against a plain hash, however slow; without the key
nobody can. Must never write the key, or a number, anywhere.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from callcenter.config import RecordingsConfig
from callcenter.customers import phone
from callcenter.db.pool import Connection

SELECT_SECRET = "SELECT secret FROM installation"  # noqa: S105 - SQL
PURPOSE = b"telephone numbers in the archive"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The key and what it makes of numbers."""

    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Names the key in what is written, so that hashes of two keys are never compared."""
        return hashlib.sha256(PURPOSE + self.key).hexdigest()[:8]

    def of(self, number: str | None) -> str | None:
        """`hmac-sha256:<key id>:<hex>` of the number in its one form, however it was spelt."""
        if not number:
            return None
        digest = hmac.digest(self.key, (phone.normalise(number) or number).encode(), "sha256")
        return f"hmac-sha256:{self.key_id}:{digest.hex()}"


async def of_site(conn: Connection, config: RecordingsConfig) -> Pseudonyms:
    """With the site's own key, or else the installation's, which was made when the database was."""
    if config.number_key:
        return Pseudonyms(config.number_key.encode())
    secret = bytes(await conn.fetchval(SELECT_SECRET))
    return Pseudonyms(hmac.digest(secret, PURPOSE, "sha256"))
