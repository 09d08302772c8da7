"""TLS towards upstreams: verified unless the operator says otherwise."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How one upstream's endpoints are trusted, and what we show them."""

    verify: bool = True
    ca: str = ""
    """Path of a PEM file that replaces the system's authorities."""
    certificate: str = ""
    """Path of our own certificate chain, for endpoints that ask for one."""
    key: str = ""
    server_name: str = ""
    """The name to ask for and verify; "" takes the endpoint's host."""

    def context(self) -> ssl.SSLContext:
        """Return a context for the client's side.

        Raises OSError where a file cannot be read, ssl.SSLError where it is no PEM.
        """
        context = ssl.create_default_context(cafile=self.ca or None)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None)
        return context
