"""The edge in virtual time: an ASGI request on one side, a fake upstream on the other."""

import io
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import trio

from gateway_core.clock import SECOND, Instant, UnixTime, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Exchange, RequestArrived, Stage
from gateway_core.limiting import ByClient, Limit, Limits, PerKey, Rate, SlidingWindow
from gateway_core.message import Fields, RequestHead, ResponseHead
from gateway_server.downstream import TransferCutError
from gateway_server.http_edge import HttpEdge
from gateway_server.relaying import Relays
from gateway_server.telemetry import AccessLog
from gateway_server.upstream import CallFailedError
from tests.exchanges import POLICIES

FOREVER = math.inf


@dataclass
class FakeAnswer:
    """Gives `pieces`, each after its wait; then ends, or breaks with `breaks`."""

    pieces: list[tuple[float, bytes]]
    breaks: FailureKind | None = None
    closed: int = 0
    head: ResponseHead = ResponseHead(200, ((b"content-type", b"text/plain"),))
    asked_at: UnixTime = UnixTime(0)
    answered_at: UnixTime = UnixTime(0)
    trailers: Fields = ()
    upload: Callable[[], Awaitable[None]] | None = None

    async def read(self) -> bytes:
        if not self.pieces:
            if self.breaks is not None:
                raise CallFailedError(self.breaks)
            return b""
        wait, piece = self.pieces.pop(0)
        await trio.sleep(wait)
        return piece

    at_hand = False
    whole = None

    @property
    def ended(self) -> bool:
        return False

    @property
    def uploading(self) -> bool:
        return self.upload is not None

    def drop(self) -> None:
        self.closed += 1

    async def finish_upload(self) -> None:
        if self.upload is not None:
            await self.upload()

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class FakeClient:
    """An upstream that takes `thinks` seconds, then gives `answer` or fails."""

    answer: FakeAnswer | FailureKind
    thinks: float = 0
    reads_body: bool = True
    got: list[bytes] = field(default_factory=list)
    hints: list[tuple[int, Fields]] = field(default_factory=list)
    trailers: Fields | None = None
    cancelled: int = 0

    def ask(self, command: CallUpstream) -> None:
        """Nothing goes at once here."""

    async def call(self, command: CallUpstream, body, progress, *, asides) -> FakeAnswer:
        try:
            for status, fields in self.hints:
                await asides.informed(status, fields)
            if command.request.body and self.reads_body:
                progress(Stage.SENDING)
                while piece := await body():
                    self.got.append(piece)
                self.trailers = asides.trailers()
            progress(Stage.SENT)
            await trio.sleep(self.thinks)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        if isinstance(self.answer, FailureKind):
            raise CallFailedError(self.answer)
        return self.answer

    async def aclose(self) -> None:
        raise AssertionError("the edge does not own its clients")


@dataclass
class Caller:
    """The client's side: sends `body` a piece at a time, and leaves when told."""

    body: list[tuple[float, bytes]] = field(default_factory=list)
    leaves: float = FOREVER
    takes: float = 0
    """Seconds until it has taken what it is sent."""
    gone: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = trio.current_time()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if self.body:
            wait, piece = self.body.pop(0)
            await trio.sleep(wait)
            return {"type": "http.request", "body": piece, "more_body": bool(self.body)}
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await trio.sleep_until(self.start + self.leaves)
        self.gone = True
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await trio.sleep(self.takes)
        if self.gone:
            raise OSError("gone")
        self.sent.append(message)
        self.times.append(round(trio.current_time() - self.start, 3))

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def got(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def serve(upstream: FakeClient, caller: Caller, **scope: Any) -> dict[str, Any]:
    """Serve one request; return what the log says."""
    written = io.StringIO()
    policies = scope.pop("policies", POLICIES)
    edge = HttpEdge(
        policies, {"service-a": upstream}, AccessLog("json", written), Relays({}, SECOND)
    )
    fields = [(b"host", b"gw"), *scope.pop("fields", [])]
    try:
        await edge(
            {
                "type": "http",
                "method": "POST",
                "raw_path": b"/unbound",
                "query_string": b"",
                "scheme": "http",
                "http_version": "1.1",
                "headers": fields,
                "client": ("192.0.2.1", 5),
                "extensions": {},
                **scope,
            },
            caller.receive,
            caller.send,
        )
    finally:
        (line,) = written.getvalue().splitlines()
    return json.loads(line)


CHUNKED = [(b"transfer-encoding", b"chunked")]


async def test_bodies_pass_both_ways_piece_by_piece(autojump_clock) -> None:
    answer = FakeAnswer([(1, b"he"), (1, b"llo")])
    client = FakeClient(answer, thinks=2)
    caller = Caller([(1, b"ab"), (1, b"cd")])
    line = await serve(client, caller, fields=CHUNKED)
    assert client.got == [b"ab", b"cd"]
    assert (caller.status, caller.got) == (200, b"hello")
    assert caller.times == [4, 5, 6, 6], "the head is not held back for the body"
    assert (line["bytes_in"], line["bytes_out"], line["duration_ms"]) == (4, 5, 6000.0)
    assert answer.closed


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.RESET])
async def test_a_call_that_fails_is_answered(autojump_clock, kind: FailureKind) -> None:
    caller = Caller()
    await serve(FakeClient(kind), caller)
    assert caller.status == 502
    assert json.loads(caller.got)["status"] == 502


