"""What the gateway tells of itself."""

from .access import AccessLog

__all__ = ["AccessLog"]
