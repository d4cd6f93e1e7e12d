"""Where option values come from: call, environment, TOML file, defaults, in this order of precedence."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import platformdirs

from facefusion.errors import InputMissingError, OptionsError
from facefusion.options.base import OptionGroup
from facefusion.options.chains import replaced
from facefusion.options.leaves import Leaf, leaf_table
from facefusion.options.passwords import with_passwords
from facefusion.options.serving import ServingOptions
from facefusion.options.tree import Options

ENVIRONMENT_PREFIX = "FACEFUSION_"
CONFIG_VARIABLE = "FACEFUSION_CONFIG"
# Read where it is used: a passphrase is no option, which would be shown, kept and typed.
_PASSPHRASE = "FACEFUSION_SIGNING_PASSPHRASE"  # nosec B105 - the name of a variable
_NO_OPTIONS = (CONFIG_VARIABLE, _PASSPHRASE, "FACEFUSION_TEST_ASSETS", "FACEFUSION_MODEL_ARCHIVES")
# What Kubernetes and Docker tell every container of a service that somebody called facefusion.
_OF_A_SERVICE = re.compile(r"FACEFUSION_(NAME|ENV_\w+|SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")

_Root = Options | ServingOptions
_AMBIENT: ContextVar[Mapping[str, Any]] = ContextVar("facefusion_options", default={})  # noqa: B039 - never mutated


def set_options(values: Mapping[str, Any]) -> None:
    """Keep option values for later calls in this context (thread or task) that give none.

    Args:
        values: option names (or aliases) and values; replaces what was set before.

    Raises:
        OptionsError: a name is unknown or a value impossible.
    """
    Options.parse(values)
    _AMBIENT.set(dict(values))


def current_options() -> Mapping[str, Any]:
    """Return the values that `set_options` keeps in this context."""
    return dict(_AMBIENT.get())


def load_options(
    values: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    config_path: Path | None = None,
) -> Options:
    """Merge all sources into one set of options.

    Args:
        values: names and values given in the call or on the command line; they win.
        environment: variables such as `FACEFUSION_BLEND_RATIO`; the process's own when None.
        config_path: TOML file; when None the one named by `FACEFUSION_CONFIG`, else `facefusion.toml` in the working
            directory, else `config.toml` in the user's configuration folder, where there is one.

    Returns:
        the options; `model_fields_set` of each group names what the call gave, not what stands elsewhere.

    Raises:
        OptionsError: a name is unknown, a value impossible, or the TOML file malformed.
        InputMissingError: the TOML file that was named is not there.
        SecretError: a file with a password cannot be read.
    """
    environment = os.environ if environment is None else environment
    merged = _elsewhere(Options, environment, find_config(config_path, environment))
    given = canonical(values)
    return _given_alone(with_passwords(Options.parse(_over(merged, given))), frozenset(given))


def settled_values(
    values: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    config_path: Path | None = None,
) -> dict[str, Any]:
    """Return what `load_options` makes options of: values by the options' own names. Arguments and errors are the same.

    Whoever hands a job over to another machine passes on what is said of it here, and nothing else.
    """
    environment = os.environ if environment is None else environment
    return _over(_elsewhere(Options, environment, find_config(config_path, environment)), canonical(values))


def load_serving(
    values: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    config_path: Path | None = None,
) -> ServingOptions:
    """Merge all sources into the options of the service and its workers.

    Args:
        values: names and values given in the call or on the command line; they win.
        environment: as of `load_options`.
        config_path: as of `load_options`; both kinds of options stand in one file.

    Raises:
        OptionsError: a name is unknown, a value impossible, or the TOML file malformed.
        InputMissingError: the TOML file that was named is not there.
        SecretError: a file with a password cannot be read.
    """
    environment = os.environ if environment is None else environment
    merged = _elsewhere(ServingOptions, environment, find_config(config_path, environment))
    return with_passwords(ServingOptions.parse(merged | canonical(values, ServingOptions)))


def _elsewhere(root: type[_Root], environment: Mapping[str, str], config: Path | None) -> dict[str, Any]:
    """Return what stands in the TOML file and in the environment for one tree of options."""
    merged = _checked(root, _own(root, _from_toml(config)), f"In the configuration file {config}: ")
    return _over(merged, _checked(root, _own(root, _from_environment(environment)), "In the environment: "))


def _over(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with those of a source that comes before theirs."""
    gone = replaced(given)
    return {name: value for name, value in values.items() if name not in gone} | dict(given)


