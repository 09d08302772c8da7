"""Who asks, and whether it may: credentials judged without I/O, signatures left to others."""

from .api_keys import ApiKey, KeyRing, digest_of
from .caller import CONSUMER_ID, CONSUMER_SCOPES, IDENTITY_FIELDS, Caller
from .claims import ALGORITHMS, Claimed, TokenRules
from .guard import UNAVAILABLE, Guard, Identified, Proven, Rejected
from .key_sets import KEY_SET_BYTES_MAX, PublicKey, candidates, read_key_set
from .places import AUTHORIZATION, BEARER, Field, Parameter, Place
from .refreshing import KeyRefresh, PublicKeys, key_refresh
from .remembering import VerifiedTokens
from .schemes import ApiKeys, Authority, Scheme, Tokens, Unproven, Unvouched
from .tokens import Token, read_token

__all__ = [
    "ALGORITHMS",
    "AUTHORIZATION",
    "BEARER",
    "CONSUMER_ID",
    "CONSUMER_SCOPES",
    "IDENTITY_FIELDS",
    "KEY_SET_BYTES_MAX",
    "UNAVAILABLE",
    "ApiKey",
    "ApiKeys",
    "Authority",
    "Caller",
    "Claimed",
    "Field",
    "Guard",
    "Identified",
    "KeyRefresh",
    "KeyRing",
    "Parameter",
    "Place",
    "Proven",
    "PublicKey",
    "PublicKeys",
    "Rejected",
    "Scheme",
    "Token",
    "TokenRules",
    "Tokens",
    "Unproven",
    "Unvouched",
    "VerifiedTokens",
    "candidates",
    "digest_of",
    "key_refresh",
    "read_key_set",
    "read_token",
]
