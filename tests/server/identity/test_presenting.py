"""What an upstream is shown, by a client in memory."""

from collections.abc import Callable

import jwt
import pytest
import trio

from gateway_core.clock import UnixTime
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, Fields, UpstreamRequest, value, values
from gateway_server.identity.presenting import TOKENS_MAX, Badge, CallerTokens, PresentingClient
from gateway_server.identity.signing import Signer
from tests.exchanges import ENDPOINT, UPSTREAM
from tests.message_signatures import verify

SECRET = b"a secret of more than thirty-two bytes"
SIGNER = Signer("k", SECRET, 10)


class Recorder:
    """A client that keeps what it is asked, and reads the body whole."""

    def __init__(self) -> None:
        self.requests: list[UpstreamRequest] = []
        self.bodies: list[bytes] = []
        self.closed = False

    async def call(self, command, body, progress, *, asides=None):
        self.requests.append(command.request)
        whole, left = b"", command.request.body
        while left and (piece := await body()):
            whole += piece
            left -= len(piece)
        self.bodies.append(whole)
        return None

    async def aclose(self) -> None:
        self.closed = True


def call(body: int = 0, fields: Fields = ((b"x-consumer-id", b"ada"),)) -> CallUpstream:
    return CallUpstream(
        UPSTREAM, ENDPOINT, UpstreamRequest("POST", b"/x?y", b"Up.example", fields, body)
    )


def pieces(*told: bytes) -> Callable:
    left = list(told)

    async def read() -> bytes:
        await trio.lowlevel.checkpoint()
        return left.pop(0) if left else b""

    return read


async def shown(badge: Badge, command: CallUpstream, *told: bytes) -> tuple[Recorder, list[Stage]]:
    recorder, stages = Recorder(), list[Stage]()
    client = PresentingClient(recorder, badge, lambda: UnixTime(1000))  # type: ignore[arg-type]
    await client.call(command, pieces(*told), stages.append)
    await client.aclose()
    assert recorder.closed
    return recorder, stages


async def test_the_secret_comes_last_and_once() -> None:
    recorder, _ = await shown(Badge((b"x-gateway-secret", b"s3cret")), call())
    assert recorder.requests[0].fields[-1] == (b"x-gateway-secret", b"s3cret")
    assert "s3cret" not in repr(Badge((b"x-gateway-secret", b"s3cret")))


@pytest.mark.parametrize(
    ("size", "told", "covered"),
    [
        pytest.param(0, [], False, id="no body"),
        pytest.param(6, [b"abc", b"def"], True, id="a small one, in pieces"),
        pytest.param(10, [b"0123456789"], True, id="as large as may be"),
        pytest.param(11, [b"0123456789", b"a"], False, id="larger"),
        pytest.param(UNKNOWN, [b"abc"], False, id="of unknown length"),
    ],
)
async def test_a_signature_covers_what_can_be_held(
    size: int, told: list[bytes], covered: bool
) -> None:
    recorder, _ = await shown(Badge(signer=SIGNER), call(size), *told)
    request = recorder.requests[0]
    assert recorder.bodies == [b"".join(told)]
    assert (value(request.fields, b"content-digest") is not None) is covered
    lines = [b"%b: %b" % line for line in ((b"host", b"up.example"), *request.fields)]
    names = verify(b"\r\n".join([b"POST /x?y HTTP/1.1", *lines]), SECRET)
    assert names == [
        "@method",
        "@authority",
        "@request-target",
        "x-consumer-id",
        *(["content-digest"] if covered else []),
    ]


async def test_a_client_that_leaves_in_its_body_is_not_signed_for() -> None:
    async def never() -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    recorder = Recorder()
    client = PresentingClient(recorder, Badge(signer=SIGNER), lambda: UnixTime(0))  # type: ignore[arg-type]
    with trio.move_on_after(0.01):
        await client.call(call(5), never, lambda stage: None)
    assert recorder.requests == []


def tokens(header: bytes = b"authorization") -> CallerTokens:
    return CallerTokens(SECRET, header, "gateway", "up", 60)


def told_at(maker: CallerTokens, wall: int, name: bytes = b"ada") -> bytes:
    fields = ((b"x-consumer-id", name), (b"x-consumer-scopes", b"read"))
    (only,) = values(maker.told(fields, UnixTime(wall)), maker.header)
    return only


def test_a_token_about_the_caller_is_made_anew_after_half_its_life() -> None:
    maker = tokens()
    first = told_at(maker, 1000)
    assert told_at(maker, 1029) == first
    assert told_at(maker, 1030) != first
    assert told_at(maker, 1030, b"grace") != told_at(maker, 1030)
    assert told_at(tokens(b"x-caller"), 1000) == first.removeprefix(b"Bearer ")


def test_a_clock_that_was_set_back_makes_a_token_of_its_time() -> None:
    maker = tokens()
    told_at(maker, 1000)
    token = told_at(maker, 500).removeprefix(b"Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iat"], claims["exp"]) == (500, 560)


def test_tokens_that_are_kept_are_bounded() -> None:
    maker = tokens()
    for number in range(TOKENS_MAX + 5):
        told_at(maker, 1000, b"user-%d" % number)
    assert len(maker._made) <= TOKENS_MAX


def test_a_token_takes_the_place_of_name_and_scopes_and_of_what_the_client_sent() -> None:
    fields = ((b"authorization", b"Bearer theirs"), (b"x-consumer-id", b"ada"), (b"a", b"b"))
    told = tokens().told(fields, UnixTime(1000))
    assert [name for name, _ in told] == [b"a", b"authorization"]
    assert b"theirs" not in told[1][1]


def test_of_an_open_route_there_is_nobody_to_tell_of() -> None:
    assert tokens().told(((b"a", b"b"),), UnixTime(0)) == ((b"a", b"b"),)
