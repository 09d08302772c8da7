"""From settings to all that knows who may call: doors, inquiries, badges, the sign-in.

gatekeeper.doors       what routes ask: for the core's policies
gatekeeper.inquirer    performs what the core asks about callers
gatekeeper.badge(name) what an upstream is shown
gatekeeper.sign_in     the pages of `kind = "password"`, if there is one
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.requests import Request

from gateway_core.clock import SECOND, Duration
from gateway_core.errors import ConfigError
from gateway_core.exchange import Door, Policies
from gateway_core.forwarding import ForwardingRules, find_client
from gateway_core.identifying import Caller, Guard, KeyRefresh, Scheme, Tokens, key_refresh
from gateway_core.message import RequestHead

from .downstream import request_head
from .identity.authority import AuthorityClient, Question
from .identity.contract import NOBODY_ASKS, Inquirer
from .identity.inquiries import Inquiries
from .identity.issuers import FixedKeys, Issuer, Keys
from .identity.passwords import User, Users
from .identity.presenting import Badge, CallerTokens
from .identity.sign_in import Access, SignIn, TokenMaker
from .identity.signatures import Key, from_pem, shared
from .identity.signing import Signer
from .settings import Settings
from .settings.identity import build_doors, build_schemes, own_rules, signing_secret
from .settings.schema import AuthSettings, UpstreamSettings
from .supervision import Supervisor
from .upstream.as_httpx import PooledTransport
from .upstream.tls import TlsSettings

PEM_BYTES_MAX: Final = 64 * 1024


class Gatekeeper:
    """All of it. ConfigError, with the key's path, for what cannot be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.schemes: Mapping[str, Scheme] = build_schemes(settings)
        self.doors: Mapping[str, Door] = build_doors(settings, self.schemes)
        self._transports: list[PooledTransport] = []
        self._issuers: dict[str, Issuer] = {}
        self.inquirer: Inquirer = self._inquirer() if settings.auth else NOBODY_ASKS

    def badge(self, name: str) -> Badge | None:
        """Return what the upstream `name` is shown; None for nothing."""
        badge = _badge(name, self._settings.upstreams[name])
        return None if badge == Badge() else badge

    def start_tasks(self, supervisor: Supervisor) -> None:
        """Keep the keys of issuers fresh."""
        for name, issuer in self._issuers.items():
            supervisor.start(f"keys of {name}", issuer.run)

    async def aclose(self) -> None:
        """Close the connections to issuers and authorities."""
        for transport in self._transports:
            await transport.aclose()

    def sign_in(self, policies: Policies) -> SignIn | None:
        """Return the pages where users sign in, if any do."""
        for name, wanted in self._settings.auth.items():
            scheme = self.schemes[name]
            if wanted.kind == "password" and isinstance(scheme, Tokens) and wanted.secret:
                rules = own_rules(wanted)
                maker = TokenMaker(
                    signing_secret(wanted.secret),
                    rules.issuer,
                    min(rules.audiences),
                    wanted.lifetime // SECOND,
                )
                access = Access(Guard((scheme,)), self.inquirer, policies.failures)
                address = _Address(policies.forwarding)
                return SignIn(_users(wanted), maker, access, _head, address)
        return None

    def _inquirer(self) -> Inquirer:
        keys: dict[str, Keys] = {}
        authorities: dict[str, AuthorityClient] = {}
        for name, wanted in self._settings.auth.items():
            scheme = self.schemes[name]
            if isinstance(scheme, Tokens):
                keys[name] = self._keys(name, scheme, wanted)
            elif wanted.kind == "forward":
                authorities[name] = self._authority(wanted)
        return Inquiries(keys, authorities)

    def _keys(self, name: str, scheme: Tokens, wanted: AuthSettings) -> Keys:
        if wanted.secret is not None:
            return FixedKeys(shared(signing_secret(wanted.secret), scheme.rules.algorithms))
        if wanted.public_key is not None:
            path = f"auth.{name}.public_key"
            return FixedKeys(_public_keys(path, wanted.public_key, scheme))
        assert wanted.jwks is not None
        refresh = KeyRefresh(key_refresh(Duration(wanted.refresh)), scheme.verified)
        tls = TlsSettings(ca=wanted.jwks_ca or "")
        issuer = Issuer(wanted.jwks, self._transport(f"auth.{name}.jwks_ca", tls), refresh)
        self._issuers[name] = issuer
        return issuer

    def _authority(self, wanted: AuthSettings) -> AuthorityClient:
        assert wanted.url is not None
        question = Question(
            wanted.url,
            frozenset(name.lower().encode() for name in wanted.headers),
            wanted.name_header,
            wanted.scopes_header,
            wanted.timeout / SECOND,
        )
        return AuthorityClient(question, self._transport("", TlsSettings()))

    def _transport(self, path: str, tls: TlsSettings) -> PooledTransport:
        try:
            tls.context()
        except OSError as error:
            raise ConfigError(path, f"cannot be read: {error.strerror}") from None
        transport = PooledTransport(tls)
        self._transports.append(transport)
        return transport


def _head(request: Request) -> RequestHead:
    return request_head(request.scope)


class _Address:
    """Tells a client's address, as trusted proxies say."""

    def __init__(self, rules: ForwardingRules) -> None:
        self._rules = rules

    def __call__(self, head: RequestHead) -> str:
        return find_client(head, self._rules).address


def _public_keys(path: str, file: str, scheme: Tokens) -> Mapping[str, Key]:
    try:
        with Path(file).open("rb") as opened:
            pem = opened.read(PEM_BYTES_MAX)
        return from_pem(pem, scheme.rules.algorithms)
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(path, error.problem) from None


def _users(wanted: AuthSettings) -> Users:
    return Users(
        {
            user.name: User(Caller(user.name, frozenset(user.scopes)), user.password.reveal())
            for user in wanted.users
        }
    )


def _badge(name: str, wanted: UpstreamSettings) -> Badge:
    secret: tuple[bytes, bytes] | None = None
    if wanted.secret is not None:
        told = wanted.secret.value.reveal().split()[0]
        secret = wanted.secret.header.lower().encode(), told.encode()
    signer = tokens = None
    if (signature := wanted.signature) is not None:
        signer = Signer(signature.key_id, signing_secret(signature.secret), signature.body_max)
    if (token := wanted.caller_token) is not None:
        tokens = CallerTokens(
            signing_secret(token.secret),
            token.header.lower().encode(),
            token.issuer,
            token.audience or name,
            token.lifetime // SECOND,
        )
    return Badge(secret, signer, tokens)
