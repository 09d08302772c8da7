"""What is kept of an answer: how old it is, how much room it takes."""

from gateway_core.caching.entry import ENTRY_OVERHEAD_BYTES
from gateway_core.clock import SECOND, Instant
from gateway_core.message import UNKNOWN
from tests.core.caching.entries import entry


def test_an_entry_ages_by_the_second() -> None:
    stored = entry(initial_age=5, received=Instant(3 * SECOND))
    assert stored.age(Instant(3 * SECOND)) == 5
    assert stored.age(Instant(4 * SECOND - 1)) == 5
    assert stored.age(Instant(4 * SECOND)) == 6
    assert stored.age(Instant(0)) == 5


def test_an_entry_takes_room_for_its_text_and_its_body() -> None:
    bare = entry(fields=(), key=b"", length=UNKNOWN)
    assert bare.size == ENTRY_OVERHEAD_BYTES
    assert entry(fields=((b"ab", b"cde"),), key=b"f", length=10).size == bare.size + 16
