"""What runs under Hypercorn: the gateway's own connections, in place of its stock ones.

    seam                    puts us where a Hypercorn worker looks its classes up
    lifespan  drain         one worker: its start, its signals, its orderly end
    connection              one client's connection: picks the protocol, bears every fault
    wire  reading_ahead     its socket: writes that end, bytes judged before they are parsed
    h1  h2  websocket       HTTP/1.x over h11, HTTP/2 over h2, WebSocket over wsproto
    calls  streams          one request: the application is called, whatever carries it

Decision and cost: docs/decisions/0003-hypercorn-seam.md.
"""

from .contract import Downstream, FrontSettings, Served
from .seam import demand_known_hypercorn, install

__all__ = ["Downstream", "FrontSettings", "Served", "demand_known_hypercorn", "install"]
