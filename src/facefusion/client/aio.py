"""The client whose answers are awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx
from anyio.to_thread import run_sync

from facefusion.client import resources as of
from facefusion.client.asks import jobs
from facefusion.client.binding import AsyncResource
from facefusion.client.call import Call
from facefusion.client.downloading import Download
from facefusion.client.flow import Ended, Flow, Wait, sent, thrown
from facefusion.client.retrying import Retries, Tries
from facefusion.client.settings import request_of, settings_of
from facefusion.client.values import Job, JobEvent
from facefusion.client.watching import Watch, check_job, end_of, settled
from facefusion.errors import FaceFusionError, ServiceError, ServiceUnreachableError

T = TypeVar("T")


class AsyncUploads(of.UploadsOf, AsyncResource):
    """Files that are sent to the service."""


class AsyncFaces(of.FacesOf, AsyncResource):
    """Faces, built once and used by many jobs."""


class AsyncConsents(of.ConsentsOf, AsyncResource):
    """Who agreed to what."""


class AsyncWebhooks(of.WebhooksOf, AsyncResource):
    """Who is told of jobs."""


class AsyncTriggers(of.TriggersOf, AsyncResource):
    """Objects that come into a bucket and start jobs."""


class AsyncModels(of.ModelsOf, AsyncResource):
    """Models of the catalogue, processors and options."""


class AsyncOperations(of.OperationsOf, AsyncResource):
    """What the service does beside requests."""


class AsyncKeys(of.KeysOf, AsyncResource):
    """API keys of the tenant."""


class AsyncUsers(of.UsersOf, AsyncResource):
    """People who sign in with a password."""


class AsyncAudit(of.AuditOf, AsyncResource):
    """What was done, by whom, under which rules."""


class AsyncService(of.ServiceOf, AsyncResource):
    """The service itself."""


class AsyncJobs(of.JobsOf, AsyncResource):
    """Jobs: asked for, watched, stopped, fetched.

    Args:
        client: sends calls.
    """

    def __init__(self, client: AsyncClient) -> None:
        super().__init__(client)
        self._client = client

    async def watch(self, job_id: str, *, after: int = 0, timeout: float | None = None) -> AsyncIterator[JobEvent]:
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
                async with self._client.stream(watch.call(), silence=watch.silence()) as response:
                    watch.opened(response)
                    async for line in response.aiter_lines():
                        event = watch.fed(line)
                        if event is not None:
                            yield event
                        if watch.is_over:
                            break
                        watch.silence()
            except (httpx.TransportError, ServiceUnreachableError) as error:
                watch.failed(error)
            if not watch.is_over:
                await self._client.sleep(watch.broken())
                watch.is_over = watch.breaks > 1 and (await self.show(job_id)).is_over

    async def wait(self, job_id: str, *, timeout: float | None = None) -> Job:
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
            async for _ in self.watch(job_id, timeout=timeout):
                pass
        except ServiceError:
            pass  # it is looked at instead
        return await self._client.run(settled(job_id, end))

    def check(self, job: Job) -> Job:
        """Return a job that succeeded, or waits for its review; errors as of `check_job`."""
        return check_job(job)

    async def download(self, job_id: str, path: Path | str, *, number: int = 0) -> Path:
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
        made = of.output_of(await self.show(job_id), number)
        path = Path(path) / made.name if Path(path).is_dir() else Path(path)
        whole = jobs.output(job_id, number)
        with Download(path, sha256=made.sha256) as download:
            while not download.is_whole:
                try:
                    async with self._client.stream(download.missing(whole)) as response:
                        download.begun(response)
                        async for chunk in response.aiter_raw():
                            download.feed(chunk)
                    download.ended()
                except (httpx.TransportError, ServiceUnreachableError) as error:
                    await self._client.sleep(download.broken(error))
            return download.finish()


class AsyncClient:
    """A client of the service whose methods are awaited; an asynchronous context manager.

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
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.sleep, self._retries = sleep, retries or Retries()
        self._http = httpx.AsyncClient(**settings_of(url, key, timeout), transport=transport)
        self.uploads, self.faces, self.jobs = AsyncUploads(self), AsyncFaces(self), AsyncJobs(self)
        self.consents, self.webhooks, self.triggers = AsyncConsents(self), AsyncWebhooks(self), AsyncTriggers(self)
        self.models, self.operations = AsyncModels(self), AsyncOperations(self)
        self.users = AsyncUsers(self)
        self.keys, self.audit, self.service = AsyncKeys(self), AsyncAudit(self), AsyncService(self)

    async def __aenter__(self) -> Self:
        """Begin; `aclose` is called at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def do(self, call: Call[T]) -> T:
        """Return what a call brings; it is sent again where that can help.

        Raises:
            ServiceUnreachableError: there is no answer.
            ServiceAnswerError: the answer is not understood.
            FaceFusionError: what the answer tells of, as the class that it was of.
        """
        tries = Tries(call, self._retries)
        while True:
            try:
                step = tries.after(await self._http.send(request_of(self._http, call)))
            except httpx.TransportError as error:
                step = tries.after(error)
            if isinstance(step, Ended):
                return step.value
            await self.sleep(step.seconds)

    async def run(self, flow: Flow[T]) -> T:
        """Return what a flow brings; errors are its own. What it does between calls, it does in a thread."""
        try:
            step = await run_sync(sent, flow, None)
            while not isinstance(step, Ended):
                try:
                    value: Any = await (self.sleep(step.seconds) if isinstance(step, Wait) else self.do(step))
                except FaceFusionError as error:
                    step = await run_sync(thrown, flow, error)
                else:
                    step = await run_sync(sent, flow, value)
            return step.value
        finally:
            flow.close()

    @asynccontextmanager
    async def stream(self, call: Call[Any], *, silence: float | None = None) -> AsyncIterator[httpx.Response]:
        """Yield an answer whose body is read while it comes.

        Args:
            call: is sent once.
            silence: seconds without a byte after which it is given up; those of the client when None.

        Raises:
            httpx.TransportError: it broke.
        """
        response = await self._http.send(request_of(self._http, call, silence=silence), stream=True)
        try:
            if response.status_code >= 400:
                await response.aread()
            yield response
        finally:
            await response.aclose()
