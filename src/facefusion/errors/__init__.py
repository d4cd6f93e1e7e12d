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
    │   │   └── PolicyFixedError    76   the policy is signed, or set elsewhere, and not changed from here
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
    ├── JobError
    │   ├── JobUnknownError         80   there is no such job
    │   ├── JobStateError           81   the job is in a state in which this cannot be done
    │   ├── JobQuotaError           82   the tenant has as many jobs, or as much data, as it may
    │   ├── LeaseLostError          83   somebody else does the task by now, or nobody is to do it any more
    │   ├── JobsUnavailableError    84   the database of jobs, or the broker, cannot be reached
    │   └── SegmentError            85   a segment or a plan is not what was made for this job, or is damaged
    │       └── OnlyWholeError      85   the job can be done whole, and not in segments
    ├── StorageError
    │   ├── StorageAddressError     90   an address of storage is not understood, or is not allowed
    │   ├── StorageUnavailableError 91   the storage cannot be reached, or failed
    │   ├── StorageDamagedError     92   what the storage gave is not what was put there
    │   └── StorageMissingError     93   there is no such file in the storage
    ├── RequestError
    │   ├── RequestInvalidError    110   a body, a parameter or a header is not what is documented
    │   │   ├── WebhookAddressError  95  nothing is sent to the address of a webhook
    │   │   ├── TriggerRuleError    96   the rule of a trigger is not understood, or would start itself
    │   │   └── TriggerEventError   97   what was sent to a trigger is no event that is understood
    │   ├── ResourceUnknownError   111   there is nothing of that name for this tenant
    │   ├── IdempotencyError       112   an idempotency key was used before, for another request
    │   ├── RequestBusyError       113   the same request is being answered already
    │   ├── PreconditionError      114   what was to be changed is not what the request says that it is
    │   ├── UploadError            115   a part of an upload does not continue what is there
    │   │   └── UploadDamagedError 117   what came is not what was sent, going by its digest
    │   ├── UploadExpiredError     116   an upload was not finished, or not used, in time
    │   ├── MediaTypeError         118   a body is of a type that is not taken here
    │   ├── ProtocolVersionError   119   a client speaks another version of the protocol of uploads
    │   ├── OverloadedError        120   too much is asked for at one time
    │   └── SupersededError        123   a newer request took the place of this one
    ├── AccessError
    │   ├── AuthenticationError    100   the service knows nobody by this key or token
    │   ├── NotAllowedError        101   who calls the service may not do this
    │   │   └── ReviewFirstError    99   a second person looks at such results before they are shown
    │   ├── TooManyRequestsError   102   more requests than a limit of the service lets through
    │   ├── TooLargeError          103   a request is larger than what the service takes
    │   ├── RequestRefusedError    104   a request is made in a way that the service takes from nobody
    │   ├── SlowRequestError       105   a request did not come in time
    │   └── AccessUnavailableError 106   whether a request may be let in cannot be told now
    ├── WebhookSignatureError       98   a message is not signed as it should be, was changed, or is too old
    ├── ServiceError
    │   ├── ServiceUnreachableError 108  the service cannot be reached, or broke off
    │   └── ServiceAnswerError     109   the service answered with something that is not understood
    ├── KeyUnknownError            107   there is no such API key
    ├── AccountError               121   a user cannot be made or changed like this
    ├── PasswordError              122   a new password is not taken
    └── CancelledError             130   stopped by the user
