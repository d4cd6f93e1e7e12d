"""The client that waits for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from facefusion.client import resources as of
from facefusion.client.asks import jobs
from facefusion.client.binding import Resource
from facefusion.client.call import Call
from facefusion.client.downloading import Download
from facefusion.client.flow import Ended, Flow, Wait, sent, thrown
from facefusion.client.live import LiveFrames, live_wish
from facefusion.client.retrying import Retries, Tries
from facefusion.client.settings import request_of, settings_of
from facefusion.client.values import Job, JobEvent
from facefusion.client.watching import Watch, check_job, end_of, settled
from facefusion.errors import FaceFusionError, ServiceError, ServiceUnreachableError

T = TypeVar("T")


class Uploads(of.UploadsOf, Resource):
    """Files that are sent to the service."""


class Faces(of.FacesOf, Resource):
    """Faces, built once and used by many jobs."""


class Consents(of.ConsentsOf, Resource):
    """Who agreed to what."""


class Webhooks(of.WebhooksOf, Resource):
    """Who is told of jobs."""


class Triggers(of.TriggersOf, Resource):
    """Objects that come into a bucket and start jobs."""


class Models(of.ModelsOf, Resource):
    """Models of the catalogue, processors and options."""


class Operations(of.OperationsOf, Resource):
    """What the service does beside requests."""


class Keys(of.KeysOf, Resource):
    """API keys of the tenant."""


class Users(of.UsersOf, Resource):
    """People who sign in with a password."""


class Audit(of.AuditOf, Resource):
    """What was done, by whom, under which rules."""


class Service(of.ServiceOf, Resource):
    """The service itself."""


class Jobs(of.JobsOf, Resource):
    """Jobs: asked for, watched, stopped, fetched.

    Args:
        client: sends calls.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._client = client

    def watch(self, job_id: str, *, after: int = 0, timeout: float | None = None) -> Iterator[JobEvent]:
        """Yield what happens to a job, as it happens, until it is over; a stream that breaks is opened again.

        Args:
            job_id: of the job.
            after: last event that is known already.
            timeout: seconds; without end when None.

        Raises:
            TimeoutError: it is not over in time.
            ServiceUnreachableError: the service cannot be reached for long.
            FaceFusionError: what it answers.
        """
        watch = Watch(job_id, after, end=end_of(timeout))
        while not watch.is_over:
            try:
                with self._client.stream(watch.call(), silence=watch.silence()) as response:
                    watch.opened(response)
                    for line in response.iter_lines():
                        event = watch.fed(line)
                        if event is not None:
                            yield event
                        if watch.is_over:
                            break
                        watch.silence()
            except (httpx.TransportError, ServiceUnreachableError) as error:
                watch.failed(error)
            if not watch.is_over:
                self._client.sleep(watch.broken())
                watch.is_over = watch.breaks > 1 and self.show(job_id).is_over

    def wait(self, job_id: str, *, timeout: float | None = None) -> Job:
        """Return a job once it is over, or waits for its review; see `check`.

        It is told by the stream of events; where there is none it looks now and then.

        Args:
            job_id: of the job.
            timeout: seconds; without end when None.

        Raises:
            TimeoutError: it is not over in time.
            ServiceUnreachableError: the service cannot be reached for long.
            FaceFusionError: what it answers.
        """
        end = end_of(timeout)
        try:
            for _ in self.watch(job_id, timeout=timeout):
                pass
        except ServiceError:
            pass  # it is looked at instead
        return self._client.run(settled(job_id, end))

    def check(self, job: Job) -> Job:
        """Return a job that succeeded, or waits for its review; errors as of `check_job`."""
        return check_job(job)

    def download(self, job_id: str, path: Path | str, *, number: int = 0) -> Path:
        """Fetch one output of a job into a file, which is there whole or not at all, with the right digest.

        Args:
            job_id: of the job.
            path: of the file, or a folder, where it gets the output's own name.
            number: of the output; 0 is the result.

        Raises:
            JobStateError: it has no result.
            StorageDamagedError: what came is not what the job made.
            OutputUnwritableError: the file cannot be written.
            ServiceUnreachableError: the service cannot be reached.
        """
        made = of.output_of(self.show(job_id), number)
        path = Path(path) / made.name if Path(path).is_dir() else Path(path)
        whole = jobs.output(job_id, number)
        with Download(path, sha256=made.sha256) as download:
            while not download.is_whole:
                try:
                    with self._client.stream(download.missing(whole)) as response:
                        download.begun(response)
                        for chunk in response.iter_raw():
                            download.feed(chunk)
                    download.ended()
                except (httpx.TransportError, ServiceUnreachableError) as error:
                    self._client.sleep(download.broken(error))
            return download.finish()


