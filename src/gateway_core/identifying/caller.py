"""Who asks, once a credential proved it: a name, and what it may do.

Both go into fields of requests, so both are of characters that cannot end one.

Source: RFC 6749, section 3.3 (scopes); RFC 7519, section 4.1.2 (subjects).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from ..errors import ConfigError
from ..message import Fields
from .tokens import Object

CONSUMER_ID: Final = b"x-consumer-id"
CONSUMER_SCOPES: Final = b"x-consumer-scopes"
IDENTITY_FIELDS: Final = frozenset({CONSUMER_ID, CONSUMER_SCOPES})
"""What upstreams are told of the caller, and believe: nobody else may write these."""

NAME_CHARACTERS_MAX: Final = 255
"""Of a caller's name: room for an e-mail address (RFC 5321, 4.5.3.1) or a subject's URI."""
SCOPE_CHARACTERS_MAX: Final = 128
SCOPES_MAX: Final = 64
"""Together 8 KiB: a field that services take whose heads may have 16 KiB."""

_VISIBLE: Final = frozenset(map(chr, range(0x21, 0x7F)))
_OF_SCOPES: Final = _VISIBLE - {'"', "\\"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A name and its scopes. ConfigError where one of them could not be written."""

    id: str
    scopes: frozenset[str] = frozenset()
    limits: tuple[str, ...] = ()
    """Names of the limits that the credential bears, wherever it is shown."""
    claims: Object = field(default_factory=Object, repr=False, hash=False)
    """What a token says of them beside; nothing where none did."""
    fields: Fields = field(init=False, repr=False, compare=False)
    """What upstreams are told: worked out once, since most callers come again."""

    def __post_init__(self) -> None:
        """Refuse what would break the line that it is written into."""
        if not is_name(self.id):
            raise ConfigError("id", "must be 1 to 255 visible ASCII characters, without spaces")
        if not are_scopes(self.scopes):
            raise ConfigError("scopes", "must be words of visible ASCII, without quotes")
        fields: Fields = ((CONSUMER_ID, self.id.encode("ascii")),)
        if self.scopes:
            fields += ((CONSUMER_SCOPES, " ".join(sorted(self.scopes)).encode("ascii")),)
        object.__setattr__(self, "fields", fields)


def is_name(text: str) -> bool:
    """Whether `text` can name a caller: what stands in a field and in a log as it is."""
    return 0 < len(text) <= NAME_CHARACTERS_MAX and _VISIBLE.issuperset(text)


def are_scopes(scopes: Collection[str]) -> bool:
    """Whether each is a scope-token (RFC 6749, 3.3), and they are few and short enough."""
    return len(scopes) <= SCOPES_MAX and all(
        0 < len(scope) <= SCOPE_CHARACTERS_MAX and _OF_SCOPES.issuperset(scope) for scope in scopes
    )