async def test_a_client_that_leaves_cancels_the_call(autojump_clock) -> None:
    client, caller = FakeClient(FakeAnswer([]), thinks=100), Caller(leaves=3)
    line = await serve(client, caller)
    assert client.cancelled == 1
    assert (line["status"], line["reason"], line["duration_ms"]) == (499, "client-left", 3000.0)
    assert caller.sent == []


async def test_a_client_that_leaves_in_mid_answer_frees_the_answer(autojump_clock) -> None:
    answer, caller = FakeAnswer([(1, b"a"), (100, b"b")]), Caller(leaves=3)
    line = await serve(FakeClient(answer), caller)
    assert answer.closed
    assert (line["status"], line["bytes_out"], line["duration_ms"]) == (499, 1, 3000.0)


async def test_a_client_that_is_gone_when_it_is_written_to_is_one_that_left(autojump_clock) -> None:
    answer, caller = FakeAnswer([(0, b"a")]), Caller()
    caller.gone = True
    line = await serve(FakeClient(answer), caller)
    assert line["reason"] == "client-left"
    assert answer.closed


async def test_a_client_that_goes_with_all_that_it_was_promised_has_not_left(
    autojump_clock,
) -> None:
    answer = FakeAnswer([(2, b"abc"), (5, b"")], head=ResponseHead(200, (), 3))
    line = await serve(FakeClient(answer), Caller(leaves=4))
    assert line["status"] == 200


async def test_a_silent_upstream_is_504_when_its_time_is_over(autojump_clock) -> None:
    client, caller = FakeClient(FakeAnswer([]), thinks=100), Caller()
    line = await serve(client, caller)
    assert (caller.status, client.cancelled, round(line["duration_ms"])) == (504, 1, 15000)


async def test_an_upload_may_last_as_long_as_it_moves(autojump_clock) -> None:
    caller = Caller([(29, b"x")] * 50)
    client = FakeClient(FakeAnswer([]))
    line = await serve(client, caller, fields=CHUNKED)
    assert (line["status"], len(client.got), line["duration_ms"]) == (200, 50, 50 * 29000.0)


async def test_a_client_that_stops_in_mid_upload_is_408(autojump_clock) -> None:
    caller = Caller([(1, b"x"), (31, b"y")])
    await serve(FakeClient(FakeAnswer([])), caller, fields=CHUNKED)
    assert caller.status == 408
    assert (b"connection", b"close") in caller.sent[0]["headers"]
    assert caller.times[0] == 31


async def test_a_body_beyond_its_limit_is_not_passed_on(autojump_clock) -> None:
    client, caller = FakeClient(FakeAnswer([])), Caller([(1, b"x" * 100), (1, b"y")])
    await serve(client, caller, fields=CHUNKED, raw_path=b"/a/x")
    assert caller.status == 413
    assert client.got == [b"x" * 100]
    assert client.cancelled == 1


async def test_a_reader_that_stalls_is_cut(autojump_clock) -> None:
    answer, caller = FakeAnswer([(1, b"a")]), Caller(takes=0)
    send = caller.send

    async def slow(message: dict[str, Any]) -> None:
        await (trio.sleep_forever() if message.get("body") else send(message))

    caller.send = slow  # type: ignore[method-assign]
    with pytest.raises(TransferCutError):
        await serve(FakeClient(answer), caller)
    assert answer.closed
    assert trio.current_time() - caller.start == pytest.approx(21)


async def test_an_answer_that_breaks_is_cut(autojump_clock) -> None:
    answer, caller = FakeAnswer([(1, b"a")], breaks=FailureKind.RESET), Caller()
    with pytest.raises(TransferCutError):
        await serve(FakeClient(answer), caller)
    assert caller.sent[-1].get("more_body") is True
    assert answer.closed


