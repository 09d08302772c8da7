"""An issuer's keys as they change. When they are fetched: tests/core/test_refresh.py."""

from gateway_core.clock import UnixTime, seconds
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import Claimed
from gateway_core.identifying.key_sets import PublicKey
from gateway_core.identifying.refreshing import KeyRefresh, key_refresh
from gateway_core.identifying.tokens import Object
from gateway_core.machine import Tick
from gateway_core.refresh import Fetch, Fetched, Stopped, Wanted
from tests.script import Script

ONE = (PublicKey("1", "RSA", "", "", Object()),)
TWO = (PublicKey("2", "RSA", "", "", Object()),)
FETCH = Fetch()


def test_what_was_verified_by_older_keys_is_forgotten_and_by_the_same_is_not() -> None:
    machine = KeyRefresh(key_refresh(seconds(300), seconds(10), seconds(5)))
    script = Script(machine).at(0, Wanted(), FETCH).at(1, Fetched(ONE))
    verified = machine.verified
    assert (machine.keys, verified.generation) == (ONE, 1)
    verified.remember(b"token", Claimed(Caller("ada"), 0, 9), verified.generation)
    script.at(301, Tick(), FETCH).at(302, Fetched(ONE))
    assert verified.recall(b"token", UnixTime(1)) == Caller("ada")
    script.at(602, Tick(), FETCH).at(603, Fetched(TWO))
    assert verified.recall(b"token", UnixTime(1)) is None


def test_a_machine_that_begins_anew_remembers_what_was_verified() -> None:
    machine = KeyRefresh()
    Script(machine).at(0, Wanted(), FETCH).at(1, Fetched(ONE)).at(2, Stopped())
    assert machine.done
    machine.verified.remember(b"token", Claimed(Caller("ada"), 0, 9), 1)
    anew = machine.anew()
    Script(anew).at(3, Wanted(), FETCH).at(4, Fetched(ONE))
    assert anew.verified.recall(b"token", UnixTime(1)) == Caller("ada")
