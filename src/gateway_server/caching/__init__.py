"""The bodies of stored answers, and those who wait for one: what the core's cache decides about."""

from .shelf import NO_SHELF, Shelf
from .talk import StoredTalk

__all__ = ["NO_SHELF", "Shelf", "StoredTalk"]
