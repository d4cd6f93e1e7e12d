"""Every error the library raises on purpose.

Each error says in one line what happened, where, and what to do next, and carries the exit code of the command line::

    FaceFusionError
    ├── OptionsError                 2   an option is unknown or has an impossible value
    │   └── BatchError               2   jobs of a batch are not understood, or do not go together
    ├── InputError
    │   ├── InputMissingError       10   the file is not there or may not be read
    │   ├── InputTypeError          11   not a picture or video that is read (text, playlist, manifest, …)
    │   ├── InputDamagedError       12   empty, truncated or undecodable
    │   ├── InputLimitError         13   larger than a limit that the options set
    │   └── IsolationError          14   files cannot be isolated on this system
    ├── FaceError
    │   ├── NoFaceError             20   no face was found
    │   ├── SeveralFacesError       21   several faces where one was wanted
    │   ├── FaceTooSmallError       22   the face has too few pixels
    │   ├── FaceBlurredError        23   the face is too blurred
    │   ├── FaceTurnedError         24   the face is turned too far from the camera
    │   ├── ReferenceNotFoundError  25   the reference person is not in the target
    │   └── DifferentPeopleError    26   pictures of one source show different people
    ├── OutputError
    │   ├── OutputTypeError         30   the output's name asks for a form that is not written
    │   ├── OutputUnwritableError   31   the output folder is missing or may not be written
    │   ├── OutputIsInputError      32   the output would replace one of the inputs
    │   ├── OutputExistsError       33   the output is there already and may not be replaced
    │   └── DiskFullError           34   no space is left for the output
    ├── ModelError
    │   ├── ModelUnknownError       40   no such model in the catalogue
    │   ├── ModelDamagedError       41   altered weights, or bundled ones that are missing
    │   ├── ModelMissingError       45   the weights are not in the store
    │   ├── ModelUnfitError         46   the weights are safe, but not what their family takes
    │   ├── ModelUnsafeError        47   the file is something that is never loaded
    │   ├── LicenceError            48   the licence policy does not allow the weights
    │   ├── CatalogueError          49   an entry of a catalogue is not what it should be
    │   ├── DownloadError           50   the weights could not be fetched
    │   └── ModelUntrustedError     51   nobody has said that this file is the model
    ├── ProviderError               42   the execution provider is not there, or failed
    ├── ProcessorError
    │   ├── ProcessorUnknownError   43   no such processor
    │   └── HookError               44   a pre- or post-processor returned something unusable
    ├── TrustError
    │   ├── AcknowledgementError    60   nobody has said yet what the software may be used for
    │   ├── PolicyError             61   the policy is not understood, or its signature does not hold
    │   ├── ConsentMissingError     62   no consent covers a face, and the policy asks for one
    │   ├── ConsentRevokedError     63   the consent was revoked
    │   ├── ConsentScopeError       64   the consent is for something else, or no longer holds
    │   ├── ConsentRecordError      65   a consent, an entry of a list, or a file of one, is damaged, forged or unknown
    │   ├── ContentRefusedError     66   content that is refused in every policy
    │   ├── ContentUncheckedError   67   content could not be checked, so it is refused
    │   ├── FaceBlockedError        68   a face is on a list of faces that are not to be used
    │   ├── DisclosureError         69   the output cannot bear a mark that the policy asks for
    │   ├── SigningError            70   a certificate or key does not sign, or is not trusted
    │   ├── AuditError              71   an audit entry cannot be written
    │   ├── AuditBrokenError        72   the audit log was changed after it was written
    │   ├── UnmarkedError           73   a file that is verified bears no mark
    │   ├── MarkBrokenError         74   a mark of a file that is verified does not hold
    │   └── SecretError             75   a key of this place is missing, damaged or open to others
    └── CancelledError             130   stopped by the user
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self


class FaceFusionError(Exception):
    """Base of all errors of this library.

    Attributes:
        what: what happened and where, one sentence without a final stop.
        hint: what to do next, one sentence without a final stop; may be empty.
        exit_code: exit status of the command line for this cause.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Join cause and hint into the one line that people see."""
        return f"{self.what}. {self.hint}." if self.hint else f"{self.what}."


class OptionsError(FaceFusionError):
    """An option is unknown or has an impossible value."""

    exit_code = 2


class BatchError(OptionsError):
    """Jobs of a batch are not understood, or do not go together; nothing was done.

    Attributes:
        problems: all of them, each with the job's row or target.
    """

    def __init__(self, what: str, hint: str = "", *, problems: Sequence[str] = ()) -> None:
        super().__init__(what, hint)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[str]) -> Self:
        """Return the error for some problems, at least one."""
        first = problems[0].rstrip(".")
        what = first if len(problems) == 1 else f"{len(problems)} jobs cannot be begun; the first: {first}"
        return cls(what, "Nothing was done; mend this first", problems=problems)


class InputError(FaceFusionError):
    """An input cannot be used."""


class InputMissingError(InputError):
    """The file is not there or may not be read."""

    exit_code = 10


class InputTypeError(InputError):
    """The file is not a picture or video of a kind that is read."""

    exit_code = 11


class InputDamagedError(InputError):
    """The file is empty, truncated or cannot be decoded."""

    exit_code = 12


class InputLimitError(InputError):
    """The file exceeds a limit that the options set."""

    exit_code = 13


class IsolationError(InputError):
    """Isolation was asked for, and this system has no means for it."""

    exit_code = 14


class FaceError(FaceFusionError):
    """The faces in a picture are not what was asked for.

    Attributes:
        picture: annotated picture that shows the problem, where one was written beside the output.
    """

    def __init__(self, what: str, hint: str = "", *, picture: Path | None = None) -> None:
        super().__init__(what, hint)
        self.picture = picture

    def __str__(self) -> str:
        """Add where the annotated picture lies."""
        return super().__str__() + (f" See {self.picture}" if self.picture else "")


class NoFaceError(FaceError):
    """No face was found."""

    exit_code = 20


class SeveralFacesError(FaceError):
    """Several faces were found where one was wanted."""

    exit_code = 21


class FaceTooSmallError(FaceError):
    """The face has too few pixels."""

    exit_code = 22


class FaceBlurredError(FaceError):
    """The face is too blurred."""

    exit_code = 23


class FaceTurnedError(FaceError):
    """The face is turned too far from the camera."""

    exit_code = 24


class ReferenceNotFoundError(FaceError):
    """The person of the reference picture is not in the target."""

    exit_code = 25


class DifferentPeopleError(FaceError):
    """Pictures that are to show one person show different people."""

    exit_code = 26


class OutputError(FaceFusionError):
    """The output cannot be written."""


class OutputTypeError(OutputError):
    """The output's name asks for a form that is not written."""

    exit_code = 30


