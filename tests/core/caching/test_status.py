"""What an answer tells of what the cache did: RFC 9211."""

import pytest

from gateway_core.caching.status import (
    CacheNote,
    Forwarded,
    Verdict,
    cache_status,
    hit_fields,
    note_fields,
)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        pytest.param(CacheNote(Verdict.HIT, ttl=17), b"gateway; hit; ttl=17", id="2.1 and 2.4"),
        pytest.param(CacheNote(Verdict.STALE, ttl=-3), b"gateway; hit; ttl=-3", id="2.4 stale"),
        pytest.param(
            CacheNote(Verdict.MISS, Forwarded.URI_MISS, stored=True),
            b"gateway; fwd=uri-miss; stored",
            id="2.2 and 2.5",
        ),
        pytest.param(
            CacheNote(Verdict.REVALIDATED, Forwarded.STALE, upstream_status=304, ttl=9),
            b"gateway; fwd=stale; fwd-status=304; ttl=9",
            id="2.3",
        ),
        pytest.param(
            CacheNote(Verdict.HIT, Forwarded.URI_MISS, collapsed=True),
            b"gateway; fwd=uri-miss; collapsed",
            id="2.6",
        ),
        pytest.param(
            CacheNote(Verdict.BYPASS, Forwarded.BYPASS, "request-body"),
            b"gateway; fwd=bypass; detail=request-body",
            id="2.8",
        ),
    ],
)
def test_a_member_of_cache_status(note: CacheNote, said: bytes) -> None:
    assert cache_status(note) == said
    assert note_fields(note) == ((b"cache-status", said), (b"x-cache", note.verdict.value))


def test_a_hit_says_so_at_once() -> None:
    assert hit_fields(17) == note_fields(CacheNote(Verdict.HIT, ttl=17))


def test_the_reason_in_a_log() -> None:
    assert CacheNote(Verdict.HIT).reason == ""
    assert CacheNote(Verdict.MISS, Forwarded.VARY_MISS).reason == "vary-miss"
    assert CacheNote(Verdict.MISS, Forwarded.URI_MISS, "private").reason == "private"
