"""Options of the service and its workers: where jobs and files lie, how jobs are cut, and who listens where.

They have a tree of their own, as they say nothing about any one job. Flags, environment variables and the TOML file
are the same as for all other options.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field

from facefusion.options.base import Names, OptionGroup
from facefusion.options.gateway import AccessOptions, IdentityOptions, LoadOptions, ReviewOptions
from facefusion.options.leaves import built
from facefusion.options.monitoring import MonitoringOptions
from facefusion.options.webhooks import WebhookOptions

_HELP = "Run `facefusion worker --help` and `facefusion serve --help` for all options of the service"

_CARD: Final = re.compile(r"(?:[0-9]{1,3}|GPU-[0-9A-Fa-f-]+|MIG-[0-9A-Za-z/-]+)(?::(?P<share>[01]?\.?[0-9]{1,6}))?")


def _cards(devices: tuple[str, ...]) -> tuple[str, ...]:
    for device in devices:
        found = _CARD.fullmatch(device)
        share = found["share"] if found else None
        if found is None or (share is not None and not 0 < float(share) <= 1):
            raise ValueError(f"{device!r} is no card such as 0, GPU-8932f937, MIG-5c8ab2 or, for half of one, 0:0.5")
    return devices


def _addresses(roots: tuple[str, ...]) -> tuple[str, ...]:
    for root in roots:
        if "://" not in root:
            raise ValueError("a root is an address such as s3://bucket/{tenant} or file:///srv/media")
    return roots


class JobsOptions(OptionGroup):
    """Where jobs and their files lie, and how jobs are cut."""

    jobs_database: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="where jobs are kept: a file, or the postgresql:// URL of a database that several machines share;"
        " jobs.db in your own folder when not given",
    )
    jobs_database_password_file: Path | None = Field(
        default=None, description="file whose first line is the password of that URL, which then has none"
    )
    storage: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="where uploads and results are kept: a folder, or an address such as s3://bucket/prefix; a folder"
        " beside the database of jobs when not given",
    )
    broker: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="what wakes workers on other machines: an amqp:// or redis:// URL; when not given, workers look for"
        " themselves",
    )
    broker_password_file: Path | None = Field(
        default=None, description="file whose first line is the password of that URL, which then has none"
    )
    allowed_roots: Annotated[tuple[str, ...], AfterValidator(_addresses)] = Field(
        default=(),
        description="addresses below which jobs may name files of their own, as in s3://bucket/{tenant}; {tenant}"
        " stands for the tenant's name, and TENANT= before an address is for one tenant alone; none when not given",
    )
    lease_seconds: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="seconds without a word from a worker after which another does its task",
    )
    cut_after: int = Field(
        default=1500, ge=1, description="frames of a video from which on its job is cut into segments for many workers"
    )
    segment_frames: int = Field(default=500, ge=16, le=100_000, description="frames in a segment of a job that is cut")


class StorageOptions(OptionGroup):
    """How the storage is used; credentials come from where the libraries of each provider look for them."""

    storage_endpoint: str | None = Field(
        default=None, min_length=1, description="URL of an S3 server that is not AWS, such as MinIO or Ceph"
    )
    storage_region: str | None = Field(default=None, min_length=1, description="region of the S3 bucket")
    storage_encryption: Literal["AES256", "aws:kms"] | None = Field(
        default=None, description="how an S3 store encrypts what it keeps; as the bucket's rule says when not given"
    )
    storage_kms_key: str | None = Field(
        default=None, min_length=1, description="with aws:kms: which key of the key service"
    )
    storage_key_file: Path | None = Field(
        default=None,
        description="key of 32 bytes, as facefusion storage key makes it, with which all is encrypted before it leaves"
        " this machine",
    )
    storage_checksums: bool = Field(
        default=True, description="send checksums that an S3 server verifies; older servers do not know them"
    )
    storage_group: bool = Field(
        default=False, description="of a folder: let the group read and write files, and not the owner alone"
    )


class WorkerOptions(OptionGroup):
    """What a worker of this machine takes."""

    workers: int = Field(default=1, ge=0, le=256, description="worker processes of this machine")
    slots: int = Field(
        default=1, ge=1, le=64, description="tasks that each of them does at once, with models that they share"
    )
    devices: Annotated[tuple[str, ...], AfterValidator(_cards), Names(also=("device",))] = Field(
        default=(),
        description="graphics cards for them, shared out in turn: numbers, UUIDs or MIG identifiers as"
        " CUDA_VISIBLE_DEVICES takes them, with :0.5 behind where a worker gets half of a card's memory; each worker"
        " sees all when not given",
    )
    scratch_dir: Path | None = Field(
        default=None,
        description="folder for what workers have only while they work; one in the system's folder for temporary files"
        " when not given",
    )
    scratch_cache: float = Field(
        default=8.0,
        ge=0,
        le=100_000,
        description="GiB of inputs that workers keep there, so that the next job has them",
    )
    scratch_free: float = Field(
        default=1.0, ge=0, le=100_000, description="GiB that must be free there before a worker takes a task"
    )
    stall_seconds: float = Field(
        default=1800.0,
        ge=10,
        description="seconds without any progress after which a task is given up, to be tried anew",
    )
    quality_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="share of finished jobs that an idle worker measures afterwards, so that odd results are found;"
        " which ones, the job's identifier decides",
    )
    quality_frames: int = Field(default=8, ge=1, le=100, description="frames of a clip that are looked at for that")
    drain_seconds: float = Field(
        default=600.0,
        ge=0,
        description="seconds that a worker which is asked to end has for what it is at; then it gives it back",
    )


class ServiceOptions(OptionGroup):
    """Where the service listens, and for whom."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address on which the service listens")
    port: int = Field(default=5000, ge=0, le=65535, description="port on which it listens; 0 takes any that is free")
    public_url: str | None = Field(
        default=None, min_length=1, description="address by which others reach it, such as https://faces.example.com"
    )
    hosted: bool = Field(
        default=False, description="serve strangers: everybody needs a key or token, and the strict rules are in force"
    )
    console: bool = Field(default=True, description="answer browsers with the web console, too")
    redis: str | None = Field(
        default=None, min_length=1, description="redis:// URL where several processes count requests together"
    )
    redis_password_file: Path | None = Field(
        default=None, description="file whose first line is the password of that URL, which then has none"
    )


class ServingOptions(OptionGroup):
    """Everything the service and its workers need to know beside the options of jobs."""

    jobs: JobsOptions = JobsOptions()
    storage: StorageOptions = StorageOptions()
    worker: WorkerOptions = WorkerOptions()
    service: ServiceOptions = ServiceOptions()
    access: AccessOptions = AccessOptions()
    identity: IdentityOptions = IdentityOptions()
    load: LoadOptions = LoadOptions()
    review: ReviewOptions = ReviewOptions()
    webhooks: WebhookOptions = WebhookOptions()
    monitoring: MonitoringOptions = MonitoringOptions()

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Build them from a flat mapping of names to values.

        Args:
            values: Python values, or texts as they come from a command line; lists may be texts with commas.

        Raises:
            OptionsError: a name is unknown or a value impossible; the message names it.
        """
        return built(cls, values, hint=_HELP)
