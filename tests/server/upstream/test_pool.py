"""Which connection serves next, how long one rests, and that none is left open."""

import pytest
import trio

from gateway_core.clock import seconds
from gateway_core.upstream import Endpoint
from gateway_server.upstream.connection import Connection
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.pool import Pool
from gateway_server.upstream.slots import Slots
from tests.server.upstream.memory import MemoryPeer, MemoryWire, Net

ENDPOINT = Endpoint("http", "memory", 80)


async def idle(peer: MemoryPeer) -> None:
    pass


@pytest.fixture
async def net(nursery: trio.Nursery) -> Net:
    return Net(nursery, idle)


@pytest.fixture
def pool(net: Net) -> Pool:
    return Pool(ENDPOINT, net.dial, Slots(9, 9))


async def rested(pool: Pool, count: int, lifetime: float = 4.0) -> list[Connection]:
    connections = [await pool.dial() for _ in range(count)]
    for connection in connections:
        pool.give_back(connection, seconds(lifetime))
    return connections


def wire_of(connection: Connection) -> MemoryWire:
    assert isinstance(connection.wire, MemoryWire)
    return connection.wire


async def test_the_last_to_rest_is_the_first_to_work(autojump_clock, pool: Pool) -> None:
    connections = await rested(pool, 3)
    assert [pool.take() for _ in range(4)] == [*reversed(connections), None]


async def test_a_connection_is_new_until_it_has_rested(autojump_clock, pool: Pool) -> None:
    connection = await pool.dial()
    assert not connection.reused
    pool.give_back(connection, seconds(1))
    assert connection.reused


async def test_who_has_rested_too_long_is_closed(autojump_clock, net: Net, pool: Pool) -> None:
    await rested(pool, 2)
    await trio.sleep(3.9)
    assert pool.take() is not None
    await trio.sleep(0.2)
    assert pool.take() is None
    assert (pool.at_rest, net.open) == (0, 1)


async def test_who_may_not_rest_is_closed_at_once(autojump_clock, net: Net, pool: Pool) -> None:
    await rested(pool, 1, lifetime=0)
    assert (pool.at_rest, net.open) == (0, 0)


@pytest.mark.parametrize("event", ["end", "reset", "speak"])
async def test_who_did_not_keep_silent_is_closed(
    autojump_clock, net: Net, pool: Pool, event: str
) -> None:
    good, bad = await rested(pool, 2)
    if event == "speak":
        wire_of(bad).incoming.put(b"HTTP/1.1 408 Late\r\n\r\n")
    else:
        MemoryPeer(wire_of(bad)).end() if event == "end" else MemoryPeer(wire_of(bad)).reset()
    assert pool.take() is good
    assert net.open == 1


async def test_what_may_be_sent_again_believes_the_poller_which_tells_a_turn_later(
    autojump_clock, net: Net, pool: Pool
) -> None:
    good, bad = await rested(pool, 2)
    MemoryPeer(wire_of(bad)).end()
    assert pool.take(surely=False) is bad, "nobody has told, and nobody was asked"
    pool.give_back(bad, seconds(4))
    wire_of(bad).incoming.stirred = True
    assert pool.take(surely=False) is good
    assert net.open == 1


async def test_an_edge_that_told_nothing_new_costs_a_look_and_no_connection(
    autojump_clock, net: Net, pool: Pool
) -> None:
    (connection,) = await rested(pool, 1)
    wire_of(connection).incoming.stirred = True
    assert pool.take(surely=False) is connection
    assert net.open == 1


async def test_a_sweep_closes_the_old_and_the_dead_and_keeps_the_order(
    autojump_clock, net: Net, pool: Pool
) -> None:
    await rested(pool, 1, lifetime=1)
    first, dead, last = await rested(pool, 3)
    MemoryPeer(wire_of(dead)).end()
    await trio.sleep(2)
    pool.sweep()
    assert (pool.at_rest, net.open) == (2, 2)
    assert [pool.take(), pool.take()] == [last, first]


async def test_a_closed_pool_lets_nobody_rest(autojump_clock, net: Net, pool: Pool) -> None:
    await rested(pool, 2)
    at_work = await pool.dial()
    pool.close()
    assert net.open == 1
    pool.give_back(at_work, seconds(4))
    assert (pool.at_rest, net.open) == (0, 0)


@pytest.mark.parametrize("event", ["end", "reset", "speak"])
async def test_a_new_connection_keeps_silent_too(autojump_clock, pool: Pool, event: str) -> None:
    connection = await pool.dial()
    connection.check_silence()
    if event == "speak":
        wire_of(connection).incoming.put(b"220 mail ready\r\n")
    else:
        peer = MemoryPeer(wire_of(connection))
        peer.end() if event == "end" else peer.reset()
    with pytest.raises(CallFailedError) as failure:
        connection.check_silence()
    assert failure.value.kind.name == ("PROTOCOL" if event == "speak" else "RESET")
