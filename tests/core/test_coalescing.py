"""Many who ask for one thing, and one who fetches it."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.coalescing import Flights, Landing
from gateway_core.errors import FailureKind


def test_the_first_who_asks_leads_and_others_find_the_flight() -> None:
    flights = Flights()
    assert flights.under_way(b"k") is None
    flight = flights.lead(b"k", b"u")
    assert flights.under_way(b"k") is flight
    assert flights.under_way(b"other") is None
    assert len(flights) == 1


def test_a_flight_that_lands_wakes_who_waits() -> None:
    flights = Flights()
    flight = flights.lead(b"k", b"u")
    flight.waiting = 2
    flights.land(flight, Landing.FAILED, FailureKind.REFUSED)
    assert flights.landed == [flight.number]
    assert (flight.landing, flight.failure) == (Landing.FAILED, FailureKind.REFUSED)
    assert flights.under_way(b"k") is None


def test_a_flight_for_which_nobody_waits_wakes_nobody() -> None:
    flights = Flights()
    flights.land(flights.lead(b"k", b"u"), Landing.STORED)
    assert flights.landed == []


def test_a_flight_lands_once() -> None:
    flights = Flights()
    flight = flights.lead(b"k", b"u")
    flight.waiting = 1
    flights.land(flight, Landing.STORED)
    again = flights.lead(b"k", b"u")
    flights.land(flight, Landing.LEFT)
    assert flight.landing is Landing.STORED
    assert flights.landed == [flight.number]
    assert flights.under_way(b"k") is again


def test_who_fetches_alone_hears_of_a_change_and_nobody_waits_for_him() -> None:
    flights = Flights()
    alone, other, landed = flights.alone(b"u"), flights.alone(b"v"), flights.alone(b"u")
    flights.land(landed, Landing.STORED)
    assert len(flights) == 0
    flights.doom(lambda flight: flight.url == b"u")
    assert [flight.doomed for flight in (alone, other, landed)] == [True, False, False]
    for flight in (alone, other):
        flights.land(flight, Landing.LEFT)
    assert flights == Flights(_numbers=3)


def test_who_asks_after_a_change_does_not_wait_for_what_began_before() -> None:
    flights = Flights()
    old, other = flights.lead(b"k", b"u"), flights.lead(b"l", b"v")
    old.waiting = 1
    flights.doom(lambda flight: flight.url == b"u")
    assert old.doomed
    assert not other.doomed
    assert flights.under_way(b"k") is None
    new = flights.lead(b"k", b"u")
    flights.land(old, Landing.STORED)
    assert flights.landed == [old.number]
    assert flights.under_way(b"k") is new


@given(
    st.lists(
        st.tuples(st.sampled_from(["ask", "land", "doom"]), st.sampled_from([b"a", b"b"])),
        max_size=30,
    )
)
def test_nobody_waits_for_a_flight_that_nobody_will_land(steps: list[tuple[str, bytes]]) -> None:
    flights, flying, waiting = Flights(), [], set()
    for step, name in steps:
        under_way = flights.under_way(name)
        if step == "ask" and under_way is None:
            flying.append(flights.lead(name, name))
        elif step == "ask" and under_way is not None:
            under_way.waiting += 1
            waiting.add(under_way.number)
        elif step == "land" and flying:
            flights.land(flying.pop(0), Landing.LEFT)
        elif step == "doom":
            flights.doom(lambda flight, name=name: flight.url == name)
        waiting -= set(flights.landed)
        flights.landed.clear()
        assert waiting <= {flight.number for flight in flying}
        assert copy.deepcopy(flights) == flights
    for flight in flying:
        flights.land(flight, Landing.LEFT)
    assert waiting <= set(flights.landed)
    assert len(flights) == 0
