"""One GET of ours, over our own pool: what issuers and authorities are asked by.

httpx's client is left out: it would decode, follow, keep cookies, and read bodies by
generators that have to be closed one by one.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx

TIMEOUT_SECONDS: Final = 5.0
"""For each step; whoever asks bounds the whole."""

_TIMEOUTS: Final = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)


@asynccontextmanager
async def asked(
    transport: httpx.AsyncBaseTransport, url: str, fields: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncGenerator[httpx.Response]:
    """Yield the answer to a GET, its body unread. Raises httpx.HTTPError."""
    request = httpx.Request("GET", url, headers=list(fields), extensions={"timeout": _TIMEOUTS})
    answer = await transport.handle_async_request(request)
    try:
        yield answer
    finally:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        await answer.stream.aclose()


async def read_at_most(answer: httpx.Response, size: int) -> bytes:
    """Return the body, or as much of it as is more than `size` bytes. Raises httpx.HTTPError."""
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    pieces, length = list[bytes](), 0
    async for piece in answer.stream:
        pieces.append(piece)
        length += len(piece)
        if length > size:
            break
    return b"".join(pieces)
