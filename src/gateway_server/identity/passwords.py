"""Passwords of users, checked by argon2id in a thread.

A check takes 64 MiB and a good part of a second, on purpose. So two at once at most, in
threads of their own: the rest waits, and the event loop does not. An unknown name costs as
much as a wrong password, so that the time tells nobody who has an account.

Source: RFC 9106; OWASP Password Storage Cheat Sheet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway_core.identifying import Caller

CHECKS_MAX: Final = 2
PASSWORD_BYTES_MAX: Final = 1024
"""Of a password that is checked; argon2 takes any, and longer ones only cost time."""

_HASHER: Final = PasswordHasher()


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can sign in."""

    caller: Caller
    hash: str = field(repr=False)


class Users:
    """The users of one scheme."""

    def __init__(self, users: Mapping[str, User], hasher: PasswordHasher = _HASHER) -> None:
        """`hasher` says how much work a check of an unknown name is."""
        self._users = users
        self._hasher = hasher
        self._nobody = hasher.hash("nobody has this name")
        self._threads = trio.CapacityLimiter(CHECKS_MAX)

    async def check(self, name: str, password: str) -> Caller | None:
        """Return who it is; None if nobody has this name, or another password."""
        if len(password.encode("utf-8", "replace")) > PASSWORD_BYTES_MAX:
            return None
        user = self._users.get(name)
        known = self._nobody if user is None else user.hash
        is_it = await trio.to_thread.run_sync(
            _matches, self._hasher, known, password, limiter=self._threads, abandon_on_cancel=False
        )
        return user.caller if user is not None and is_it else None


def hash_password(password: str) -> str:
    """Return what the configuration keeps of a password."""
    return _HASHER.hash(password)


def _matches(hasher: PasswordHasher, known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password)
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
