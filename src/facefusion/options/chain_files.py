"""Files of chains: `[[chain]]` tables as they may also stand in `facefusion.toml`, and those that are saved by name."""

from __future__ import annotations

import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from facefusion.errors import InputMissingError, InputTypeError, OptionsError, OutputExistsError, OutputUnwritableError

TABLE: Final = "chain"
_SUFFIX: Final = ".toml"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ChainFile:
    """What a file says.

    Attributes:
        tables: one for each link.
        description: in words; empty where there is none.
    """

    tables: tuple[Mapping[str, Any], ...]
    description: str = ""

    def text(self) -> str:
        """Return it as TOML."""
        import tomli_w  # noqa: PLC0415 - only where chains are shown or written

        said = {"description": self.description} if self.description else {}
        return tomli_w.dumps(said | {TABLE: [dict(table) for table in self.tables]})


def chains_folder() -> Path:
    """Return the folder of the chains that are saved by name; it need not be there."""
    return platformdirs.user_config_path("facefusion") / "chains"


def saved_chains() -> list[str]:
    """Return the names of the chains that are saved, in their alphabetical order."""
    with suppress(OSError):
        files = (path for path in chains_folder().iterdir() if path.suffix == _SUFFIX and path.is_file())
        return sorted(path.stem for path in files if _NAME.fullmatch(path.stem))
    return []


def named_tables(name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the links of a chain, given what people call it; arguments and errors as of `read_chain_file`."""
    return read_chain_file(found_chain(name)).tables


def found_chain(name: str) -> Path:
    """Return the file of a chain.

    Args:
        name: of a saved chain; or a path, which has a folder or ends in `.toml`.

    Raises:
        OptionsError: no chain of this name is saved.
    """
    if name.endswith(_SUFFIX) or len(Path(name).parts) > 1:
        return Path(name)
    if name not in saved_chains():
        there = ", ".join(saved_chains()) or "none"
        raise OptionsError(
            f"No chain {name!r} is saved", f"Saved: {there}; a file is named with its ending, {name}{_SUFFIX}"
        )
    return saved_path(name)


def saved_path(name: str) -> Path:
    """Return the file in which a chain of this name is saved, or would be.

    Raises:
        OptionsError: chains cannot be called so.
    """
    if not _NAME.fullmatch(name) or name.endswith(_SUFFIX):
        raise OptionsError(
            f"A chain cannot be called {name!r}", "Take up to 64 letters, digits, spaces, dots, - and _, as in old-film"
        )
    return chains_folder() / f"{name}{_SUFFIX}"


def read_chain_file(path: Path) -> ChainFile:
    """Read a file; what the links say is not looked at yet.

    Raises:
        InputMissingError: it is not there, or cannot be read.
        InputTypeError: it is no file of a chain.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InputTypeError(f"{path} is larger than a chain is", "Name a file with [[chain]] tables")
        values = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise InputMissingError(f"The chain {path} cannot be read ({error.strerror})", "Check its name") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputTypeError(f"The chain {path} is not valid TOML: {error}", "Mend it") from error
    tables, description = values.pop(TABLE, None), values.pop("description", "")
    is_chain = isinstance(tables, list) and all(isinstance(table, dict) for table in tables) and tables
    if not is_chain or not isinstance(description, str):
        raise InputTypeError(f"{path} has no [[chain]] tables", "Each says processor = NAME and its settings")
    if values:
        raise InputTypeError(
            f"{path} says {min(values)!r} outside of its [[chain]] tables",
            "A file of a chain has a description and [[chain]] tables alone",
        )
    return ChainFile(tuple(tables), description)


def write_chain_file(path: Path, chain: ChainFile, *, overwrite: bool) -> None:
    """Write a chain; the file is there whole, or as it was.

    Raises:
        OutputExistsError: it is there already, and may not be replaced.
        OutputUnwritableError: it cannot be written.
    """
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} is there already", "Choose another name, or add --overwrite")
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(chain.text(), "utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputUnwritableError(f"{path} cannot be written: {error.strerror}", "Choose another place") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def delete_chain(name: str) -> Path:
    """Delete a saved chain; return where it was.

    Raises:
        OptionsError: there is none of this name.
        OutputUnwritableError: it cannot be deleted.
    """
    saved = saved_chains()
    if name not in saved:
        raise OptionsError(f"No chain {name!r} is saved", f"Saved: {', '.join(saved) or 'none'}")
    path = saved_path(name)
    try:
        path.unlink()
    except OSError as error:
        raise OutputUnwritableError(f"{path} cannot be deleted: {error.strerror}", "Look at its folder") from error
    return path
