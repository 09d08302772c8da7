"""What the operator decides about forwarding: one value for the whole gateway."""

import enum
from dataclasses import dataclass
from typing import Final

from ..errors import ConfigError
from ..message import FieldEdits
from .names import FRAMING, HOP_BY_HOP, is_token, is_value
from .trust import NOBODY, Trusted


class Believed(enum.Enum):
    """Which family of fields a trusted proxy is believed by.

    A proxy that writes one family often passes the other on as its client sent
    it. Where both are there and tell different stories, one of them is a lie,
    and nothing in the request shows which.
    """

    EITHER = "either"
    """X-Forwarded-For where it is there, else Forwarded: most proxies write the former."""
    X_FORWARDED = "x-forwarded"
    """Only X-Forwarded-For, -Proto, -Host."""
    FORWARDED = "forwarded"
    """Only Forwarded (RFC 7239). Right for proxies that do not write X-Forwarded-For."""


@dataclass(frozen=True, slots=True)
class ForwardingRules:
    """How heads are cleaned on their way through.

    Raises ConfigError for a pseudonym or a name that cannot stand in a field.
    """

    trusted: Trusted = NOBODY
    believed: Believed = Believed.EITHER
    pseudonym: bytes = b"gateway"
    """Our name in Via (RFC 9110, 7.6.3): a token, and never an internal host name."""
    forward_proxy_authorization: bool = False
    """Whether Proxy-Authorization and its kin pass: they speak to the first proxy, and
    that is us (RFC 9110, 11.7.1)."""
    trailers: bool = True
    """Whether trailer sections reach the other side; if not, Trailer and TE would lie."""
    reserved: frozenset[bytes] = frozenset()
    """Lower-case names that neither side may set: gateway secrets, identity fields."""

    def __post_init__(self) -> None:
        """Refuse what could never be written."""
        if not is_token(self.pseudonym):
            raise ConfigError(
                "pseudonym",
                f"{self.pseudonym.decode('latin-1')!r} is no token (RFC 9110, 5.6.2); "
                "write letters, digits and '-'",
            )
        for name in self.reserved:
            _check_name("reserved", name)


DEFAULT_RULES: Final = ForwardingRules()

_NOT_TO_EDIT: Final = {
    b"host": "Host is the upstream's: see `preserve_host`",
    **dict.fromkeys(FRAMING | HOP_BY_HOP, "it belongs to one connection; leave it to the gateway"),
}


def check_edits(edits: FieldEdits) -> None:
    """Refuse edits that would break a message's framing or cannot be written.

    Raises ConfigError; its path is relative to the edits: `set.x-team`.
    """
    for name in edits.remove:
        _check_edit("remove", name)
    for kind, lines in (("set", edits.set), ("add", edits.add)):
        for name, value in lines:
            _check_edit(kind, name)
            if not is_value(value):
                raise ConfigError(
                    f"{kind}.{name.decode('ascii')}",
                    "has a control character, or white space around it; remove that",
                )


def _check_edit(kind: str, name: bytes) -> None:
    _check_name(kind, name)
    if (why := _NOT_TO_EDIT.get(name)) is not None:
        raise ConfigError(f"{kind}.{name.decode('ascii')}", f"cannot be changed: {why}")


def _check_name(path: str, name: bytes) -> None:
    if not is_token(name) or name != name.lower():
        raise ConfigError(
            path,
            f"{name.decode('latin-1')!r} is no field name in lower case (RFC 9110, 5.1); "
            "write letters, digits and '-'",
        )
