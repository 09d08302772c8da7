"""Example backends for the gateway: real little applications, one a file.

    python -m services.service_a                                  alone, on its port
    hypercorn services.service_a:app --worker-class trio          the same, on port 8000
    gateway demo                                                  all of them, and the gateway

Every module of `NAMES` has an `app` (ASGI) and the `PORT` that the
demonstration configuration expects it on.
"""

from typing import Final

NAMES: Final = ("service_a", "service_b", "products", "prices", "users", "orders", "uploads")
