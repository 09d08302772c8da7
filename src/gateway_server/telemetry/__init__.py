"""What the gateway tells of itself."""

from .access import AccessLog
from .logs import configure_logs

__all__ = ["AccessLog", "configure_logs"]
