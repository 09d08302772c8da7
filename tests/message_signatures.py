"""A service's half of HTTP message signatures, written from RFC 9421 and from nothing of ours."""

import base64
import hmac
import re

PARTS = re.compile(
    rb'signature-input: gateway=(\(([^)]*)\);created=([0-9]+);keyid="([^"]*)";alg="hmac-sha256")'
)


def verify(head: bytes, secret: bytes) -> list[str]:
    """Return the names that the signature covers; AssertionError where it does not hold."""
    lines = head.split(b"\r\n")
    method, target, _ = lines[0].split(b" ")
    fields = dict(line.split(b": ", 1) for line in lines[1:])
    found = PARTS.search(head)
    assert found is not None, head
    names = [name.strip(b'"') for name in found[2].split(b" ")]
    derived = {
        b"@method": method,
        b"@authority": fields[b"host" if b"host" in fields else b"Host"],
        b"@request-target": target,
    }
    base = [b'"%b": %b' % (name, derived.get(name) or fields[name]) for name in names]
    base.append(b'"@signature-params": ' + found[1])
    expected = hmac.digest(secret, b"\n".join(base), "sha256")
    told = fields[b"signature"].removeprefix(b"gateway=:").removesuffix(b":")
    assert base64.b64decode(told) == expected
    return [name.decode() for name in names]
