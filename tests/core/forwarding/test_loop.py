"""Via and Max-Forwards: has a request travelled far enough?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.loop import (
    LOOPING,
    VIA_MAX,
    is_last_hop,
    one_forward_less,
    via_loop,
)
from gateway_core.message import Fields, RequestHead


@pytest.mark.parametrize(
    ("via", "looping"),
    [
        pytest.param([], False, id="7.6.3 no Via"),
        pytest.param([b"1.1 gateway"], False, id="7.6.3 once: a gateway of the same name"),
        pytest.param([b"1.1 gateway"] * (VIA_MAX - 1), False, id="7.6.3 one less than too often"),
        pytest.param([b"1.1 gateway"] * VIA_MAX, True, id="7.6.3 too often, in lines"),
        pytest.param([b", ".join([b"1.1 gateway"] * VIA_MAX)], True, id="7.6.3 in one line"),
        pytest.param([b"HTTP/2\tGateway (x)"] * VIA_MAX, True, id="7.6.3 protocol, case, comment"),
        pytest.param([b"1.1 other"] * 99, False, id="7.6.3 others"),
        pytest.param([b"gateway", b"", b"1.1", b"1.1 gateways"] * 9, False, id="7.6.3 malformed"),
    ],
)
def test_a_loop_is_our_own_name_too_often(via: list[bytes], looping: bool) -> None:
    assert via_loop(tuple((b"via", each) for each in via), b"gateway") is looping


def test_a_loop_is_told_as_508() -> None:
    assert (LOOPING.status, LOOPING.reason) == (508, "loop-detected")


@pytest.mark.parametrize(
    ("method", "fields", "last"),
    [
        pytest.param("OPTIONS", ((b"max-forwards", b"0"),), True, id="7.6.2 zero"),
        pytest.param("OPTIONS", ((b"max-forwards", b"000"),), True, id="7.6.2 zero, at length"),
        pytest.param("OPTIONS", ((b"max-forwards", b"1"),), False, id="7.6.2 one more"),
        pytest.param("OPTIONS", ((b"max-forwards", b""),), False, id="7.6.2 malformed"),
        pytest.param("OPTIONS", (), False, id="7.6.2 absent"),
        pytest.param("GET", ((b"max-forwards", b"0"),), False, id="7.6.2 other methods ignore it"),
    ],
)
def test_max_forwards_zero_ends_an_options_here(method: str, fields: Fields, last: bool) -> None:
    assert is_last_hop(RequestHead(method, b"/", b"a", fields)) is last


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        (b"10", b"9"),
        (b"1", b"0"),
        (b"0", b"0"),
        (b"007", b"6"),
        (b"-1", b"-1"),
        (b"", b""),
        (b"ten", b"ten"),
        (b"9" * 5000, b"9" * 5000),
    ],
)
def test_one_forward_less_is_sent_on(told: bytes, sent: bytes) -> None:
    assert one_forward_less(told) == sent


@given(st.integers(1, 999_999_999))
def test_a_count_goes_down_by_one(count: int) -> None:
    assert int(one_forward_less(b"%d" % count)) == count - 1