async def test_an_early_answer_is_streamed_while_the_upload_goes_on(autojump_clock) -> None:
    uploaded = []

    async def upload() -> None:
        for number in range(3):
            await trio.sleep(1)
            uploaded.append(number)

    answer = FakeAnswer([(5, b"done")], upload=upload)
    caller = Caller([(1, b"x")])
    line = await serve(FakeClient(answer, reads_body=False), caller, fields=CHUNKED)
    assert (line["status"], caller.got, uploaded) == (200, b"done", [0, 1, 2])


async def test_an_upload_that_fails_after_an_early_answer_spoils_nothing(autojump_clock) -> None:
    async def upload() -> None:
        raise CallFailedError(FailureKind.RESET)

    caller = Caller([(1, b"x")])
    answer = FakeAnswer([(5, b"done")], upload=upload)
    line = await serve(FakeClient(answer, reads_body=False), caller, fields=CHUNKED)
    assert (line["status"], caller.got) == (200, b"done")


async def test_a_worker_that_goes_down_gives_the_call_back(autojump_clock) -> None:
    client, caller = FakeClient(FakeAnswer([]), thinks=100), Caller()
    with trio.move_on_after(5):
        await serve(client, caller)
    assert client.cancelled == 1


async def test_http_2_without_a_length_has_a_body_if_one_comes(autojump_clock) -> None:
    with_body, without = FakeClient(FakeAnswer([])), FakeClient(FakeAnswer([]))
    await serve(with_body, Caller([(1, b"x"), (1, b"y")]), http_version="2")
    assert with_body.got == [b"x", b"y"]
    await serve(without, Caller(), http_version="2", method="GET")
    assert without.got == []


async def test_asgi_has_no_words_for_interim_answers_and_trailers(autojump_clock) -> None:
    client = FakeClient(FakeAnswer([(0, b"a")], trailers=((b"x-sum", b"6"),)), hints=[(103, ())])
    caller = Caller([(0, b"b")])
    te = (b"te", b"trailers")
    line = await serve(client, caller, fields=[*CHUNKED, te])
    assert [message["type"] for message in caller.sent] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
    ]
    assert (line["status"], client.trailers) == (200, ())


async def test_a_connection_of_a_unix_socket_has_no_address(autojump_clock) -> None:
    line = await serve(FakeClient(FakeAnswer([])), Caller(), client=None)
    assert "client" not in line


async def test_of_ten_a_minute_the_eleventh_is_told_when_to_come_and_is_let_in_then(
    autojump_clock,
) -> None:
    """No sooner, and not by what came between: the whole minute passes, in virtual time."""
    minute = PerKey(SlidingWindow(Rate(10, seconds(60))))
    limit = Limit("minute", minute, (ByClient(),))
    policies = replace(POLICIES, limits={"unbound": Limits((limit,))})
    began = trio.current_time()

    async def ask(at: float) -> tuple[int | None, bytes | None]:
        await trio.sleep_until(began + at)
        caller = Caller()
        await serve(FakeClient(FakeAnswer([])), caller, policies=policies)
        return caller.status, dict(caller.sent[0]["headers"]).get(b"retry-after")

    assert [await ask(number) for number in range(10)] == [(200, None)] * 10
    assert await ask(20.5) == (429, b"40"), "39.5 s, rounded up"
    assert await ask(59.999) == (429, b"1")
    assert await ask(60.5) == (200, None), "as it was told: 20.5 s and 40 s"
    assert await ask(60.6) == (429, b"1"), "one place was free, that of the first request"
    assert await ask(61) == (200, None)


@dataclass
class Told:
    """A client as the log's line asks for it."""

    refused: bool
    begun: bool
    head = RequestHead("PUT", b"/a/x", b"gw", (), "192.0.2.1", "http", "1.1", 10)


@pytest.mark.parametrize(
    ("refused", "begun", "lines"), [(False, False, 1), (True, True, 1), (True, False, 0)]
)
async def test_what_the_front_answers_itself_it_tells_itself_and_nothing_else(
    refused, begun, lines
):
    """A body may be found broken behind an answer that was given: that answer has its line."""
    written = io.StringIO()
    edge = HttpEdge(POLICIES, {}, AccessLog("json", written), Relays({}, SECOND))
    exchange = Exchange(POLICIES)
    exchange.receive(RequestArrived(Told.head, "id", UnixTime(0)), Instant(0))
    edge._note(exchange, Told(refused, begun), Instant(1))
    assert len(written.getvalue().splitlines()) == lines
