"""Calls: what is asked of the service, and how its answer is read. They are the same for both kinds of clients."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, ParamSpec, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from facefusion.errors import ServiceAnswerError

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
KEY_HEADER: Final = "Idempotency-Key"
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ask:
    """What one call asks, beyond its operation.

    Attributes:
        path: values for the names in the operation's path.
        query: parameters; those that are None are left out.
        json: of the body; no JSON when None.
        content: of the body, as bytes.
        headers: of the request.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One request, which may be sent several times until it is answered.

    Attributes:
        method: of HTTP.
        path: below the address of the service.
        query, json, content, headers: as of `Ask`.
        read: makes a value of the answer.
        is_repeatable: whether it may be sent again where nobody knows whether it arrived.
        is_slow: whether the service looks into files before it answers.
    """

    method: Method
    path: str
    query: Mapping[str, Any]
    json: Any
    content: bytes | None
    headers: Mapping[str, str]
    read: Callable[[httpx.Response], T_co]
    is_repeatable: bool
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Operation(Generic[P, T_co]):
    """An operation of the service, which makes calls.

    Attributes:
        method: of HTTP.
        path: with names in braces, as in the OpenAPI document.
        make: returns what a call asks.
        read: makes a value of the answer.
        has_key: whether it knows idempotency keys; each call gets one then.
        is_harmless: whether it does nothing further when it is sent again.
        is_slow: whether the service looks into files before it answers.
    """

    method: Method
    path: str
    make: Callable[P, Ask]
    read: Callable[[httpx.Response], T_co]
    has_key: bool
    is_harmless: bool
    is_slow: bool

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T_co]:
        """Return a call of the operation."""
        ask = self.make(*args, **kwargs)
        path = self.path.format(**{name: quote(value, safe="") for name, value in ask.path.items()})
        headers = dict(ask.headers)
        if self.has_key:
            headers.setdefault(KEY_HEADER, uuid.uuid4().hex)
        repeatable = self.method in _REPEATABLE or self.has_key or self.is_harmless
        query = {name: value for name, value in ask.query.items() if value is not None}
        return Call(self.method, path, query, ask.json, ask.content, headers, self.read, repeatable, self.is_slow)


def operation(
    method: Method,
    path: str,
    read: Callable[[httpx.Response], T],
    *,
    has_key: bool | None = None,
    is_harmless: bool = False,
    is_slow: bool = False,
) -> Callable[[Callable[P, Ask]], Operation[P, T]]:
    """Make an operation of a function that returns what a call asks.

    Args:
        method: of HTTP.
        path: with names in braces.
        read: makes a value of the answer.
        has_key: whether it knows idempotency keys; as all POST do when None.
        is_harmless: whether it does nothing further when it is sent again, without a key too.
        is_slow: whether the service looks into files before it answers.
    """
    known = method == "POST" if has_key is None else has_key
    return lambda make: Operation(method, path, make, read, known, is_harmless, is_slow)


def model(kind: type[Model]) -> Callable[[httpx.Response], Model]:
    """Return what reads an answer as a value of a kind.

    Raises:
        ServiceAnswerError: by the function that is returned, where the answer is none.
    """

    def read(response: httpx.Response) -> Model:
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise ServiceAnswerError(
                f"The service's answer is not understood: {error.errors()[0]['msg']}",
                "Use a client of the service's version",
                status=response.status_code,
            ) from error

    return read


def nothing(_response: httpx.Response) -> None:
    """Read an answer that says nothing."""


def content(response: httpx.Response) -> bytes:
    """Read an answer as bytes."""
    return response.content


def values(response: httpx.Response) -> dict[str, Any]:
    """Read an answer as JSON values.

    Raises:
        ServiceAnswerError: it is none.
    """
    try:
        found = response.json()
    except ValueError as error:
        raise ServiceAnswerError("The service's answer is not JSON", status=response.status_code) from error
    return found if isinstance(found, dict) else {"items": found}
