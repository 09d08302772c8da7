"""Events and commands are values: told twice, they are the same."""

from gateway_core.frames import CLIENT, UPSTREAM, Close
from gateway_core.relay import EndAsked, HangUp, SendClose, SideLost


def test_values_are_equal_and_say_what_they_are() -> None:
    assert SendClose(CLIENT, Close(1000)) == SendClose(CLIENT, Close(1000))
    assert SideLost(CLIENT) != SideLost(UPSTREAM)
    assert HangUp(CLIENT, cut=True) != HangUp(CLIENT, cut=False)
    assert "1012" in repr(EndAsked(Close(1012), 0))
