"""Rules of triggers: which objects start a job, and what it is to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from facefusion.errors import OptionsError, StorageAddressError, TriggerRuleError
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage.addresses import parsed_address
from facefusion.service.triggers.created import Created

PLACEHOLDERS: Final = ("address", "key", "name", "stem", "suffix", "slug", "folder", "digest")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]*)\}")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_SLUG: Final = 80
_DEEPEST: Final = 16
_SAMPLE: Final = "0" * 64
_SOURCE: Final = re.compile(r"(s3|gs|az|abfs|file)://[^/?#\s]*/[^?#]*")
_ACCOUNT: Final = re.compile(r"^abfs://([^/@]+)@[^/]+/")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which objects start a job, and which job.

    Attributes:
        source: address with which those of the objects begin, such as `s3://bucket/in/`.
        suffixes: with which they end, in small or capital letters; any when empty.
        request: what the job is to do, as `JobRequest` takes it; texts in it may hold placeholders.
        priority: of the job.
    """

    source: str
    suffixes: tuple[str, ...]
    request: Mapping[str, Any]
    priority: int = 4

    def matches(self, address: str) -> bool:
        """Return whether an object starts a job."""
        ending = address.lower().endswith(tuple(each.lower() for each in self.suffixes)) if self.suffixes else True
        return address.startswith(self.source) and ending

    def without_account(self) -> Rule:
        """Return the rule for addresses that do not say which account of Azure is meant."""
        return replace(self, source=without_account(self.source))

    def job_of(self, created: Created) -> JobRequest:
        """Return what the job for an object is to do.

        Raises:
            OptionsError: it is no request that is taken.
        """
        return JobRequest.parse(_filled(self.request, _values(created)))

    def check(self, others: Iterable[Rule] = ()) -> None:
        """Make sure that the rule can be followed, and does not start itself or others.

        Args:
            others: rules of the same tenant.

        Raises:
            TriggerRuleError: it cannot, or does.
        """
        if _SOURCE.fullmatch(self.source) is None:
            raise TriggerRuleError("The source of a trigger is an address such as s3://bucket/in/")
        if not _is_flat(self.request):
            raise TriggerRuleError(f"What the job is to do is nested more than {_DEEPEST} deep")
        unknown = sorted(_named(self.request) - set(PLACEHOLDERS))
        if unknown:
            raise TriggerRuleError(
                f"There is no placeholder {{{unknown[0]}}}", f"There are {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}"
            )
        below = self.source if self.source.endswith("/") else f"{self.source}-"
        sample = Created(f"{below}sample{next(iter(self.suffixes), '.mp4')}", _SAMPLE)
        try:
            request = self.job_of(sample)
        except OptionsError as error:
            raise TriggerRuleError(f"{error.what} (with {sample.address} put in)", error.hint) from error
        check_loops(request, [self, *others])


def check_loops(request: JobRequest, rules: Iterable[Rule]) -> None:
    """Make sure that what a job delivers starts no job again.

    Raises:
        TriggerRuleError: it does, or it cannot be told where it delivers.
    """
    known = list(rules)
    for address in _delivered(request):
        for rule in known:
            if rule.matches(address) or rule.without_account().matches(without_account(address)):
                raise TriggerRuleError(
                    f"The result would be delivered to {address}, where it starts a job again ({rule.source})",
                    "Deliver it elsewhere; a second step names the first as job:ID",
                )


def without_account(address: str) -> str:
    """Return an address of Azure as one that does not say which account is meant; all others as they are."""
    return _ACCOUNT.sub(r"az://\1/", address)


def _delivered(request: JobRequest) -> list[str]:
    """Return the addresses of all that a job delivers, in the one form that events have."""
    if request.deliver_to is None:
        return []
    folder, _, name = request.deliver_to.rpartition("/")
    names = [name or request.output, *request.outputs()[1:]]
    whole = [f"{folder}/{each}" for each in names]
    try:
        return [str(parsed_address(each)) for each in whole]
    except StorageAddressError as error:
        raise TriggerRuleError(error.what, error.hint) from error


def _values(created: Created) -> dict[str, str]:
    path = PurePosixPath(created.key)
    slug = _UNSAFE.sub("-", path.stem).strip("-.")[:_LONGEST_SLUG]
    folder = f"{path.parent}/" if str(path.parent) != "." else ""
    return {
        "address": created.address,
        "key": created.key,
        "name": path.name,
        "stem": path.stem,
        "suffix": path.suffix,
        "slug": slug or "object",
        "folder": folder,
        "digest": created.identity[:16],
    }


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """Put values in place of placeholders; what comes in that way is not looked at for placeholders again."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {name: _filled(each, values) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(each, values) for each in value]
    return value


def _is_flat(value: Any) -> bool:
    """Whether values lie no deeper in one another than anything that a job may be asked."""
    level = [value]
    for _ in range(_DEEPEST):
        inner = [each.values() if isinstance(each, Mapping) else each for each in level]
        level = [below for each in inner if not isinstance(each, str) and isinstance(each, Iterable) for below in each]
    return not level


def _named(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return {name for each in value.values() for name in _named(each)}
    if isinstance(value, list | tuple):
        return {name for each in value for name in _named(each)}
    return set()
