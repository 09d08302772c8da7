"""Which lost requests go out again, and how long a connection may rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, seconds
from gateway_core.message import IDEMPOTENT
from gateway_core.pooling import IDLE_LIFETIME, LostRequest, idle_lifetime, may_resend

METHODS = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "CONNECT", "get"]

lost_requests = st.builds(
    LostRequest,
    method=st.sampled_from(METHODS),
    reused=st.booleans(),
    written=st.sampled_from([0, 1, 100]),
    body_begun=st.booleans(),
    answer_begun=st.booleans(),
    unprocessed=st.booleans(),
)


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        pytest.param(LostRequest("GET", True, 90, False, False), True, id="9112 9.3.1 idempotent"),
        pytest.param(LostRequest("POST", True, 90, False, False), False, id="9110 9.2.2 POST"),
        pytest.param(LostRequest("get", True, 90, False, False), False, id="9110 9.1 case counts"),
        pytest.param(LostRequest("POST", True, 0, True, False), True, id="nothing was written"),
        pytest.param(LostRequest("PUT", True, 90, False, False), True, id="PUT, body untouched"),
        pytest.param(LostRequest("PUT", True, 90, True, False), False, id="PUT, body spent"),
        pytest.param(LostRequest("GET", False, 90, False, False), False, id="a fresh connection"),
        pytest.param(LostRequest("GET", False, 0, False, False), False, id="fresh, unwritten"),
        pytest.param(LostRequest("GET", True, 90, False, True), False, id="an answer had begun"),
        pytest.param(LostRequest("GET", True, 0, False, True), False, id="an answer unasked"),
        pytest.param(
            LostRequest("POST", False, 9, False, False, True), True, id="9113 8.7 not acted upon"
        ),
        pytest.param(
            LostRequest("POST", False, 9, True, False, True), False, id="9113 8.7 its body spent"
        ),
    ],
)
def test_what_may_be_sent_again(lost: LostRequest, again: bool) -> None:
    assert may_resend(lost) is again


@given(lost_requests)
def test_nothing_is_sent_again_that_could_do_work_twice(lost: LostRequest) -> None:
    could_have_run = lost.written > 0 and not lost.unprocessed
    if may_resend(lost):
        assert not could_have_run or lost.method in IDEMPOTENT


@given(lost_requests)
def test_nothing_is_sent_again_whose_body_is_spent(lost: LostRequest) -> None:
    if may_resend(lost):
        assert lost.written == 0 or not lost.body_begun


@given(lost_requests)
def test_only_a_silent_reused_connection_is_a_race(lost: LostRequest) -> None:
    if may_resend(lost) and not lost.unprocessed:
        assert lost.reused
        assert not lost.answer_begun


@given(lost_requests)
def test_the_less_was_done_the_sooner_it_may_be_sent_again(lost: LostRequest) -> None:
    if may_resend(lost):
        assert may_resend(lost._replace(written=0))
        assert may_resend(lost._replace(body_begun=False))


@pytest.mark.parametrize(
    ("values", "rest"),
    [
        pytest.param([], seconds(4), id="no field"),
        pytest.param([b"timeout=5, max=100"], seconds(4), id="2068 19.7.1.1 as Apache sends it"),
        pytest.param([b"timeout=3"], seconds(2), id="a second less"),
        pytest.param([b"max=7, timeout=2"], seconds(1), id="second member"),
        pytest.param([b"timeout=1"], seconds(0.5), id="half of a short one"),
        pytest.param([b"timeout=0"], seconds(0), id="not at all"),
        pytest.param([b"timeout=60"], seconds(4), id="never longer than ours"),
        pytest.param([b"timeout=9", b"timeout=2"], seconds(1), id="two lines, the shorter"),
        pytest.param([b'Timeout = "2"'], seconds(1), id="quoted, spaced, upper case"),
        pytest.param([b"timeout=-1"], seconds(4), id="no number"),
        pytest.param([b"timeout="], seconds(4), id="empty"),
        pytest.param([b"timeout=" + b"9" * 5000], seconds(4), id="a number without end"),
        pytest.param([b"timeout=\xb2"], seconds(4), id="a digit that is none"),
        pytest.param([b"x=1"], seconds(4), id="another parameter"),
    ],
)
def test_how_long_a_connection_may_rest(values: list[bytes], rest: Duration) -> None:
    fields = ((b"server", b"x"), *((b"keep-alive", value) for value in values))
    assert idle_lifetime(fields) == rest


@given(st.binary(max_size=40), st.integers(0, 10))
def test_the_rest_is_never_longer_than_ours_nor_negative(value: bytes, longest: int) -> None:
    assert (
        0
        <= idle_lifetime(((b"keep-alive", value),), Duration(longest * SECOND))
        <= (longest * SECOND)
    )


@given(st.integers(1, 10**9 - 1))
def test_we_let_go_before_the_upstream_does(timeout: int) -> None:
    lifetime = idle_lifetime(((b"keep-alive", b"timeout=%d" % timeout),))
    assert 0 < lifetime < timeout * SECOND
    assert lifetime <= IDLE_LIFETIME
