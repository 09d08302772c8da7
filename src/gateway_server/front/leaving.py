"""A client that leaves."""


class ClientLeftError(OSError):
    """The client has gone, or was sent away: there is nobody to read from or write to."""
