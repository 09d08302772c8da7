"""Who asks: the peer, or whom a trusted proxy names."""

from collections.abc import Iterator

from .case import Case
from .contract import Fact

_TRUSTED = ("gateway", "trusted_proxies")


def client(case: Case) -> Iterator[Fact]:
    """Tell the client's address, and why it is that one."""
    who, peer = case.client, case.head.peer
    if who.believed is None:
        yield Fact(f"{who.address}: the peer, which is no trusted proxy", _TRUSTED)
    elif who.address == peer:
        yield Fact(f"{peer}: a trusted proxy, which names nobody else", _TRUSTED)
    else:
        via = " <- ".join(who.hops)
        yield Fact(f"{who.address}: named by trusted proxies ({via})", _TRUSTED)
    yield Fact(f"over {who.scheme}")
