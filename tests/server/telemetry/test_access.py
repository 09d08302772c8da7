"""One line a request: complete, and silent on what is nobody's business."""

import io
import json
from dataclasses import replace

import pytest
import trio

from gateway_core.clock import NEVER, Duration, Instant
from gateway_core.exchange import Record, RelayEnded
from gateway_core.limiting import Judgement, Outcome
from gateway_core.refusal import Refusal
from gateway_server.telemetry import AccessLog
from gateway_server.telemetry.access import as_json, shown_path

RECORD = Record(
    client="192.0.2.1",
    request_id="id",
    route="a",
    upstream="service-a",
    endpoint="http://10.0.0.1:8001",
    attempts=1,
    status=200,
    bytes_in=3,
    bytes_out=5,
    started=Instant(1_000_000),
    asked=Instant(2_000_000),
    answered=Instant(4_500_000),
)
NOW = Instant(6_000_000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_of_json_tells_the_whole_outcome() -> None:
    out = io.StringIO()
    AccessLog("json", out).exchange_ended(RECORD, "GET", b"/a/x?token=secret", NOW)
    line = json.loads(out.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "request_id": "id",
        "client": "192.0.2.1",
        "method": "GET",
        "path": "/a/x",
        "status": 200,
        "route": "a",
        "upstream": "service-a",
        "endpoint": "http://10.0.0.1:8001",
        "attempts": 1,
        "bytes_in": 3,
        "bytes_out": 5,
        "duration_ms": 5.0,
        "upstream_ms": 2.5,
    }


def said(outcome: Outcome, binding: str = "per-client", shadowed: tuple = ()) -> Record:
    judgement = Judgement(outcome, binding, "", 3, Duration(1), shadowed, ())
    return replace(RECORD, limits=judgement)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        pytest.param(
            said(Outcome.ADMITTED),
            {"limit": "per-client", "limit_outcome": "admitted", "limit_remaining": 3},
            id="admitted",
        ),
        pytest.param(
            said(Outcome.REFUSED, shadowed=("a", "b")),
            {
                "limit": "per-client",
                "limit_outcome": "refused",
                "limit_remaining": 3,
                "limits_shadowed": ["a", "b"],
            },
            id="refused, and two shadows would",
        ),
        pytest.param(
            said(Outcome.ADMITTED, "", ("a",)), {"limits_shadowed": ["a"]}, id="a shadow alone"
        ),
        pytest.param(said(Outcome.ADMITTED, ""), {}, id="a shadow that admits"),
        pytest.param(RECORD, {}, id="no limits"),
    ],
)
def test_what_the_limits_said_is_told(record: Record, told: dict) -> None:
    out = io.StringIO()
    AccessLog("json", out).exchange_ended(record, "GET", b"/", NOW)
    line = json.loads(out.getvalue())
    assert {key: line[key] for key in line if key.startswith("limit")} == told


@pytest.mark.parametrize(
    ("record", "end"),
    [
        (said(Outcome.ADMITTED), "10.0.0.1:8001\n"),
        (said(Outcome.REFUSED), "10.0.0.1:8001  per-client\n"),
        (said(Outcome.ADMITTED, "", ("a",)), "10.0.0.1:8001  (a would refuse)\n"),
    ],
)
def test_a_person_is_told_which_limit_refused_or_would(record: Record, end: str) -> None:
    out = io.StringIO()
    AccessLog("console", out).exchange_ended(record, "GET", b"/", NOW)
    assert out.getvalue().endswith(end)


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (
            RelayEnded(2, 3, 3, 5, "client", 4000, 4000, 4000),
            {
                "closed_by": "client",
                "close_code": 4000,
                "client_close": 4000,
                "upstream_close": 4000,
            },
        ),
        (
            RelayEnded(2, 3, 3, 5, "gateway", 1001, 0, 0),
            {"closed_by": "gateway", "close_code": 1001},
        ),
    ],
)
def test_a_websocket_ends_in_one_line_that_tells_who_closed_it(
    ended: RelayEnded, told: dict
) -> None:
    out = io.StringIO()
    record = replace(RECORD, status=101, socket=ended)
    AccessLog("json", out).exchange_ended(record, "GET", b"/a/ws", NOW)
    line = json.loads(out.getvalue())
    assert {
        "messages_in": 2,
        "messages_out": 3,
        "bytes_in": 3,
        "bytes_out": 5,
    }.items() <= line.items()
    assert {name: line[name] for name in line if "close" in name} == told
    out = io.StringIO()
    AccessLog("console", out).exchange_ended(record, "GET", b"/a/ws", NOW)
    assert f"2/3 messages  closed by {ended.closed_by}, {ended.code}" in out.getvalue()


