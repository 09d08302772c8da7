"""Who may use a route: any of its schemes names the caller, and its scopes must suffice.

    no credential --------------------- 401, unless an authority is to be asked
    two, of whichever scheme ---------- 401: which one would the service behind believe?
    one: wrong, expired, malformed ---- 401, with the same text whatever is wrong
    one: right, scopes missing -------- 403

Source: RFC 9110, sections 11 and 15.5; RFC 6750, section 3.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeAlias

from ..clock import UnixTime
from ..errors import ConfigError
from ..message import Fields, RequestHead
from ..refusal import Refusal
from .caller import Caller, are_scopes, is_name
from .places import Field, Parameter, Place
from .schemes import ApiKeys, Authority, Scheme, Tokens, Unproven, Unvouched

_CHALLENGE: Final = b"www-authenticate"
_NONE: Final = frozenset[bytes]()

_MISSING: Final = "This needs a credential, and the request has none."
_WRONG: Final = "The credential is not valid."
_AMBIGUOUS: Final = "The request has more than one credential; send one."
_LACKING: Final = "The credential is valid, and does not allow this."
_DENIED: Final = Refusal(403, "caller-denied", "You are not allowed to do this.")

UNAVAILABLE: Final = Refusal(
    503,
    "identity-unavailable",
    "Who you are cannot be found out at the moment. Try again later.",
    ((b"retry-after", b"5"),),
)


class Proven(NamedTuple):
    """A caller who may go on."""

    caller: Caller
    scheme: str
    place: Place | None = None
    """Where the credential stands; None where an authority vouched for the caller."""


class Rejected(NamedTuple):
    """A request that goes no further."""

    refusal: Refusal
    note: str
    """What exactly was wrong, for the log alone."""
    counts: bool
    """Whether somebody may be guessing: so many of these are too many."""


Identified: TypeAlias = Proven | Rejected | Unproven | Unvouched


@dataclass(frozen=True, slots=True)
class Guard:
    """What one route asks of its callers."""

    schemes: tuple[Scheme, ...]
    """Any of these."""
    scopes: frozenset[str] = frozenset()
    """All of these."""
    forward_credentials: bool = False
    """Whether the service behind sees the credential, too."""
    relied: frozenset[bytes] = field(init=False)
    """Lower-case names of the fields that credentials stand in."""
    _places: tuple[tuple[Place, tuple[ApiKeys | Tokens, ...]], ...] = field(init=False, repr=False)
    _authority: Authority | None = field(init=False, repr=False)
    _missing: Refusal = field(init=False, repr=False)
    _wrong: Refusal = field(init=False, repr=False)
    _ambiguous: Refusal = field(init=False, repr=False)
    _lacking: Refusal = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what is looked at, and what is answered."""
        if not are_scopes(self.scopes):
            raise ConfigError("scopes", "must be words of visible ASCII, without quotes")
        authorities = [scheme for scheme in self.schemes if isinstance(scheme, Authority)]
        if len(authorities) > 1:
            raise ConfigError("auth", "of two services that are asked, which is to be believed?")
        places = _places(self.schemes)
        drops = frozenset[bytes]().union(*(scheme.drops for scheme in authorities))
        worked_out = {
            "_places": places,
            "_authority": authorities[0] if authorities else None,
            "relied": drops.union(place.name for place, _ in places if isinstance(place, Field)),
            "_missing": self._refusal(401, "credential-missing", _MISSING),
            "_wrong": self._refusal(401, "credential-wrong", _WRONG, ', error="invalid_token"'),
            "_ambiguous": self._refusal(401, "credential-ambiguous", _AMBIGUOUS),
            "_lacking": self._refusal(403, "scope-missing", _LACKING, self._insufficient()),
        }
        for name, value in worked_out.items():
            object.__setattr__(self, name, value)

    def identify(self, head: RequestHead, wall: UnixTime) -> Identified:
        """Return who sends `head` at the wall-clock time `wall`, or what must be asked first."""
        found = [
            (place, schemes, credential)
            for place, schemes in self._places
            for credential in place.find(head)
        ]
        if len(found) > 1:
            return Rejected(self._ambiguous, "credential-ambiguous", counts=False)
        if not found:
            if self._authority is not None:
                return Unvouched(self._authority, head)
            return Rejected(self._missing, "credential-missing", counts=False)
        place, schemes, credential = found[0]
        note = ""
        for scheme in schemes:
            judged = scheme.judge(credential, wall)
            if isinstance(judged, Caller):
                return self._allowed(Proven(judged, scheme.name, place))
            if isinstance(judged, Unproven):
                return judged
            note = judged
        return Rejected(self._wrong, note, counts=True)

    def verified(self, unproven: Unproven) -> Proven | Rejected:
        """Take in that the signature holds, and remember it."""
        scheme, token, claimed, generation = unproven
        scheme.verified.remember(token.text, claimed, generation)
        return self._allowed(Proven(claimed.caller, scheme.name, scheme.places[0]))

    def refuted(self, note: str) -> Rejected:
        """Take in that the signature does not hold; `note` says why, for the log."""
        return Rejected(self._wrong, note, counts=True)

    def vouched(self, scheme: Authority, name: str, scopes: Collection[str]) -> Proven | Rejected:
        """Take in whom the authority names. What cannot be a name is its fault: 503."""
        if not is_name(name) or not are_scopes(scopes):
            return Rejected(UNAVAILABLE, "authority-named-nobody", counts=False)
        return self._allowed(Proven(Caller(name, frozenset(scopes)), scheme.name))

    def denied(self, status: int, challenges: Fields) -> Rejected:
        """Take in that the authority refuses with 401 or 403, and with which challenges."""
        refusal = self._wrong if status == 401 else _DENIED
        if challenges:
            others = tuple(line for line in refusal.fields if line[0] != _CHALLENGE)
            refusal = replace(refusal, fields=others + challenges)
        return Rejected(refusal, "authority-denied", counts=status == 401)

    def drops(self, proven: Proven) -> frozenset[bytes]:
        """Return the names of the fields that end here, since they proved who `proven` is."""
        if self.forward_credentials:
            return _NONE
        if proven.place is None:
            return _NONE if self._authority is None else self._authority.drops
        return frozenset({proven.place.name}) if isinstance(proven.place, Field) else _NONE

    def target(self, proven: Proven, target: bytes) -> bytes:
        """Return the target to ask for: without the credential, where that stands in its query."""
        if self.forward_credentials or not isinstance(proven.place, Parameter):
            return target
        return proven.place.removed_from(target)

    def _allowed(self, proven: Proven) -> Proven | Rejected:
        if self.scopes <= proven.caller.scopes:
            return proven
        return Rejected(self._lacking, f"{proven.scheme}: {proven.caller.id}", counts=False)

    def _insufficient(self) -> str:
        return f', error="insufficient_scope", scope="{" ".join(sorted(self.scopes))}"'

    def _refusal(self, status: int, reason: str, detail: str, error: str = "") -> Refusal:
        """Return an answer with a challenge of each scheme; `error` is for bearers of tokens.

        Schemes are many, and challenges alike are told once.
        """
        challenges: dict[str, None] = {}
        for scheme in self.schemes:
            told = scheme.challenge
            challenges[told + error if told.startswith("Bearer") else told] = None
        fields = tuple((_CHALLENGE, challenge.encode("ascii")) for challenge in challenges)
        return Refusal(status, reason, detail, fields)


def _places(
    schemes: tuple[Scheme, ...],
) -> tuple[tuple[Place, tuple[ApiKeys | Tokens, ...]], ...]:
    """Return each place that is looked at, and who reads what stands there, in order."""
    readers: dict[Place, tuple[ApiKeys | Tokens, ...]] = {}
    for scheme in schemes:
        if not isinstance(scheme, Authority):
            for place in scheme.places:
                readers[place] = (*readers.get(place, ()), scheme)
    fields = [place for place in readers if isinstance(place, Field)]
    for place in fields:
        if not place.scheme and any(other.name == place.name and other.scheme for other in fields):
            name = place.name.decode("ascii")
            raise ConfigError("auth", f"one scheme takes all of {name}, another a part of it")
    return tuple(readers.items())
