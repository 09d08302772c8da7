"""What an exchange leaves behind."""

from gateway_core.clock import NEVER
from gateway_core.exchange import Record, RelayEnded


def test_a_fresh_record_says_nothing() -> None:
    record = Record()
    assert (record.status, record.reason, record.attempts) == (0, "", 0)
    assert {record.started, record.asked, record.answered} == {NEVER}


def test_the_bytes_of_a_websocket_count_like_a_bodys() -> None:
    record = Record(bytes_in=1)
    ended = RelayEnded(2, 3, 40, 50, "client", 1000, 1000, 1000)
    record.note_socket(ended)
    assert (record.bytes_in, record.bytes_out, record.socket) == (41, 50, ended)
