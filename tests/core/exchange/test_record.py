"""What an exchange leaves behind."""

from gateway_core.clock import NEVER
from gateway_core.exchange import Record


def test_a_fresh_record_says_nothing() -> None:
    record = Record()
    assert (record.status, record.reason, record.attempts) == (0, "", 0)
    assert {record.started, record.asked, record.answered} == {NEVER}
