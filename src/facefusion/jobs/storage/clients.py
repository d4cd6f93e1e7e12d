"""Clients of object stores, as the packages of fsspec make and authenticate them, for all threads and after a fork."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any, Final

from facefusion.errors import OptionsError, StorageAddressError

_UNCACHED: Final = {"skip_instance_cache": True, "use_listings_cache": False}
"""Another process may put and remove what this one listed, so nothing is remembered."""


def imported(module: str, extra: str) -> ModuleType:
    """Return a module that belongs to an extra.

    Raises:
        OptionsError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise OptionsError(
            f"Storage of this kind needs the package {error.name}", f"Run pip install facefusion[{extra}]"
        ) from error


class Client:
    """A file system of fsspec, made when it is first used, and made anew in a process that was forked.

    Its requests run in the one thread that fsspec keeps for them, which a fork does not copy.
    """

    __slots__ = ("_arguments", "_class", "_extra", "_made", "_module", "_process")

    def __init__(self, module: str, class_name: str, extra: str, arguments: dict[str, Any]) -> None:
        """Take what it is made of.

        Args:
            module: of the file system.
            class_name: in it.
            extra: of our package, which brings it.
            arguments: of the class.

        Raises:
            OptionsError: it is not installed.
        """
        imported(module, extra)
        self._module, self._class, self._extra = module, class_name, extra
        self._arguments = arguments | _UNCACHED
        self._process = -1
        self._made: Any = None

    @property
    def files(self) -> Any:
        """The file system.

        Raises:
            StorageAddressError: it cannot be made: something of the credentials or settings is missing.
        """
        if self._process != os.getpid():
            kind = getattr(imported(self._module, self._extra), self._class)
            try:
                self._made = kind(**self._arguments)
            except ValueError as error:  # its text may hold a connection string
                raise StorageAddressError(
                    "The store does not take its settings or credentials", "See docs/storage.md for what it needs"
                ) from error
            self._process = os.getpid()
        return self._made

    def wait_for(self, call: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any) -> Any:
        """Return what a coroutine function returns, run in the thread for requests."""
        return importlib.import_module("fsspec.asyn").sync(self.files.loop, call, *args, **kwargs)
