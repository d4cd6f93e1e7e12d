"""How operations become methods: of clients that wait, and of clients that are awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from inspect import Signature, signature
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from facefusion.client.call import Call, Operation
from facefusion.client.flow import Flow
from facefusion.client.pages import Page

P = ParamSpec("P")
T = TypeVar("T")


class Doer(Protocol):
    """Sends calls and waits for their answers."""

    def do(self, call: Call[T]) -> T:
        """Return what a call brings."""
        ...

    def run(self, flow: Flow[T]) -> T:
        """Return what a flow brings."""
        ...


class AsyncDoer(Protocol):
    """Sends calls; their answers are awaited."""

    async def do(self, call: Call[T]) -> T:
        """Return what a call brings."""
        ...

    async def run(self, flow: Flow[T]) -> T:
        """Return what a flow brings."""
        ...


class Resource:
    """A part of a client that waits.

    Args:
        client: sends calls.
    """

    def __init__(self, client: Doer) -> None:
        self.doer = client


class AsyncResource:
    """A part of a client that is awaited.

    Args:
        client: sends calls.
    """

    def __init__(self, client: AsyncDoer) -> None:
        self.doer = client


class Doing(Generic[P, T]):
    """A method that does an operation."""

    def __init__(self, operation: Operation[P, T]) -> None:
        self.operation = operation
        self.__doc__ = operation.make.__doc__

    @overload
    def __get__(self, resource: Resource, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: AsyncResource, owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> Doing[P, T]: ...
    def __get__(self, resource: Resource | AsyncResource | None, owner: type) -> Any:
        """Return the method of a client; on the class itself what describes it."""
        if resource is None:
            return self

        def done(*args: P.args, **kwargs: P.kwargs) -> Any:
            return resource.doer.do(self.operation(*args, **kwargs))

        return _described(done, self.operation.make, self.__doc__)


class Running(Generic[P, T]):
    """A method that takes several calls."""

    def __init__(self, make: Callable[P, Flow[T]]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, resource: Resource, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: AsyncResource, owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> Running[P, T]: ...
    def __get__(self, resource: Resource | AsyncResource | None, owner: type) -> Any:
        """Return the method of a client; on the class itself what describes it."""
        if resource is None:
            return self

        def done(*args: P.args, **kwargs: P.kwargs) -> Any:
            return resource.doer.run(self.make(*args, **kwargs))

        return _described(done, self.make, self.__doc__)


class Listing(Generic[P, T]):
    """A method that goes through all pages of a list; it takes what the pages take, but the cursor."""

    def __init__(self, operation: Operation[P, Page[T]]) -> None:
        self.operation = operation
        self.__doc__ = "Go through all pages.\n\n" + (operation.make.__doc__ or "")

    @overload
    def __get__(self, resource: Resource, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, resource: AsyncResource, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> Listing[P, T]: ...
    def __get__(self, resource: Resource | AsyncResource | None, owner: type) -> Any:
        """Return the method of a client; on the class itself what describes it."""
        if resource is None:
            return self
        make: Callable[..., Call[Page[T]]] = self.operation

        def through(*args: Any, **kwargs: Any) -> Any:
            if isinstance(resource, AsyncResource):
                return _awaited(resource.doer, make, args, kwargs)
            return _waited(resource.doer, make, args, kwargs)

        return _described(through, self.operation.make, self.__doc__)


def _described(method: Callable[..., Any], make: Callable[..., Any], text: str | None) -> Callable[..., Any]:
    """Let a method say what it takes and does; what it gives is in the types alone, as it depends on the client."""
    said = signature(make).replace(return_annotation=Signature.empty)
    vars(method).update(__signature__=said)
    method.__name__, method.__doc__ = make.__name__, text
    return method


def _waited(doer: Doer, make: Callable[..., Call[Page[T]]], args: Any, kwargs: Any) -> Iterator[T]:
    page = doer.do(make(*args, **kwargs))
    yield from page.items
    while page.next is not None:
        page = doer.do(make(*args, **{**kwargs, "cursor": page.next}))
        yield from page.items


async def _awaited(doer: AsyncDoer, make: Callable[..., Call[Page[T]]], args: Any, kwargs: Any) -> AsyncIterator[T]:
    page = await doer.do(make(*args, **kwargs))
    for item in page.items:
        yield item
    while page.next is not None:
        page = await doer.do(make(*args, **{**kwargs, "cursor": page.next}))
        for item in page.items:
            yield item