class Client:
    """A client of the service; it may be used by several threads, and as a context manager.

    Attributes:
        uploads, faces, jobs, consents, webhooks, triggers, models, operations, keys, audit, service: the resources.

    Args:
        url: of the service, such as `https://faces.example.com`.
        key: API key or token; the service is asked without when None.
        timeout: seconds without a byte after which a request is given up.
        retries: how often calls are sent again.
        transport: sends requests; httpx's own when None.
        sleep: waits for some seconds.

    Raises:
        OptionsError: the address is none of a service.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sleep, self._retries = sleep, retries or Retries()
        self._http = httpx.Client(**settings_of(url, key, timeout), transport=transport)
        self.uploads, self.faces, self.jobs = Uploads(self), Faces(self), Jobs(self)
        self.consents, self.webhooks, self.triggers = Consents(self), Webhooks(self), Triggers(self)
        self.models, self.operations = Models(self), Operations(self)
        self.users = Users(self)
        self.keys, self.audit, self.service = Keys(self), Audit(self), Service(self)

    def __enter__(self) -> Self:
        """Begin; `close` is called at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def live(
        self,
        sources: Sequence[str],
        *,
        width: int,
        height: int,
        options: Mapping[str, Any] | None = None,
        quality: int = 85,
    ) -> LiveFrames:
        """Begin a live session: frames that are sent come back edited, the newest first; see docs/live.md.

        Args:
            sources: of the new face: `upload:ID` or `face:ID`.
            width: of the frames that will be sent, in pixels.
            height: the same.
            options: as of a job, but for those of outputs.
            quality: of the JPEG pictures that come back, from 40 to 95.

        Raises:
            OptionsError: the package websockets is missing, or options are refused.
            ServiceUnreachableError: the service cannot be reached.
            FaceFusionError: it lets nobody in, or refuses the sources.
        """
        wish = live_wish(sources, width=width, height=height, options=options, quality=quality)
        return LiveFrames(self._http, wish)

    def do(self, call: Call[T]) -> T:
        """Return what a call brings; it is sent again where that can help.

        Raises:
            ServiceUnreachableError: there is no answer.
            ServiceAnswerError: the answer is not understood.
            FaceFusionError: what the answer tells of, as the class that it was of.
        """
        tries = Tries(call, self._retries)
        while True:
            try:
                step = tries.after(self._http.send(request_of(self._http, call)))
            except httpx.TransportError as error:
                step = tries.after(error)
            if isinstance(step, Ended):
                return step.value
            self.sleep(step.seconds)

    def run(self, flow: Flow[T]) -> T:
        """Return what a flow brings; errors are its own."""
        try:
            step = sent(flow, None)
            while not isinstance(step, Ended):
                try:
                    value: Any = self.sleep(step.seconds) if isinstance(step, Wait) else self.do(step)
                except FaceFusionError as error:
                    step = thrown(flow, error)
                else:
                    step = sent(flow, value)
            return step.value
        finally:
            flow.close()

    @contextmanager
    def stream(self, call: Call[Any], *, silence: float | None = None) -> Iterator[httpx.Response]:
        """Yield an answer whose body is read while it comes.

        Args:
            call: is sent once.
            silence: seconds without a byte after which it is given up; those of the client when None.

        Raises:
            httpx.TransportError: it broke.
        """
        response = self._http.send(request_of(self._http, call, silence=silence), stream=True)
        try:
            if response.status_code >= 400:
                response.read()
            yield response
        finally:
            response.close()
