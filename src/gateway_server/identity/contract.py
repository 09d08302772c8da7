"""Who answers what the core asks about callers."""

from typing import Final, Protocol

from gateway_core.exchange import AskAuthority, IdentityTold, VerifyToken


class Inquirer(Protocol):
    """Performs the two commands of the exchange that are about callers."""

    async def ask(self, command: VerifyToken | AskAuthority) -> IdentityTold:
        """Find out. Raises nothing but cancellation: whatever fails is IdentityUnavailable."""
        ...


class NobodyAsks:
    """Where no route asks who its callers are."""

    async def ask(self, command: VerifyToken | AskAuthority) -> IdentityTold:
        raise AssertionError(f"no scheme is configured, and one was asked: {command.scheme}")


NOBODY_ASKS: Final = NobodyAsks()