class OutputUnwritableError(OutputError):
    """The output folder is missing or may not be written."""

    exit_code = 31


class OutputIsInputError(OutputError):
    """The output would replace one of the inputs."""

    exit_code = 32


class OutputExistsError(OutputError):
    """The output is there already and may not be replaced."""

    exit_code = 33


class DiskFullError(OutputError):
    """No space is left for the output."""

    exit_code = 34


class ModelError(FaceFusionError):
    """A model cannot be used."""


class ModelUnknownError(ModelError):
    """No model of this name is in the catalogue."""

    exit_code = 40


class ModelDamagedError(ModelError):
    """The weights are missing or not the ones the catalogue describes."""

    exit_code = 41


class ModelMissingError(ModelError):
    """The weights of a model are not in the store."""

    exit_code = 45


class ModelUnfitError(ModelError):
    """The weights are not those of a network of their family: inputs, outputs or their shapes are others."""

    exit_code = 46


class ModelUnsafeError(ModelError):
    """The file is something that is never loaded: no ONNX, with data outside of it, or with operators of its own."""

    exit_code = 47


class LicenceError(ModelError):
    """The licence policy does not allow these weights."""

    exit_code = 48


class CatalogueError(ModelError):
    """An entry of a catalogue is not what it should be."""

    exit_code = 49


class DownloadError(ModelError):
    """The weights could not be fetched."""

    exit_code = 50


class ModelUntrustedError(ModelError):
    """A file lies where the weights should, but neither the catalogue nor the user has said that these are they."""

    exit_code = 51


class ProviderError(FaceFusionError):
    """The execution provider is not there, or failed and was asked for by name."""

    exit_code = 42


class ProcessorError(FaceFusionError):
    """A processor cannot be used."""


class ProcessorUnknownError(ProcessorError):
    """No processor of this name is installed."""

    exit_code = 43


class HookError(ProcessorError):
    """A pre- or post-processor returned something that is not a frame."""

    exit_code = 44


class TrustError(FaceFusionError):
    """Something that makes results accountable does not allow the work, or failed."""


class AcknowledgementError(TrustError):
    """Nobody has said yet, for this person and machine, that the terms of use are known."""

    exit_code = 60


class PolicyError(TrustError):
    """The policy is missing, not understood, or signed by nobody who may."""

    exit_code = 61


class ConsentMissingError(TrustError):
    """No consent covers a face, and the policy asks for one."""

    exit_code = 62


class ConsentRevokedError(TrustError):
    """The consent that covers a face was revoked."""

    exit_code = 63


class ConsentScopeError(TrustError):
    """The consent that covers a face is for another project, processor, territory or time."""

    exit_code = 64


class ConsentRecordError(TrustError):
    """A consent, an entry of a list of faces, or a file of one, is damaged, forged or unknown."""

    exit_code = 65


class ContentRefusedError(TrustError):
    """The content is explicit, shows somebody who seems to be a minor, or is otherwise refused in every policy."""

    exit_code = 66


class ContentUncheckedError(TrustError):
    """The content could not be checked, and what is not checked is refused."""

    exit_code = 67


class FaceBlockedError(TrustError):
    """A face is on a list of faces that are not to be used."""

    exit_code = 68


class DisclosureError(TrustError):
    """The output cannot bear a mark that the policy asks for."""

    exit_code = 69


class SigningError(TrustError):
    """A certificate or a key does not sign, or is not trusted."""

    exit_code = 70


class AuditError(TrustError):
    """An audit entry cannot be written; no output leaves without."""

    exit_code = 71


class AuditBrokenError(TrustError):
    """The audit log was changed after it was written: edited, cut short or put in another order."""

    exit_code = 72


class UnmarkedError(TrustError):
    """A file that is verified bears no mark of ours."""

    exit_code = 73


class MarkBrokenError(TrustError):
    """A mark of a file that is verified does not hold."""

    exit_code = 74


class SecretError(TrustError):
    """A key of this place is missing, damaged, or open to others."""

    exit_code = 75


class CancelledError(FaceFusionError):
    """The work was stopped by the user."""

    exit_code = 130
