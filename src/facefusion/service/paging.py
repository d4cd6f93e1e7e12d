"""Pages of long lists: a cursor says where the next one begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol, TypeVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import Field
from sqlalchemy import Column, Connection, Row, select

from facefusion.errors import RequestInvalidError
from facefusion.jobs.newest import newest
from facefusion.service.values import Query

MOST: Final = 200
_BLOCK: Final = 16
_NUMBER: Final = 8


class Numbered(Protocol):
    """Something that has its place in a list."""

    @property
    def number(self) -> int:
        """Its place, which grows."""
        ...


Item = TypeVar("Item", bound=Numbered)


class Page(Query):
    """Which part of a list is wanted."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="most entries of a page")] = 50
    cursor: Annotated[
        str | None, Field(min_length=1, max_length=100, description="`next` of the page before; none for the first")
    ] = None


class Cursors:
    """Makes cursors of places in lists, and reads them.

    A place counts what all tenants did, so it is enciphered: one block, whose second half is zeros that show whether
    somebody made a cursor up.

    Args:
        key: 32 bytes that all processes of the service share.
    """

    def __init__(self, key: bytes) -> None:
        # One block, which holds its own check: there is no second for the mode to show equal to it.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # nosec B305

    def cursor(self, number: int) -> str:
        """Return the cursor of a place."""
        sealed = self._cipher.encryptor().update(number.to_bytes(_NUMBER, "big") + bytes(_BLOCK - _NUMBER))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def number(self, cursor: str | None) -> int | None:
        """Return the place of a cursor; None for the first page.

        Raises:
            RequestInvalidError: nobody was given this cursor.
        """
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        plain = self._cipher.decryptor().update(sealed) if len(sealed) == _BLOCK else b"?" * _BLOCK
        if any(plain[_NUMBER:]):
            raise RequestInvalidError("The cursor is none that was given out", "Ask for the first page, without one")
        return int.from_bytes(plain[:_NUMBER], "big")

    def next_of(self, items: Sequence[Item], limit: int) -> str | None:
        """Return the cursor of the next page; None where there is none.

        Args:
            items: of this page, and one more where there is one.
            limit: most entries of a page.
        """
        return self.cursor(items[limit - 1].number) if len(items) > limit else None


def page_of(
    connection: Connection, whose: tuple[Column[Any], str], number: Column[int], before: int | None, limit: int
) -> list[Row[Any]]:
    """Return the rows of a page of a tenant's list, the newest first, and one more where there is one.

    Args:
        connection: in a transaction.
        whose: column of the tenant, and the tenant; the table has an index of it and the number.
        number: by which the list is ordered.
        before: the last of the page before; None for the first page.
        limit: most rows of a page.
    """
    wanted = newest(connection.dialect, select(number.table), [whose], number, before=before, limit=limit + 1)
    return list(connection.execute(wanted).all())