"""

from __future__ import annotations

from facefusion.errors.access import (
    AccessError,
    AccessUnavailableError,
    AccountError,
    AuthenticationError,
    KeyUnknownError,
    NotAllowedError,
    PasswordError,
    RequestRefusedError,
    ReviewFirstError,
    SlowRequestError,
    TooLargeError,
    TooManyRequestsError,
)
from facefusion.errors.base import (
    BatchError,
    CancelledError,
    FaceFusionError,
    OptionsError,
)
from facefusion.errors.inputs import (
    DifferentPeopleError,
    DiskFullError,
    FaceBlurredError,
    FaceError,
    FaceTooSmallError,
    FaceTurnedError,
    InputDamagedError,
    InputError,
    InputLimitError,
    InputMissingError,
    InputTypeError,
    IsolationError,
    NoFaceError,
    OutputError,
    OutputExistsError,
    OutputIsInputError,
    OutputTypeError,
    OutputUnwritableError,
    ReferenceNotFoundError,
    SeveralFacesError,
    Spot,
)
from facefusion.errors.jobs import (
    JobError,
    JobQuotaError,
    JobStateError,
    JobsUnavailableError,
    JobUnknownError,
    LeaseLostError,
    OnlyWholeError,
    SegmentError,
    StorageAddressError,
    StorageDamagedError,
    StorageError,
    StorageMissingError,
    StorageUnavailableError,
)
from facefusion.errors.requests import (
    IdempotencyError,
    MediaTypeError,
    OverloadedError,
    PreconditionError,
    ProtocolVersionError,
    RequestBusyError,
    RequestError,
    RequestInvalidError,
    ResourceUnknownError,
    SupersededError,
    UploadDamagedError,
    UploadError,
    UploadExpiredError,
)
from facefusion.errors.trust import (
    AcknowledgementError,
    AuditBrokenError,
    AuditError,
    ConsentMissingError,
    ConsentRecordError,
    ConsentRevokedError,
    ConsentScopeError,
    ContentRefusedError,
    ContentUncheckedError,
    DisclosureError,
    FaceBlockedError,
    MarkBrokenError,
    PolicyError,
    PolicyFixedError,
    SecretError,
    SigningError,
    TrustError,
    UnmarkedError,
)
from facefusion.errors.webhooks import (
    ServiceAnswerError,
    ServiceError,
    ServiceUnreachableError,
    TriggerEventError,
    TriggerRuleError,
    WebhookAddressError,
    WebhookSignatureError,
)
from facefusion.errors.work import (
    CatalogueError,
    DownloadError,
    HookError,
    LicenceError,
    ModelDamagedError,
    ModelError,
    ModelMissingError,
    ModelUnfitError,
    ModelUnknownError,
    ModelUnsafeError,
    ModelUntrustedError,
    ProcessorError,
    ProcessorUnknownError,
    ProviderError,
)

__all__ = [
    "AccessError",
    "AccessUnavailableError",
    "AccountError",
    "AcknowledgementError",
    "AuditBrokenError",
    "AuditError",
    "AuthenticationError",
    "BatchError",
    "CancelledError",
    "CatalogueError",
    "ConsentMissingError",
    "ConsentRecordError",
    "ConsentRevokedError",
    "ConsentScopeError",
    "ContentRefusedError",
    "ContentUncheckedError",
    "DifferentPeopleError",
    "DisclosureError",
    "DiskFullError",
    "DownloadError",
    "FaceBlockedError",
    "FaceBlurredError",
    "FaceError",
    "FaceFusionError",
    "FaceTooSmallError",
    "FaceTurnedError",
    "HookError",
    "IdempotencyError",
    "InputDamagedError",
    "InputError",
    "InputLimitError",
    "InputMissingError",
    "InputTypeError",
    "IsolationError",
    "JobError",
    "JobQuotaError",
    "JobStateError",
    "JobUnknownError",
    "JobsUnavailableError",
    "KeyUnknownError",
    "LeaseLostError",
    "LicenceError",
    "MarkBrokenError",
    "MediaTypeError",
    "ModelDamagedError",
    "ModelError",
    "ModelMissingError",
    "ModelUnfitError",
    "ModelUnknownError",
    "ModelUnsafeError",
    "ModelUntrustedError",
    "NoFaceError",
    "NotAllowedError",
    "OnlyWholeError",
    "OptionsError",
    "OutputError",
    "OutputExistsError",
    "OutputIsInputError",
    "OutputTypeError",
    "OutputUnwritableError",
    "OverloadedError",
    "PasswordError",
    "PolicyError",
    "PolicyFixedError",
    "PreconditionError",
    "ProcessorError",
    "ProcessorUnknownError",
    "ProtocolVersionError",
    "ProviderError",
    "ReferenceNotFoundError",
    "RequestBusyError",
    "RequestError",
    "RequestInvalidError",
    "RequestRefusedError",
    "ResourceUnknownError",
    "ReviewFirstError",
    "SecretError",
    "SegmentError",
    "ServiceAnswerError",
    "ServiceError",
    "ServiceUnreachableError",
    "SeveralFacesError",
    "SigningError",
    "SlowRequestError",
    "Spot",
    "StorageAddressError",
    "StorageDamagedError",
    "StorageError",
    "StorageMissingError",
    "StorageUnavailableError",
    "SupersededError",
    "TooLargeError",
    "TooManyRequestsError",
    "TriggerEventError",
    "TriggerRuleError",
    "TrustError",
    "UnmarkedError",
    "UploadDamagedError",
    "UploadError",
    "UploadExpiredError",
    "WebhookAddressError",
    "WebhookSignatureError",
]
