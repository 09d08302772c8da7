"""Codings: what is encoded can be decoded, also half-way after a flush."""

import importlib.util
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.compressing import CODINGS
from gateway_server.encoding.encoders import encode, encoder, is_available


class Decoder:
    """Decodes piece by piece, by the reference implementations."""

    def __init__(self, coding: str) -> None:
        if coding == "gzip":
            self.feed = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress
        elif coding == "br":
            self.feed = brotli.Decompressor().process
        else:
            self.feed = zstandard.ZstdDecompressor().decompressobj().decompress


@pytest.mark.parametrize("coding", CODINGS)
@given(pieces=st.lists(st.binary(min_size=1, max_size=2000), max_size=6))
def test_whatever_is_encoded_is_decoded_again(coding: str, pieces: list[bytes]) -> None:
    made, decoder = encoder(coding), Decoder(coding)
    found = b"".join(decoder.feed(made.feed(piece)) for piece in pieces)
    found += decoder.feed(made.finish())
    assert found == b"".join(pieces)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_was_fed_can_be_read_once_it_is_flushed(coding: str) -> None:
    made, decoder = encoder(coding), Decoder(coding)
    for piece in (b"one ", b"two ", b"three "):
        out = made.feed(piece) + made.flush()
        assert decoder.feed(out) == piece


@pytest.mark.parametrize("coding", CODINGS)
def test_a_whole_body_is_much_smaller(coding: str) -> None:
    body = b'{"name": "a thing", "number": 12345},' * 1000
    encoded = encode(coding, body)
    assert len(encoded) < len(body) / 20
    assert Decoder(coding).feed(encoded) == body


def test_a_coding_is_available_where_its_package_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(map(is_available, CODINGS))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert [coding for coding in CODINGS if is_available(coding)] == ["gzip"]