def _own(root: type[_Root], values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the other tree has; what none has is left in, for an error."""
    own, known = leaf_table(root), _all_names()
    names = {key: key.replace("-", "_") for key in values}
    return {key: value for key, value in values.items() if names[key] in own or names[key] not in known}


def _all_names() -> dict[str, Leaf]:
    return {**leaf_table(Options), **leaf_table(ServingOptions)}


def _given_alone(options: Options, names: frozenset[str]) -> Options:
    """Let each group of options count as given what is named alone."""
    groups = {
        name: type(group).model_construct(_fields_set=set(names & type(group).model_fields.keys()), **dict(group))
        for name, group in options
        if isinstance(group, OptionGroup)
    }
    return options.model_copy(update=groups)


def _checked(root: type[_Root], values: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Name the place of a mistake that does not stand in the call itself."""
    try:
        root.parse(values)
        return canonical(values, root)
    except OptionsError as error:
        raise OptionsError(place + error.what, error.hint) from error


def find_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the TOML file in force: `path` itself, or where `load_options` looks for one; None where there is none."""
    environment = os.environ if environment is None else environment
    named = path or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return named
    places = (Path("facefusion.toml"), platformdirs.user_config_path("facefusion") / "config.toml")
    return next((place for place in places if _is_there(place)), None)


def _is_there(path: Path) -> bool:
    """Whether a file can be seen; a folder that may not be entered, as that of another user, holds none for us."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def canonical(values: Mapping[str, Any] | Iterable[tuple[str, Any]], root: type[_Root] = Options) -> dict[str, Any]:
    """Use one spelling for each option, so that a later source replaces an earlier one.

    Raises:
        OptionsError: an option is given twice.
    """
    table = leaf_table(root)
    spelt: dict[str, str] = {}
    result: dict[str, Any] = {}
    for key, value in values.items() if isinstance(values, Mapping) else values:
        leaf = table.get(key.replace("-", "_"))
        name = leaf.name if leaf else key
        if name in spelt:
            raise OptionsError(f"Option {name} is given twice", f"As {spelt[name]!r} and as {key!r}")
        spelt[name], result[name] = key, value
    return result


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Take what the variables say.

    An empty one says nothing, as Compose files and CI systems like to pass them, but where it is the only way to say
    none: `FACEFUSION_PROCESSORS=`.

    Raises:
        OptionsError: a variable is named like one of ours and is none.
    """
    names = {ENVIRONMENT_PREFIX + spelling.upper(): leaf for spelling, leaf in _all_names().items()}
    values = {}
    for key, value in environment.items():
        if "://" in value and _OF_A_SERVICE.fullmatch(key) is not None:
            continue  # FACEFUSION_PORT=tcp://10.0.0.1:80 is no port of ours
        if key in names and (value or names[key].may_be_emptied):
            values[key.removeprefix(ENVIRONMENT_PREFIX).lower()] = value
        elif key not in names and key.startswith(ENVIRONMENT_PREFIX) and not _is_no_option(key):
            raise OptionsError(f"There is no option for the variable {key}", _nearest(key, names))
    return values


def _is_no_option(variable: str) -> bool:
    """Whether a variable is not meant as an option, though its name begins like one."""
    return variable in _NO_OPTIONS or _OF_A_SERVICE.fullmatch(variable) is not None


def _nearest(variable: str, names: Iterable[str]) -> str:
    spellings = [name.removeprefix(ENVIRONMENT_PREFIX) for name in names]  # what all have in common makes none near
    near = difflib.get_close_matches(variable.removeprefix(ENVIRONMENT_PREFIX), spellings, n=1)
    return (
        f"Did you mean {ENVIRONMENT_PREFIX}{near[0]}"
        if near
        else "Take it away; `facefusion process --help` shows all options"
    )


def _from_toml(path: Path | None) -> dict[str, Any]:
    """Read a TOML file; tables only group, as the tree does, but for an option that is itself a table."""
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputMissingError(f"The configuration file {path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionsError(f"The configuration file {path} is not valid TOML: {error}") from error
    tables = {name for name, leaf in _all_names().items() if issubclass(leaf.kind, OptionGroup)}
    flat: dict[str, Any] = {}
    for key, value in content.items():
        is_group = isinstance(value, dict) and key.replace("-", "_") not in tables
        flat |= value if is_group else {key: value}
    return flat
