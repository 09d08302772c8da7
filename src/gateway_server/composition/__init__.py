"""One answer out of many, performed: what `gateway_core.composition` decides."""

from .composer import Composer, Compositor, nobody_composes
from .part_client import PartClient

__all__ = ["Composer", "Compositor", "PartClient", "nobody_composes"]
