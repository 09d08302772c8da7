"""Verification comes first: a subject that answers wrongly is reported broken, not timed.

`look` is short and comes before and after every measurement. `prove` comes once a run: it
compares 100 MB byte by byte both ways, and finds out by asking the upstream which of the
features the subject has switched on, since a configuration only claims it.
"""

import http.client
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .loopback import TIMEOUT_SECONDS, ask
from .scenarios import CACHED_PATH, LIMITED_PATH
from .upstream import Upstream
from .upstream.light import blob_pieces

LOG_SECONDS = 3.0
"""How long an access log may keep its lines to itself."""
FAILURES = (OSError, http.client.HTTPException, ValueError, KeyError)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found out about a subject."""

    broken: str = ""
    """What it does wrong, in words; empty: nothing."""
    request_id: bool = False
    forwarded_for: bool = False
    keeps_connections: bool = False
    access_log: bool = False


def look(port: int, hello: str, upstream: Upstream) -> str:
    """Return what is wrong with the short answers, or nothing."""
    try:
        refused = ask(port, hello)
        if refused.status != 404:
            return f"{hello}: status {refused.status} instead of 404"
        small = ask(port, "/api/item.json")
    except FAILURES as error:
        return f"{type(error).__name__}: {error}"
    if small.status != 200:
        return f"/api/item.json: status {small.status}"
    if small.body != upstream.small_body:
        return "/api/item.json: not the upstream's body"
    return ""


def look_refused(port: int) -> str:
    """Use the budget of `/limited/` up, and return what is wrong with the refusal, or nothing."""
    try:
        ask(port, LIMITED_PATH)
        refused = ask(port, LIMITED_PATH)
    except FAILURES as error:
        return f"{type(error).__name__}: {error}"
    return "" if refused.status == 429 else f"{LIMITED_PATH}: status {refused.status}, not 429"


def look_composed(port: int, upstream: Upstream) -> str:
    """Return what is wrong with the answer that is made of two parts, or nothing."""
    try:
        answer = ask(port, "/composed")
        said = json.loads(answer.body)
    except FAILURES as error:
        return f"{type(error).__name__}: {error}"
    item = json.loads(upstream.small_body)
    right = answer.status == 200 and said == {"first": item, "second": item}
    return "" if right else f"/composed: status {answer.status}, or not both parts"


def look_cached(port: int, upstream: Upstream) -> str:
    """Ask for `/cached/` twice, and return what is wrong with the second answer, or nothing."""
    try:
        ask(port, CACHED_PATH)
        again = ask(port, CACHED_PATH)
    except FAILURES as error:
        return f"{type(error).__name__}: {error}"
    if again.status != 200 or again.body != upstream.small_body:
        return f"{CACHED_PATH}: not the upstream's answer"
    found = {name.lower(): told for name, told in again.fields}.get("x-cache")
    return "" if found == "HIT" else f"{CACHED_PATH}: X-Cache is {found!r}, not 'HIT'"


def prove(port: int, hello: str, log: Path, upstream: Upstream) -> Proof:
    """Return what the subject does, in full."""
    broken = look(port, hello, upstream)
    if broken:
        return Proof(broken)
    try:
        echoes = _echoes(port)
        broken = _download(port, upstream.blob_bytes) or _upload(port, upstream.blob_bytes)
    except FAILURES as error:
        return Proof(f"{type(error).__name__}: {error}")
    fields = {name.lower() for name, _value in echoes[0]["fields"]}
    return Proof(
        broken,
        request_id="x-request-id" in fields,
        forwarded_for=bool(fields & {"x-forwarded-for", "forwarded"}),
        keeps_connections=any(echo["request"] > 1 for echo in echoes),
        access_log=_logged(log),
    )


def _echoes(port: int) -> list[dict]:
    """Ask thrice, on one connection, what arrives at the upstream."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        found = []
        for _ in range(3):
            connection.request("GET", "/files/echo")
            found.append(json.loads(connection.getresponse().read()))
        return found
    finally:
        connection.close()


def _download(port: int, size: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/files/blob")
        response = connection.getresponse()
        if response.status != 200:
            return f"/files/blob: status {response.status}"
        for place, piece in enumerate(blob_pieces(size)):
            if response.read(len(piece)) != piece:
                return f"/files/blob: differs in its MiB {place}"
        return "/files/blob: more than the upstream sent" if response.read(1) else ""
    finally:
        connection.close()


def _upload(port: int, size: int) -> str:
    expected = 0
    for piece in blob_pieces(size):
        expected = zlib.crc32(piece, expected)
    answer = ask(port, "/files/checked", "POST", _body(size), {"Content-Length": str(size)})
    if answer.status != 200:
        return f"/files/checked: status {answer.status}"
    seen = json.loads(answer.body)
    wrong = seen != {"bytes": size, "crc32": expected}
    return f"/files/checked: the upstream got {seen['bytes']} bytes, not as sent" if wrong else ""


def _body(size: int) -> Iterator[bytes]:
    return blob_pieces(size)


def _logged(log: Path) -> bool:
    end = time.monotonic() + LOG_SECONDS
    while time.monotonic() < end:
        if log.exists() and b"/files/" in log.read_bytes():
            return True
        time.sleep(0.1)
    return False
