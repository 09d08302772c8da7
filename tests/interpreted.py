"""What only the sources have, and their compiled form has not: see `compiling`."""

import pytest

from gateway_core.exchange import exchange

COMPILED = not str(exchange.__file__).endswith(".py")

interpreted = pytest.mark.skipif(COMPILED, reason="asks for what only the sources have")
