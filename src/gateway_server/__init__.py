"""The gateway server."""
