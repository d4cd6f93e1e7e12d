"""What an entry may say: a schema for each kind, with no room for a picture, a path, an embedding or a token.

Every field is a digest, a number, a word of a fixed list or a name by a narrow pattern. The three that take free text
(actor, consents, subjects) never reach an entry as they are: pseudonyms do.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from facefusion import errors
from facefusion.errors import AuditError, FaceFusionError
from facefusion.trust.privacy.secrets import holds_secret

_MOST = 1000
_MOST_FILES = 1_000_000  # the pictures of a sequence are a file each


def _innocent(name: str) -> str:
    if holds_secret(name):
        raise ValueError("it looks like a secret")
    return name


def _hexadecimal(value: Any) -> Any:
    return f"{value:016x}" if type(value) is int and 0 <= value < 1 << 64 else value


def _known_error(name: str) -> str:
    found = getattr(errors, name, None) or getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        raise ValueError("no such error")
    return name


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Payload = Annotated[str, BeforeValidator(_hexadecimal), Field(pattern=r"^[0-9a-f]{16}$")]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f][0-9a-f-]{7,63}$")]
Version = Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+_-]{0,79}$"), AfterValidator(_innocent)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$"), AfterValidator(_innocent)]
ProduceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_-]{7,127}$"), AfterValidator(_innocent)]
Person = Annotated[str, Field(min_length=1, max_length=200)]
ErrorName = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]{2,59}$"), AfterValidator(_known_error)]
Count = Annotated[int, Field(ge=0, lt=1 << 53, strict=True)]
ExitCode = Annotated[int, Field(ge=0, le=255, strict=True)]
Status = Annotated[int, Field(ge=100, le=599, strict=True)]
Mark = Literal["label", "notice", "watermark", "metadata", "provenance"]


class Facts(BaseModel):
    """Base of all: frozen, and nothing that is not foreseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Model(Facts):
    """A model that was used.

    Attributes:
        name: in the catalogue.
        digest: SHA-256 of its weights.
    """

    name: Name
    digest: Digest


class Rules(Facts):
    """The policy that held.

    Attributes:
        name: of the profile.
        digest: SHA-256 of what it says.
    """

    name: Name
    digest: Digest


class Admitted(Facts):
    """A job was let in.

    Attributes:
        job: hexadecimal digits, the same in all entries of the job.
        policy: under which.
        processors: what is to be done.
        models: by what.
        consents: identifiers of the consents that cover it; pseudonyms in the entry.
        subjects: whose faces, as the consents name them; pseudonyms in the entry.
        inputs: SHA-256 of each input; digests by a key of the entry's own in the entry.
        version: of the software.
    """

    job: JobId
    policy: Rules | None = None
    processors: tuple[Name, ...] = Field((), max_length=_MOST)
    models: tuple[Model, ...] = Field((), max_length=_MOST)
    consents: tuple[Person, ...] = Field((), max_length=_MOST)
    subjects: tuple[Person, ...] = Field((), max_length=_MOST)
    inputs: tuple[Digest, ...] = Field((), max_length=_MOST_FILES)
    version: Version | None = None


class Refused(Admitted):
    """A job was not let in.

    Attributes:
        error: class of the error.
        exit_code: of the command line for it.
    """

    error: ErrorName
    exit_code: ExitCode


class Done(Admitted):
    """How much was done.

    Attributes:
        milliseconds: time the job took.
        frames: frames written.
        faces: faces edited, counted in every frame.
    """

    milliseconds: Count | None = None
    frames: Count | None = None
    faces: Count | None = None


class Published(Done):
    """An output may leave: written before it is put in place.

    Attributes:
        outputs: SHA-256 of each.
        produce_id: the number it bears in its metadata.
        watermark: payload of its watermark, 64 bits, as a number or as 16 hexadecimal digits.
        marks: what it is disclosed by.
    """

    outputs: tuple[Digest, ...] = Field(min_length=1, max_length=_MOST_FILES)
    produce_id: ProduceId | None = None
    watermark: Payload | None = None
    marks: tuple[Mark, ...] = Field((), max_length=5)


class Streamed(Done):
    """Frames are shown rather than written: in live mode, or in a preview.

    Written before the first of them leaves, without how much was done, and again with it once there are no more.

    Attributes:
        produce_id: a number of the stream; frames that are shown bear it nowhere but in their watermark.
        watermark: payload of their watermark, 64 bits, as a number or as 16 hexadecimal digits.
        marks: what they are disclosed by.
    """

    produce_id: ProduceId | None = None
    watermark: Payload | None = None
    marks: tuple[Mark, ...] = Field((), max_length=5)