def test_what_is_not_known_is_left_out() -> None:
    out = io.StringIO()
    AccessLog("json", out).exchange_ended(
        Record(status=499, reason="client-left"), "GET", b"/", NOW
    )
    line = json.loads(out.getvalue())
    assert line["reason"] == "client-left"
    assert not {"route", "upstream", "endpoint", "duration_ms", "upstream_ms"} & set(line)


@pytest.mark.parametrize("text", ['a"b', "back\\slash", "\x7f", "é"])
def test_whatever_a_path_holds_the_line_is_json(text: str) -> None:
    out = io.StringIO()
    AccessLog("json", out).exchange_ended(RECORD, "GET", text.encode("latin-1"), NOW)
    assert "path" in json.loads(out.getvalue())


async def test_lines_wait_for_one_write_while_the_log_runs(nursery, autojump_clock) -> None:
    raw = io.BytesIO()
    log = AccessLog("json", io.TextIOWrapper(raw, encoding="utf-8"))
    nursery.start_soon(log.run)
    await trio.sleep(0.01)
    for _ in range(3):
        log.exchange_ended(RECORD, "GET", b"/", NOW)
    assert raw.getvalue() == b""
    await trio.sleep(0.1)
    assert raw.getvalue().count(b"\n") == 3
    for _ in range(400):
        log.exchange_ended(RECORD, "GET", b"/", NOW)
    assert raw.getvalue().count(b"\n") > 3, "a full buffer does not wait"
    nursery.cancel_scope.cancel()


async def test_nothing_is_lost_when_the_log_ends(autojump_clock) -> None:
    out = io.StringIO()
    log = AccessLog("json", out)
    with trio.move_on_after(0.05):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log.run)
            await trio.sleep(0.01)
            log.exchange_ended(RECORD, "GET", b"/", NOW)
    assert out.getvalue().count("\n") == 1
    log.exchange_ended(RECORD, "GET", b"/", NOW)
    assert out.getvalue().count("\n") == 2


def test_a_refusal_of_the_connection_is_a_line_as_well() -> None:
    out = io.StringIO()
    refusal = Refusal(400, "bad-head", "No.")
    facts = {"peer": "192.0.2.1", "method": "", "target": b"", "request_id": "id"}
    AccessLog("json", out).refused(refusal, **facts, bytes_in=17, bytes_out=199)
    line = json.loads(out.getvalue())
    assert (line["status"], line["reason"]) == (400, "bad-head")
    assert (line["bytes_in"], line["bytes_out"]) == (17, 199)
    assert "method" not in line


def test_bytes_are_written_where_the_stream_has_them() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8")
    AccessLog("auto", out).exchange_ended(RECORD, "GET", b"/", NOW)
    assert json.loads(raw.getvalue())["status"] == 200


def test_on_a_terminal_the_line_is_for_a_person() -> None:
    out = Terminal()
    AccessLog("auto", out).exchange_ended(RECORD, "GET", b"/a/x?token=secret", NOW)
    line = out.getvalue()
    assert line.count("\n") == 1
    assert "\x1b[32m200\x1b[0m  GET     /a/x  5.0 ms  service-a 10.0.0.1:8001" in line
    assert "secret" not in line


def test_a_log_that_is_off_says_nothing() -> None:
    out = io.StringIO()
    log = AccessLog("off", out)
    log.exchange_ended(RECORD, "GET", b"/", NOW)
    facts = {"peer": "", "method": "", "target": b"", "request_id": "id"}
    log.refused(Refusal(400, "r", "d"), **facts, bytes_in=0, bytes_out=0)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (b"/a?b", "/a"),
        (b"/a%20b", "/a%20b"),
        (b"/\x1b[2Jx", "/\\x1b[2Jx"),
        (b"/a\nb", "/a\\nb"),
        (b"/\xe9", "/\xe9"),
    ],
)
def test_a_path_is_shown_without_query_and_without_what_a_terminal_obeys(
    target: bytes, shown: str
) -> None:
    assert shown_path(target) == shown


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"breaker": "half-open"}, {"breaker": "half-open"}),
        ({"retry": "retry-budget", "hedge": "lost"}, {"retry": "retry-budget", "hedge": "lost"}),
        ({}, {}),
    ],
)
def test_what_protected_the_service_is_told_where_something_did(told, words) -> None:
    line = json.loads(as_json(replace(RECORD, **told), "GET", b"/", NEVER))
    assert {key: line[key] for key in ("breaker", "retry", "hedge") if key in line} == words


@pytest.mark.parametrize("length", [1, 255, 256, 5000], ids=lambda n: f"{n} bytes")
def test_a_path_is_told_alike_whether_it_is_remembered_or_not(length) -> None:
    target = b"/" + b"a" * (length - 1)
    for query in (b"", b"?secret=1", b"?secret=2", b"?"):
        for method in ("GET", "HEAD"):
            line = json.loads(as_json(RECORD, method, target + query, NEVER))
            assert (line["method"], line["path"]) == (method, target.decode())
