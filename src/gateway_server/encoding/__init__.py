"""Bodies in content codings, performed: what `gateway_core.compressing` decides."""
