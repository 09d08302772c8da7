"""The stage that names the caller."""

import pytest

from gateway_core.clock import Instant, UnixTime, seconds
from gateway_core.exchange import (
    AskAuthority,
    CallerDenied,
    CallerNamed,
    IdentityTold,
    IdentityUnavailable,
    Record,
    TokenRefused,
    TokenVerified,
    VerifyToken,
    failure_limit,
)
from gateway_core.exchange.identity import Doubt, Identity, asking, identify, settle
from gateway_core.identifying import ApiKey, ApiKeys, Caller, Guard, KeyRing, digest_of
from gateway_core.limiting import Rate
from gateway_core.message import RequestHead, value
from gateway_core.refusal import Refusal
from tests.exchanges import get
from tests.guards import WALL, guard, with_key, with_token
from tests.tokens import claims, token

NOW = Instant(0)


class Stage:
    """One guard, one client, one count of its failures."""

    def __init__(self, asked: Guard, address: str = "192.0.2.1") -> None:
        self.asked, self.address = asked, address
        self.failures = failure_limit(Rate(3, seconds(60)))
        self.record = Record()

    def ask(
        self, head: RequestHead, at: float = 0, wall: UnixTime = WALL
    ) -> Identity | Doubt | Refusal:
        self.record = Record()
        return identify(
            asking(self.asked, self.address, head.target),
            head,
            self.failures,
            self.record,
            wall=wall,
            now=Instant(seconds(at)),
        )

    def tell(self, doubt: Identity | Doubt | Refusal, told: IdentityTold) -> Identity | Refusal:
        assert isinstance(doubt, Doubt)
        return settle(doubt, told, self.failures, self.record, NOW)


def test_a_key_names_the_caller_and_stays_here() -> None:
    stage = Stage(guard())
    assert stage.ask(with_key(target=b"/a/x?key2=1")) == Identity(
        "ada",
        frozenset({"read", "write"}),
        ((b"x-consumer-id", b"ada"), (b"x-consumer-scopes", b"read write")),
        frozenset({b"x-api-key"}),
        b"/a/x?key2=1",
        claims={},
    )
    assert (stage.record.consumer, stage.record.identity) == ("ada", "keys")


def test_a_key_may_bear_limits() -> None:
    ring = KeyRing((ApiKey(digest_of("k"), Caller("ada", limits=("gold", "all"))),))
    named = Stage(Guard((ApiKeys("keys", ring),))).ask(with_key())
    assert isinstance(named, Identity)
    assert (named.consumer, named.limits) == ("ada", ("gold", "all"))


def test_a_clock_that_jumps_ahead_ends_tokens_and_back_again_revives_them() -> None:
    stage = Stage(guard())
    text = token(payload=claims(nbf=WALL - 60, exp=WALL + 600))
    assert isinstance(stage.tell(stage.ask(with_token(text)), TokenVerified()), Identity)
    jumps = [(0, True), (631, False), (0, True), (-120, False), (-80, True), (629, True)]
    for jump, holds in jumps:
        found = stage.ask(with_token(text), wall=UnixTime(WALL + jump))
        if isinstance(found, Doubt):  # it was forgotten when it was seen to be too old
            found = stage.tell(found, TokenVerified())
        assert isinstance(found, Identity) is holds, jump


def test_a_key_in_the_query_stays_here_too() -> None:
    named = Stage(guard()).ask(get(b"/a/x?b=1&key=k"))
    assert isinstance(named, Identity)
    assert (named.target, named.drops) == (b"/a/x?b=1", frozenset())


def test_a_token_is_asked_about_once() -> None:
    stage = Stage(guard())
    doubt = stage.ask(with_token(token()))
    assert isinstance(doubt, Doubt)
    assert isinstance(doubt.command, VerifyToken)
    assert (doubt.command.scheme, doubt.command.token.text) == ("tokens", token())
    named = stage.tell(doubt, TokenVerified())
    assert isinstance(named, Identity)
    assert (named.consumer, named.drops) == ("ada", {b"authorization"})
    assert stage.ask(with_token(token())) == named


def test_an_authority_is_asked_with_the_requests_head() -> None:
    stage = Stage(guard(asks=True))
    doubt = stage.ask(get())
    assert isinstance(doubt, Doubt)
    assert doubt.command == AskAuthority("ours", get())
    named = stage.tell(doubt, CallerNamed("grace", ("read",)))
    assert isinstance(named, Identity)
    assert (named.consumer, named.drops) == ("grace", {b"authorization"})


@pytest.mark.parametrize(
    ("told", "status", "note"),
    [
        (TokenRefused("token-signature"), 401, "token-signature"),
        (IdentityUnavailable("issuer-unknown"), 503, "issuer-unknown"),
    ],
)
def test_what_is_told_of_a_token_decides(told: IdentityTold, status: int, note: str) -> None:
    stage = Stage(guard())
    refusal = stage.tell(stage.ask(with_token(token())), told)
    assert isinstance(refusal, Refusal)
    assert refusal.status == status
    assert (stage.record.consumer, stage.record.identity) == ("", note)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (CallerDenied(401, ((b"www-authenticate", b"Basic"),)), 401),
        (CallerDenied(403, ()), 403),
        (CallerNamed("grace", ()), 403),
        (CallerNamed("", ()), 503),
        (IdentityUnavailable("authority-timeout"), 503),
    ],
)
def test_what_an_authority_says_decides(told: IdentityTold, status: int) -> None:
    stage = Stage(guard(asks=True))
    refusal = stage.tell(stage.ask(get()), told)
    assert isinstance(refusal, Refusal)
    assert refusal.status == status


def test_who_fails_too_often_is_not_looked_at_until_it_is_forgotten() -> None:
    stage = Stage(guard())
    for second in range(3):
        refusal = stage.ask(with_key(b"wrong"), at=second)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 401
    for key in (b"wrong", b"k"):
        refusal = stage.ask(with_key(key), at=10)
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.reason) == (429, "too-many-failures")
        assert value(refusal.fields, b"retry-after") == b"50"
    assert isinstance(stage.ask(with_key(), at=60), Identity)


def test_who_only_lacks_a_credential_or_a_scope_is_not_guessing() -> None:
    for head, asked in ((get(), guard()), (with_key(), guard(scopes="admin"))):
        stage = Stage(asked)
        for _ in range(9):
            refusal = stage.ask(head)
            assert isinstance(refusal, Refusal)
            assert refusal.status in (401, 403)


def test_a_site_of_ipv6_is_one_client() -> None:
    one, other = Stage(guard(), "2001:db8::1"), Stage(guard(), "2001:db8::2")
    other.failures = one.failures
    for _ in range(3):
        one.ask(with_key(b"wrong"))
    refusal = other.ask(with_key())
    assert isinstance(refusal, Refusal)
    assert refusal.status == 429


def test_of_many_that_were_asked_about_at_once_no_more_are_counted_than_may_fail() -> None:
    stage = Stage(guard())
    doubts = [stage.ask(with_token(token(signature=b"%d" % n))) for n in range(9)]
    for doubt in doubts:
        refusal = stage.tell(doubt, TokenRefused("token-signature"))
        assert isinstance(refusal, Refusal)
        assert refusal.status == 401
    assert isinstance(stage.ask(with_key(), at=60), Identity)
