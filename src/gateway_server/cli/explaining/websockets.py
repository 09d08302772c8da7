"""What a WebSocket meets on the route: at its handshake, while it is open, and in the end."""

from collections.abc import Iterator

from gateway_core.exchange.upgrading import PROTOCOL, upgrade_refusal
from gateway_core.message import members, value

from ...settings.limits import build_limit, limits_of
from ...settings.places import KeyPath
from ...settings.schema import WebSocketSettings
from ...settings.schema.values import spell_duration, spell_size
from .case import Case
from .contract import Fact


def websockets(case: Case) -> Iterator[Fact]:
    """Tell what a handshake meets; nothing where none is asked about and the route names none.

    The Origin of a request and the subprotocols that it offers are not shown: pages put tokens
    there.
    """
    if case.match is None or not (case.is_handshake or "websocket" in case.wanted.model_fields_set):
        return
    path: KeyPath = ("routes", case.place, "websocket")
    if case.wanted.compose is not None:
        yield Fact("refused, 403: a composed answer is no WebSocket's", (*path[:2], "compose"))
        return
    wanted = case.wanted.websocket
    if wanted is False:
        yield Fact("refused, 403", path)
        return
    yield from _handshake(case, wanted, path)
    yield from _limits(case)
    yield from _open(case, wanted, path)
    yield from _end(case, wanted, path)


def _handshake(case: Case, wanted: WebSocketSettings, path: KeyPath) -> Iterator[Fact]:
    pages = ", ".join(wanted.origins)
    origins = f"for pages of {pages}, 403 to others" if pages else "for pages of every origin"
    yield Fact(f"opened {origins}", (*path, "origins"))
    if value(case.head.fields, b"origin") is None:
        yield Fact("no Origin is here: no browser's page", depth=1)
    elif case.match is not None:
        refusal = upgrade_refusal(case.head, case.match.route)
        may = "may" if refusal is None else f"may not: {refusal.status} {refusal.reason}"
        yield Fact(f"the Origin that is here {may}", depth=1)
    if case.head.method != "GET":
        yield Fact(f"by GET alone, 400 to {case.head.method}")
    offered = len(list(members(case.head.fields, PROTOCOL)))
    yield Fact(f"subprotocol: as the upstream chooses of the {offered} that are offered")


def _limits(case: Case) -> Iterator[Fact]:
    for name in limits_of(case.wanted, case.settings.gateway.limits):
        limit = case.settings.limits[name]
        shadow = ", as a shadow" if limit.shadow else ""
        if limit.concurrent is None:
            yield Fact(f"{name} counts it once, at its handshake{shadow}", ("limits", name, "rate"))
        else:
            allows = build_limit(name, limit).allows.replace("request", "socket")
            text = f"{name} bounds open sockets: {allows}, each until its end{shadow}"
            yield Fact(text, ("limits", name, "concurrent"))


def _open(case: Case, wanted: WebSocketSettings, path: KeyPath) -> Iterator[Fact]:
    by = "frame by frame, but over HTTP/2 message by message"
    if case.settings.gateway.protocol == "stock":
        by = "message by message"
    yield Fact(f"relayed {by}", ("gateway", "protocol"))
    most = f"messages of at most {spell_size(wanted.max_message)}, 1009 beyond"
    yield Fact(most, (*path, "max_message"))
    if (rate := wanted.messages) is None:
        yield Fact("of the client, as many as it sends", (*path, "messages"))
    else:
        in_time = f"{rate.quota} messages and pings in {spell_duration(rate.window)}"
        yield Fact(f"of the client, {in_time}", (*path, "messages"))
        beyond = "sent away with 1008" if wanted.too_fast == "close" else "read no faster"
        yield Fact(f"beyond, it is {beyond}", (*path, "too_fast"), 1)
    taking = f"{spell_duration(case.settings.gateway.write_timeout)} for a client to take a piece"
    yield Fact(f"{taking}, then it is lost", ("gateway", "write_timeout"))


def _end(case: Case, wanted: WebSocketSettings, path: KeyPath) -> Iterator[Fact]:
    idle, ping = spell_duration(wanted.idle_timeout), spell_duration(wanted.ping_interval)
    yield Fact(f"{idle} without a frame either way, then 1001", (*path, "idle_timeout"))
    yield Fact(
        f"{ping} of silence, then a ping; as long again, then lost", (*path, "ping_interval")
    )
    close = spell_duration(wanted.close_timeout)
    yield Fact(f"{close} from the first Close to the end of both", (*path, "close_timeout"))
    least, most = spell_duration(wanted.grace), spell_duration(2 * wanted.grace)
    yield Fact(f"after SIGTERM it goes on for {least} to {most}, then 1001", (*path, "grace"))
    drain = spell_duration(case.settings.gateway.drain_timeout)
    yield Fact(f"and is cut after {drain} at the latest", ("gateway", "drain_timeout"), 1)
