"""Tokens that were verified."""

from gateway_core.clock import UnixTime
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import Claimed
from gateway_core.identifying.remembering import VerifiedTokens

ADA, GRACE = Caller("ada"), Caller("grace")
NOW = UnixTime(100)


def kept(*tokens: bytes, capacity: int = 2) -> VerifiedTokens:
    verified = VerifiedTokens(capacity)
    for token in tokens:
        verified.remember(token, Claimed(ADA, 50, 200), 0)
    return verified


def test_a_verified_token_names_its_caller_while_it_holds() -> None:
    verified = kept(b"a")
    assert verified.recall(b"a", NOW) == ADA
    assert verified.recall(b"b", NOW) is None
    assert verified.recall(b"a", UnixTime(199)) == ADA
    assert verified.recall(b"a", UnixTime(200)) is None
    assert len(verified) == 0


def test_a_clock_that_jumps_back_before_a_token_makes_it_wait() -> None:
    verified = kept(b"a")
    assert verified.recall(b"a", UnixTime(49)) is None
    assert verified.recall(b"a", UnixTime(50)) == ADA


def test_the_token_that_was_used_least_recently_goes_first() -> None:
    verified = kept(b"a", b"b")
    verified.recall(b"a", NOW)
    verified.remember(b"c", Claimed(GRACE, 0, 200), 0)
    assert [verified.recall(token, NOW) for token in (b"a", b"b", b"c")] == [ADA, None, GRACE]
    assert len(verified) == 2


def test_new_keys_make_all_of_it_forgotten() -> None:
    verified = kept(b"a")
    verified.forget(0)
    assert verified.recall(b"a", NOW) == ADA
    verified.forget(1)
    assert verified.recall(b"a", NOW) is None


def test_what_was_verified_by_keys_that_are_gone_is_not_kept() -> None:
    verified = kept()
    verified.forget(1)
    verified.remember(b"a", Claimed(ADA, 0, 200), 0)
    assert len(verified) == 0
    verified.remember(b"a", Claimed(ADA, 0, 200), 1)
    assert len(verified) == 1


def test_nothing_is_kept_where_there_is_no_room() -> None:
    assert len(kept(b"a", capacity=0)) == 0


def test_no_token_is_kept_as_it_is() -> None:
    assert b"secret-token" not in set(kept(b"secret-token")._claimed)
