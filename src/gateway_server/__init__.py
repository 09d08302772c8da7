"""The gateway as a server: `hypercorn gateway_server:app --worker-class trio`.

Importing this puts our connections where Hypercorn looks its own up (see `front`);
settings are read when a server starts the application, not here.
"""

from .app import Gateway
from .front import install

install()

app = Gateway()

__all__ = ["Gateway", "app"]