class Ended(Done):
    """A job ended without an output.

    Attributes:
        error: class of the error.
        exit_code: of the command line for it.
    """

    error: ErrorName
    exit_code: ExitCode


class Changed(Facts):
    """What is kept of people or rules was changed.

    Attributes:
        record: what.
        action: how.
        consents: identifiers of the consents it is about; pseudonyms in the entry.
        subjects: whom it is about; pseudonyms in the entry.
        policy: the rules that hold from now on.
    """

    record: Literal["consent", "block list", "allow list", "policy", "acknowledgement", "key", "tenant", "user"]
    action: Literal["added", "removed", "revoked", "exported", "replaced"]
    consents: tuple[Person, ...] = Field((), max_length=_MOST)
    subjects: tuple[Person, ...] = Field((), max_length=_MOST)
    policy: Rules | None = None


class Called(Facts):
    """Somebody changed something by the service, and was allowed to.

    Attributes:
        operation: which, such as jobs.submit.
        status: HTTP status of the answer.
        job: it was about.
    """

    operation: Name
    status: Status
    job: JobId | None = None


class Denied(Facts):
    """The service refused something.

    Attributes:
        reason: why, as a word such as key-expired.
        status: HTTP status of the answer.
        operation: which, where it came so far that it is known.
        count: how often, the same within a second or so.
    """

    reason: Name
    status: Status
    operation: Name | None = None
    count: Count = 1


class Counted(Facts):
    """How often somebody asked the service for what changes nothing, or sent parts of uploads.

    Attributes:
        reads: requests that changed nothing.
        parts: requests that carried parts of uploads.
        seconds: time in which they came, so far back from when this was written.
    """

    reads: Count = 0
    parts: Count = 0
    seconds: Count


class Swept(Facts):
    """Stored files were removed when their time was over.

    Attributes:
        files: how many.
        rule: for how long they were kept, in seconds; None where several rules came together.
    """

    files: Count
    rule: Count | None = None


class Pruned(Facts):
    """Entries older than the retention were removed; the log begins behind them.

    Attributes:
        through: number of the last that was removed.
        anchor: its digest, which the first entry that is kept follows.
        entries: how many were removed.
        keep: for how long entries are kept, in seconds.
    """

    through: Count
    anchor: Digest
    entries: Count
    keep: Count


class Erased(Facts):
    """The data of a person were erased.

    Attributes:
        role: what the person was.
        pseudonym: what entries call them, which nothing leads from to the person any more.
        entries: how many entries speak of it.
        input_digests: how many digests of inputs can no longer be compared with a picture.
    """

    role: Literal["actor", "subject", "consent"]
    pseudonym: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    entries: Count
    input_digests: Count


KINDS: Final[Mapping[str, type[Facts]]] = {
    "admitted": Admitted,
    "refused": Refused,
    "published": Published,
    "streamed": Streamed,
    "failed": Ended,
    "cancelled": Ended,
    "changed": Changed,
    "called": Called,
    "denied": Denied,
    "counted": Counted,
    "swept": Swept,
    "pruned": Pruned,
    "erased": Erased,
}
RESULTS: Final = {
    "published": "done",
    "streamed": "done",
    "refused": "refused",
    "called": "done",
    "denied": "refused",
    "failed": "failed",
    "cancelled": "cancelled",
}


def checked(kind: str, facts: Mapping[str, Any]) -> Facts:
    """Return facts as their kind has them.

    Raises:
        AuditError: there is no such kind, or something is in them that an entry may not hold.
    """
    if kind not in KINDS:
        raise AuditError("An audit entry of an unknown kind cannot be written", f"The kinds are {', '.join(KINDS)}")
    try:
        return KINDS[kind].model_validate(dict(facts))
    except ValidationError as error:
        # What was given is not repeated: it may be just what must not be written anywhere.
        fields = {re.sub(r"[^a-z_]", "", str(part["loc"][0])) if part["loc"] else "" for part in error.errors()}
        named = sorted(fields & set(KINDS[kind].model_fields)) or ["a field that is not foreseen"]
        raise AuditError(
            f"An audit entry of the kind {kind} cannot be written: {', '.join(named)} cannot be what was given",
            "Entries hold digests, numbers and names alone",
        ) from None


def error_facts(error: BaseException) -> dict[str, Any]:
    """Return what an entry says of an error: the nearest class that is known, and its exit code; never its words."""
    code = error.exit_code if isinstance(error, FaceFusionError) else 1
    for kind in type(error).__mro__:
        if kind in {getattr(module, kind.__name__, None) for module in (errors, builtins)}:
            return {"error": kind.__name__, "exit_code": code}
    return {"error": BaseException.__name__, "exit_code": code}
