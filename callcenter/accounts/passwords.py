"""Passwords: the rules for choosing one, and argon2id hashes made off the event loop. Must never log or return one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callcenter.errors import InvalidError
from tickets.errors import Words

SHORTEST = 10
LONGEST = 128
KINDS = 3
COMMON = ("password", "qwerty", "123456", "111111", "admin", "95519")

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

NO_PASSWORD = "!"  # noqa: S105 - no password fits it
_DECOY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$rEbhoydmBuDO0YfHa/HhGZnPbSDCkCcd4Ys4VZOhv1E"


class WeakPasswordError(InvalidError):
    """The password breaks a rule; the text says which."""

    code = "weak_password"


def check(password: str, login: str) -> None:
    """Raises WeakPasswordError unless long enough, of three kinds of characters, and neither common nor the login."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(
            Words(f"密码长度为{SHORTEST}至{LONGEST}个字符", f"a password has {SHORTEST} to {LONGEST} characters")
        )
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    if sum(any(kind(character) for character in password) for kind in kinds) < KINDS:
        raise WeakPasswordError(
            Words(
                "密码须含小写字母、大写字母、数字、其他字符中的三种",
                "a password has three of: small letters, capitals, digits, other characters",
            )
        )
    folded = password.lower()
    if login.lower() in folded:
        raise WeakPasswordError(Words("密码不得包含登录名", "a password does not hold the log-in name"))
    if any(folded.startswith(word) for word in COMMON):
        raise WeakPasswordError(Words("密码不得以常见密码开头", "a password does not start with a common one"))


async def hashed(password: str) -> str:
    """The argon2id hash, as stored."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def fits(stored: str | None, password: str) -> bool:
    """True when the password belongs to the hash; takes as long for an unknown user (None)."""
    verdict = await asyncio.get_running_loop().run_in_executor(_threads, _verify, stored or _DECOY, password)
    return verdict and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
