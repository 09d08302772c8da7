"""Performs the core's questions about callers, each by the scheme that it names."""

from collections.abc import Mapping

from gateway_core.exchange import (
    AskAuthority,
    IdentityTold,
    IdentityUnavailable,
    TokenRefused,
    TokenVerified,
    VerifyToken,
)

from .authority import AuthorityClient
from .issuers import Keys
from .signatures import holds


class Inquiries:
    """See `contract.Inquirer`."""

    def __init__(
        self, keys: Mapping[str, Keys], authorities: Mapping[str, AuthorityClient]
    ) -> None:
        """Both by the scheme's name."""
        self._keys = keys
        self._authorities = authorities

    async def ask(self, command: VerifyToken | AskAuthority) -> IdentityTold:
        """See `contract.Inquirer.ask`."""
        if isinstance(command, AskAuthority):
            return await self._authorities[command.scheme].ask(command)
        keys = self._keys[command.scheme]
        found = await keys.find(command.token)
        if any(holds(command.token, key) for key in found):
            return TokenVerified()
        if not keys.known:
            return IdentityUnavailable("issuer-unknown")
        return TokenRefused("token-signature" if found else "token-key-unknown")
