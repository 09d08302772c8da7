"""What each side is told of what the other one said."""

import pytest

from gateway_core.composing import field_template, query_template
from gateway_core.exchange import Admission, PassTrailers, RequestTrailersRead, ResponseTrailersRead
from gateway_core.exchange.translation import Translation
from gateway_core.forwarding import find_client
from gateway_core.message import Fields, ResponseHead, value
from gateway_core.routing import Match
from gateway_core.transforming import Transformation
from tests.exchanges import ENDPOINT, POLICIES, UPSTREAM, get


def translation(fields: Fields = ()) -> Translation:
    head = get(b"/a/x", fields=fields)
    match = POLICIES.router.match(head)
    assert isinstance(match, Match)
    admission = Admission(find_client(head, POLICIES.forwarding), match)
    return Translation(head, admission, POLICIES.plans["a"], "id")


def test_a_request_is_told_as_the_endpoint_shall_see_it() -> None:
    told = translation()
    request = told.request(UPSTREAM, ENDPOINT)
    assert (request.method, request.target, request.authority) == ("GET", b"/x", b"gw.example")
    assert told.asked == (b"gw.example", ENDPOINT.authority)


def test_an_answer_bears_the_request_s_id() -> None:
    told = translation()
    told.request(UPSTREAM, ENDPOINT)
    head = told.answer(ResponseHead(200, ((b"x-request-id", b"theirs"),)), final=True)
    assert value(head.fields, b"x-request-id") == b"id"


SUM = ((b"x-sum", b"1"),)


@pytest.mark.parametrize(
    ("fields", "passing"),
    [
        pytest.param(((b"te", b"trailers"),), (PassTrailers(SUM),), id="9110-6.5.1 wanted"),
        pytest.param((), (), id="not wanted"),
    ],
)
def test_trailers_of_an_answer_pass_to_who_takes_them(fields: Fields, passing) -> None:
    told = translation(fields)
    told.request(UPSTREAM, ENDPOINT)
    told.answer_fields = ((b"trailer", b"x-sum"),)
    assert told.trailers(ResponseTrailersRead(SUM)) == passing


def test_trailers_of_a_request_pass() -> None:
    assert translation().trailers(RequestTrailersRead(SUM)) == (PassTrailers(SUM),)


def test_what_names_the_caller_cannot_come_in_behind_the_body() -> None:
    told = translation()
    told.admission.drops = frozenset({b"x-key"})
    told.admission.told = ((b"x-tenant", b"a"),)
    told.drop, told.add = frozenset({b"x-old"}), ((b"x-ours", b"1"),)
    names = (b"x-key", b"x_key", b"x-tenant", b"x-old", b"x-ours")
    event = RequestTrailersRead((*((name, b"forged") for name in names), *SUM))
    assert told.trailers(event) == (PassTrailers(SUM),)


def test_what_an_answer_lost_to_ours_cannot_come_in_behind_its_body() -> None:
    told = translation(((b"te", b"trailers"),))
    told.request(UPSTREAM, ENDPOINT)
    told.admission.replaces = frozenset({b"x-policy"})
    event = ResponseTrailersRead(((b"x-policy", b"none"), *SUM))
    assert told.trailers(event) == (PassTrailers(SUM),)


def test_what_a_route_changes_by_values_of_the_request_goes_before_what_we_tell() -> None:
    told = translation(((b"x-who", b"root"),))
    told.add = ((b"x-consumer-id", b"ada"),)
    told.change = Transformation(
        ((b"x-who", field_template("{client}")),), (("page", query_template("1")),)
    )
    request = told.request(UPSTREAM, ENDPOINT)
    assert request.target == b"/x?page=1"
    assert request.fields[-2:] == ((b"x-who", b"192.0.2.1"), (b"x-consumer-id", b"ada"))
    assert (b"x-who", b"root") not in request.fields
