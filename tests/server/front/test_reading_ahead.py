import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from gateway_core.http1.judge import RequestJudge
from gateway_server.front.reading_ahead import AHEAD_MAX, ReadingAhead
from gateway_server.front.wire import READ_MAX, Wire

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Sides:
    def __init__(self, nursery):
        self.ours, self.client = memory_stream_pair()
        self.ends = 0
        self.wire = Wire(self.ours, 1)
        self.ahead = ReadingAhead(self.wire, RequestJudge(), self._note)
        nursery.start_soon(self.ahead.run)

    def _note(self):
        self.ends += 1


@pytest.fixture
async def sides(nursery):
    return Sides(nursery)


async def test_what_is_good_can_be_taken_once(sides):
    await sides.client.send_all(GET)
    await sides.ahead.more()
    assert sides.ahead.take() == GET
    assert sides.ahead.take() == b""
    assert sides.ahead.bytes_in == len(GET)


async def test_a_head_is_passed_on_when_it_is_complete(sides):
    await sides.client.send_all(GET[:10])
    await sides.ahead.more()
    assert sides.ahead.take() == b""
    await sides.client.send_all(GET[10:])
    await sides.ahead.more()
    assert sides.ahead.take() == GET


async def test_reading_pauses_where_enough_is_waiting(sides):
    await sides.client.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
    for _ in range(100):
        await sides.client.send_all(bytes(9000))
    await wait_all_tasks_blocked()
    first = sides.ahead.take()
    assert AHEAD_MAX <= len(first) <= AHEAD_MAX + READ_MAX
    got = len(first)
    while got < 900_000:
        await sides.ahead.more()
        got += len(sides.ahead.take())


async def test_a_flaw_is_kept_behind_what_was_good(sides):
    await sides.client.send_all(GET + b"BAD\r\n\r\n" + GET)
    await wait_all_tasks_blocked()
    assert sides.ends == 1
    assert sides.ahead.take() == GET
    assert sides.ahead.refusal.reason == "bad-request-line"
    assert not sides.ahead.refused_in_body
    await sides.ahead.more()  # does not wait


async def test_the_end_is_told(sides):
    await sides.client.aclose()
    await wait_all_tasks_blocked()
    assert sides.ahead.ended
    assert sides.ahead.refusal is None
    assert sides.ends == 1


@pytest.mark.parametrize(
    ("text", "in_body"),
    [(GET[:9], False), (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", True)],
)
async def test_an_end_inside_a_message_is_a_flaw(sides, text, in_body):
    await sides.client.send_all(text)
    await sides.client.aclose()
    await wait_all_tasks_blocked()
    assert sides.ahead.refusal.reason == "incomplete-message"
    assert sides.ahead.refused_in_body is in_body


async def test_leaving_is_looked_for_while_nothing_is_read(nursery, autojump_clock):
    sides = Sides(nursery)
    await sides.client.send_all(b"BAD\r\n\r\n")
    await wait_all_tasks_blocked()
    sides.wire.has_left = lambda: trio.current_time() >= 3
    while not sides.ahead.ended:
        await trio.sleep(0.01)
    assert trio.current_time() == pytest.approx(3, abs=0.1)
    assert sides.ends == 2
