"""From what a client wishes to the options of a live session: everything that may be refused is refused here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from facefusion.errors import JobQuotaError, OptionsError, StorageAddressError
from facefusion.jobs.allowed import found_option
from facefusion.jobs.database import looking
from facefusion.jobs.own_files import with_own_files
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage.base import Stored
from facefusion.jobs.tenants import Tenants
from facefusion.options import Options
from facefusion.service.faces.store import built, face_with
from facefusion.service.gateway.caller import Caller
from facefusion.service.live.messages import LiveWish
from facefusion.service.parts import ServiceParts
from facefusion.service.records import options_of
from facefusion.service.reviewed import check_shown_at_once
from facefusion.service.staging import Stage
from facefusion.service.uploads.store import ready

_NO_TARGET: Final = f"upload:{'0' * 32}"
_NO_OUTPUT: Final = "live.png"
_WRITTEN: Final = "output"


class LiveOrders:
    """Turns wishes of one caller into options, and keeps the files that they name as long as they do.

    Args:
        parts: of the service.
        caller: whose wishes they are.
        place: folder for those files.
    """

    def __init__(self, parts: ServiceParts, caller: Caller, place: Stage) -> None:
        self._parts, self._caller, self._place = parts, caller, place
        self._here: dict[str, Path] = {}

    def options(self, wish: LiveWish) -> Options:
        """Return the options that a wish stands for.

        Raises:
            FaceFusionError: something in it is unknown, impossible or not for live frames.
        """
        request = _request(wish)
        names = [name for name in request.references() if name != _NO_TARGET]
        for name in names:
            self._path(name)
        values = request.values(lambda name: self._here.get(name, name), lambda name: name)
        values = {name: value for name, value in values.items() if name not in {"target_path", "output_path"}}
        options = options_of(self._parts.options, self._caller, **values, work_dir=self._place.folder)
        options = with_own_files(options, request.options, self._path)
        self._check_allowed(options)
        return options

    def keep_only(self, wish: LiveWish) -> None:
        """Let go of the files that a wish does not name."""
        named = set(_request(wish).references())
        for name in self._here.keys() - named:
            self._place.let_go(self._here.pop(name))

    def _check_allowed(self, options: Options) -> None:
        """Make sure that the tenant may see results at once that nobody else looks at.

        Raises:
            ReviewFirstError: results with these processors are reviewed.
            JobQuotaError: the tenant is paused.
        """
        parts, tenant = self._parts, self._caller.tenant
        check_shown_at_once(parts, self._caller, options.processors)
        if Tenants(parts.engine).get(tenant).quota.is_paused:
            raise JobQuotaError(f"Nothing is done for {tenant} at the moment", "Ask whoever runs the service")

    def _path(self, name: str) -> Path:
        """Return where a file is, brought here if it is not."""
        if name not in self._here:
            self._here[name] = self._brought(name)
        return self._here[name]

    def _brought(self, name: str) -> Path:
        """Bring a file here, and return where it is."""
        reference, tenant = Reference.parse(name), self._caller.tenant
        if reference.kind == "upload":
            upload = ready(self._parts.uploads.get(reference.value, tenant=tenant))
            stored = Stored(upload.key, upload.size, upload.sha256 or "")
            return self._place.fetch(stored, upload.name)
        if reference.kind == "face":
            with looking(self._parts.engine) as connection:
                face = built(face_with(connection, reference.value, tenant=tenant))
            return self._place.fetch(Stored(face.key, face.size or 0, face.sha256 or ""), "source.face")
        raise StorageAddressError("A live session takes uploads and faces alone", "Upload the file first")


def _request(wish: LiveWish) -> JobRequest:
    """Return a wish as a job would have it.

    Raises:
        OptionsError: something in it is unknown, impossible or not for live frames.
    """
    values: dict[str, Any] = {"target": _NO_TARGET, "output": _NO_OUTPUT, "sources": wish.sources}
    request = JobRequest.parse({**values, "options": dict(wish.options)})
    for name in request.options:
        if found_option(name).path[:1] == (_WRITTEN,):
            raise OptionsError(f"Option {name.replace('_', '-')} is not for live frames", "Leave it out")
    return request
