"""What trails a body passes where it may, and else says nothing."""

from gateway_core.exchange import PassTrailers, RequestTrailersRead, ResponseTrailersRead
from gateway_core.exchange.trailing import pass_trailers
from gateway_core.forwarding import ForwardingRules, forwarding_plan

OPEN = forwarding_plan(ForwardingRules(trailers=True))
CLOSED = forwarding_plan(ForwardingRules(trailers=False))
SUM = ((b"x-checksum", b"1"),)


def test_a_requests_trailers_pass_where_the_gateway_passes_any() -> None:
    event = RequestTrailersRead(SUM)
    assert pass_trailers(event, OPEN, (), None) == (PassTrailers(SUM),)
    assert pass_trailers(event, CLOSED, (), None) == ()


def test_an_answers_trailers_pass_to_a_client_that_takes_them() -> None:
    event = ResponseTrailersRead(SUM)
    assert pass_trailers(event, OPEN, (), ()) == (PassTrailers(SUM),)
    assert pass_trailers(event, OPEN, (), None) == ()


def test_what_the_head_was_not_to_bear_does_not_trail() -> None:
    drop = frozenset({b"x-checksum"})
    assert pass_trailers(RequestTrailersRead(SUM), OPEN, (), None, drop) == ()
    assert pass_trailers(ResponseTrailersRead(SUM), OPEN, (), (), drop) == ()
