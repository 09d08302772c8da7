"""HTTP message signatures over what a service is asked, by a secret shared with it.

    Content-Digest: sha-256=:...:                              where the body was held
    Signature-Input: gateway=("@method" "@authority" "@request-target" "x-consumer-id"
                     "content-digest");created=1700000000;keyid="k";alg="hmac-sha256"
    Signature: gateway=:...:

A service that demands all of these components refuses whatever was changed on the way, and
by `created` whatever is sent again later than it likes. What streams is not covered: its
digest would have to stand before it.

Source: RFC 9421, sections 2, 2.5, 3.1 and 3.3.3; RFC 9530, section 2.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from gateway_core.clock import UnixTime
from gateway_core.identifying import CONSUMER_ID, CONSUMER_SCOPES
from gateway_core.message import Fields, UpstreamRequest, value

LABEL: Final = b"gateway"
_COVERED: Final = (CONSUMER_ID, CONSUMER_SCOPES, b"content-digest")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests to one upstream."""

    key_id: str
    secret: bytes = field(repr=False)
    body_max: int
    """Bytes of a body that is held, so that it can be signed."""

    def covers(self, body: int) -> bool:
        """Whether a body of that length (UNKNOWN: negative) is signed."""
        return 0 < body <= self.body_max

    def signed(self, request: UpstreamRequest, body: bytes | None, created: UnixTime) -> Fields:
        """Return the fields to add; `body` is None where it is not covered."""
        digest: Fields = ()
        if body is not None:
            digest = ((b"content-digest", b"sha-256=:%b:" % b64encode(sha256(body).digest())),)
        fields = request.fields + digest
        lines = [
            (b'"@method"', request.method.encode("latin-1")),
            (b'"@authority"', request.authority.lower()),
            (b'"@request-target"', request.target),
        ]
        lines += [
            (b'"%b"' % name, told) for name in _COVERED if (told := value(fields, name)) is not None
        ]
        names = b" ".join(name for name, _ in lines)
        key_id = self.key_id.encode("ascii")
        parameters = b'(%b);created=%d;keyid="%b";alg="hmac-sha256"' % (names, created, key_id)
        lines.append((b'"@signature-params"', parameters))
        base = b"\n".join(b"%b: %b" % line for line in lines)
        signature = hmac.new(self.secret, base, sha256).digest()
        return (
            *digest,
            (b"signature-input", b"%b=%b" % (LABEL, parameters)),
            (b"signature", b"%b=:%b:" % (LABEL, b64encode(signature))),
        )
