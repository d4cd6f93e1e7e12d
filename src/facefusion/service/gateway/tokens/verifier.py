"""Whether a token holds (RFC 7519, with the advice of RFC 8725), and who comes with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import jwt
from jwt import exceptions

from facefusion.errors import AuthenticationError
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.tokens.claims import ClaimRules
from facefusion.service.gateway.tokens.keyset import ALGORITHMS
from facefusion.service.gateway.tokens.sources import KeySource

_LONGEST: Final = 8192
_LONGEST_ID: Final = 200
# Each would have us take a key, or rules, that the token itself brings along.
_FORBIDDEN: Final = ("jku", "jwk", "x5u", "x5c", "crit", "zip", "b64")
_TYPES: Final = ("jwt", "at+jwt", "application/at+jwt")
_NEEDED: Final = ("exp", "iat", "iss", "aud")
_REASONS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    exceptions.ExpiredSignatureError: ("token-expired", "The token has expired"),
    exceptions.ImmatureSignatureError: ("token-not-yet", "The token does not hold yet"),
    exceptions.InvalidAudienceError: ("token-audience", "The token is made for somebody else"),
    exceptions.InvalidIssuerError: ("token-issuer", "The token is from an issuer that is not trusted here"),
    exceptions.MissingRequiredClaimError: ("token-claims", "The token lacks a claim that it needs"),
    exceptions.InvalidSignatureError: ("token-signature", "The signature of the token does not hold"),
}


class TokenVerifier:
    """Lets in whoever comes with a token of one issuer.

    Args:
        issuer: as tokens name it.
        audience: that they must be made for.
        source: finds the issuer's keys.
        rules: what claims say.
        leeway: seconds by which clocks may differ.
        max_age: seconds after which a token is too old, whatever it says.
        clock: tells seconds since 1970.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        source: KeySource,
        rules: ClaimRules,
        leeway: float = 30,
        max_age: float = 86_400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer, self._audience, self._source, self._rules = issuer, audience, source, rules
        self._leeway, self._max_age, self._clock = leeway, max_age, clock

    async def caller(self, token: str) -> Caller:
        """Return who comes with a token.

        Raises:
            AuthenticationError: it does not hold.
            NotAllowedError: it holds, but names no tenant.
            AccessUnavailableError: the issuer's keys cannot be fetched.
        """
        key_id, algorithm = _header(token)
        key = await self._source.key(key_id, algorithm)
        if key is None:
            _refuse("token-key", "The token is signed with a key that the issuer does not have")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],  # what the key is for, not what the token says
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": list(_NEEDED), "verify_sub": False, "verify_jti": False},
            )
        except (exceptions.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            _refuse(*_REASONS.get(type(error), ("token-malformed", "The token is damaged")))
        issued = claims["iat"]
        if not isinstance(issued, int | float) or self._clock() - issued > self._max_age + self._leeway:
            _refuse("token-too-old", "The token was issued too long ago")
        return self._rules.caller(claims)

    async def close(self) -> None:
        """Close what is open."""
        await self._source.close()


def _header(token: str) -> tuple[str | None, str]:
    """Return which key a token names, and the algorithm, if they may be looked at at all."""
    if len(token) > _LONGEST or token.count(".") != 2:
        _refuse("token-malformed", "This is no token")
    try:
        header = jwt.get_unverified_header(token)
    except (exceptions.PyJWTError, ValueError, RecursionError):
        _refuse("token-malformed", "The token is damaged")
    if any(name in header for name in _FORBIDDEN):
        _refuse("token-header", "The token brings along what only the issuer may say")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in ALGORITHMS:
        _refuse("token-algorithm", "The token is signed in a way that is not taken")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        _refuse("token-type", "The token is of a type that is not taken")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > _LONGEST_ID):
        _refuse("token-malformed", "The token is damaged")
    return key_id, str(algorithm)


def _refuse(reason: str, what: str) -> NoReturn:
    raise AuthenticationError(what, "Get a new one from the identity provider", reason=reason, is_given=True) from None
