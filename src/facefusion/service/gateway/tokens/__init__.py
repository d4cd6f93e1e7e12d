"""Tokens of an identity provider: signed JSON web tokens, as OpenID Connect has them."""

from facefusion.service.gateway.tokens.claims import ClaimRules
from facefusion.service.gateway.tokens.keyset import KeySet, VerifyingKey, read_keys
from facefusion.service.gateway.tokens.sources import FileKeys, KeySource, RemoteKeys
from facefusion.service.gateway.tokens.verifier import TokenVerifier

__all__ = [
    "ClaimRules",
    "FileKeys",
    "KeySet",
    "KeySource",
    "RemoteKeys",
    "TokenVerifier",
    "VerifyingKey",
    "read_keys",
]
