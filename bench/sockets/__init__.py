"""Relayed WebSockets, measured against the gateway's peers: `python -m bench.sockets`."""
