"""A window counts what a list of all calls would, a tenth of its length more or less."""

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.breaking.window import SLOTS, Window
from gateway_core.clock import SECOND, Duration, Instant

LENGTH = Duration(30 * SECOND)
calls = st.lists(
    st.tuples(st.integers(0, 7 * SECOND), st.booleans(), st.booleans()), min_size=1, max_size=60
)


@given(calls=calls)
def test_what_is_counted_came_within_the_window_and_what_came_lately_is_counted(calls) -> None:
    window, now, told = Window(LENGTH), 0, []
    for wait, failed, slow in calls:
        now += wait
        window.add(Instant(now), failed=failed, slow=slow)
        told.append((now, failed, slow))
        within = [call for call in told if now - call[0] < LENGTH]
        surely = [call for call in told if now - call[0] <= LENGTH * (SLOTS - 1) // SLOTS]
        assert len(surely) <= window.calls <= len(within)
        assert sum(c[1] for c in surely) <= window.failures <= sum(c[1] for c in within)
        assert sum(c[2] for c in surely) <= window.slow <= sum(c[2] for c in within)
        assert len(window._slots) <= SLOTS


def test_what_is_cleared_is_forgotten() -> None:
    window = Window(LENGTH)
    window.add(Instant(5), failed=True, slow=True)
    window.clear()
    assert window == Window(LENGTH)


def test_what_is_too_old_falls_out_slot_by_slot() -> None:
    window = Window(LENGTH)
    for second in range(0, 60, 3):
        window.add(Instant(second * SECOND), failed=second < 45, slow=second % 2 == 0)
    assert (window.calls, window.failures, window.slow) == (10, 5, 5)
    window.add(Instant(3600 * SECOND), failed=False, slow=False)
    assert (window.calls, window.failures, window.slow) == (1, 0, 0)


@given(length=st.integers(1, 25), waits=st.lists(st.integers(0, 9), max_size=40))
def test_a_slot_is_the_stretch_of_all_instants_that_have_its_number(length, waits) -> None:
    window, now, numbers = Window(Duration(length)), 0, []
    for wait in waits:
        now += wait
        window.add(Instant(now), failed=False, slow=False)
        numbers.append(now * SLOTS // length)
        assert window._slots[-1].number == numbers[-1]
        assert window.calls == sum(numbers[-1] - SLOTS < number for number in numbers)
