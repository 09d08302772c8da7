"""An endpoint on duty: whether it fits, and how large its share is."""

from gateway_core.clock import Instant, seconds
from gateway_core.ejecting import Standing
from gateway_core.roster import Lease, Member
from gateway_core.upstream import Endpoint
from gateway_core.warming import warm_share

ENDPOINT = Endpoint("http", "10.0.0.1", 80, weight=4)


def test_it_is_warm_and_well_from_the_first() -> None:
    member = Member(ENDPOINT)
    assert (member.name, member.weight, member.share) == (ENDPOINT.name, 4, warm_share(4))
    assert member.fits(Instant(0))
    assert Lease(member, Instant(0)).permit == 0


def test_it_does_not_fit_while_it_is_ill_or_ejected() -> None:
    member = Member(ENDPOINT, standing=Standing(out_until=Instant(5)))
    assert not member.fits(Instant(4))
    assert member.fits(Instant(5))
    member.well = False
    assert not member.fits(Instant(5))


def test_it_warms_up_and_then_is_warm() -> None:
    member = Member(ENDPOINT)
    member.warm_up(Instant(seconds(10)))
    member.warm(seconds(30), Instant(seconds(9)))
    assert (member.share, member.warming) == (warm_share(4) // 10, True), "out until then"
    member.warm(seconds(30), Instant(seconds(25)))
    assert (member.share, member.warming) == (warm_share(4) // 2, True)
    member.warm(seconds(30), Instant(seconds(40)))
    assert (member.share, member.warming) == (warm_share(4), False)
