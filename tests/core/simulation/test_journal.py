"""What was told and commanded, kept and told again."""

from gateway_core.clock import Instant
from gateway_core.exchange import ClientLeft, Exchange, RequestArrived
from gateway_core.simulation import Entry, Journal, replay
from tests.exchanges import POLICIES, get


def test_a_journal_keeps_each_machine_s_entries_in_order() -> None:
    journal = Journal()
    for name in "aba":
        journal.note(Entry(Instant(1), name, "event", ("command",)))
    assert len(journal.of("a")) == 2
    assert str(journal).splitlines()[1] == "1 b: 'event' -> 'command'"


def test_a_replay_commands_the_same_again() -> None:
    told = [(Instant(0), RequestArrived(get(), "id")), (Instant(5), ClientLeft())]
    first = replay(told, Exchange(POLICIES))
    assert replay(told, Exchange(POLICIES)) == first
    assert [len(commands) for commands in first] == [1, 0]
