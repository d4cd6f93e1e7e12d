"""Events as storage services send them: S3, MinIO, EventBridge, Pub/Sub, and CloudEvents of several kinds.

Each is read by what its maker documents. Keys come escaped in events of S3 and nowhere else; see `_of_s3`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, unquote_plus, urlsplit

from facefusion.jobs.storage.keys import is_plain
from facefusion.service.triggers.created import Created, refuse

MOST_BYTES: Final = 1 << 20
_MOST_EVENTS: Final = 1000
_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_OWN: Final = "facefusion.object.created.v1"
_SCHEMES: Final = ("s3://", "gs://", "az://", "abfs://", "file://")

Values = Mapping[str, Any]


def created_by(body: bytes, headers: Mapping[str, str]) -> list[Created]:
    """Return the objects that were created, going by what a storage service sent.

    Args:
        body: of the request.
        headers: of the request; their names in small letters.

    Returns:
        none where it tells of something else, such as objects that were removed.

    Raises:
        TriggerEventError: it is no event of a kind that is understood.
    """
    if "x-amz-sns-message-type" in headers:
        _refuse_sns()
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "ce-specversion" in headers:
        event = {name.removeprefix("ce-"): unquote(headers[name]) for name in headers if name.startswith("ce-")}
        return _of_cloud_event({**event, "data": _json(body)})
    content = _json(body)
    if kind == _BATCH:
        if not isinstance(content, list):
            refuse("A batch of CloudEvents is a list")
        return [each for event in content[:_MOST_EVENTS] for each in _of_cloud_event(_table(event))]
    values = _table(content)
    if kind == _STRUCTURED or "specversion" in values:
        return _of_cloud_event(values)
    return _of_storage(values)


def _of_storage(values: Values) -> list[Created]:
    if "TopicArn" in values and "Type" in values:
        _refuse_sns()
    if values.get("Event") == "s3:TestEvent":
        return []
    if isinstance(values.get("Records"), list):
        records = [_table(each) for each in values["Records"][:_MOST_EVENTS]]
        return [made for record in records for made in _of_s3(record)]
    if "detail-type" in values:
        return _of_event_bridge(values)
    if isinstance(values.get("message"), dict) and "subscription" in values:
        return _of_pub_sub(values["message"])
    return refuse("What was sent is no event of a storage service that is understood")


def _of_s3(record: Values) -> list[Created]:
    """Read a record of S3 or MinIO, whose keys are escaped as in forms: `+` is a blank, `%2B` a plus."""
    if not str(record.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated:"):
        return []
    place = _table(record.get("s3"))
    thing = _table(place.get("object"))
    bucket = _text(_table(place.get("bucket")), "name")
    key = _unescaped(_text(thing, "key"), unquote_plus)
    version = _version(thing, "versionId", "sequencer", "eTag") or _version(record, "eventTime")
    return [_made(f"s3://{bucket}/{key}", version)]


def _of_event_bridge(values: Values) -> list[Created]:
    """Read an event of EventBridge, whose keys are as they are."""
    if values.get("source") != "aws.s3" or values["detail-type"] != "Object Created":
        return []
    detail = _table(values.get("detail"))
    thing = _table(detail.get("object"))
    version = _version(thing, "version-id", "sequencer", "etag")
    return [_made(f"s3://{_text(_table(detail.get('bucket')), 'name')}/{_text(thing, 'key')}", version)]


def _of_pub_sub(message: Values) -> list[Created]:
    """Read a message that Pub/Sub pushes for a bucket of Google Cloud Storage."""
    about = _table(message.get("attributes"))
    if about.get("eventType") != "OBJECT_FINALIZE":
        if "eventType" not in about:
            refuse("The message of Pub/Sub is none of a bucket")
        return []
    try:
        base64.b64decode(message.get("data") or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        refuse("The data of the message of Pub/Sub are not Base64")
    return [_made(f"gs://{_text(about, 'bucketId')}/{_text(about, 'objectId')}", _text(about, "objectGeneration"))]


def _of_cloud_event(event: Values) -> list[Created]:
    if event.get("specversion") != "1.0":
        refuse(f"CloudEvents of version {event.get('specversion')!r} are not understood", "Send version 1.0")
    for name in ("id", "source", "type"):
        _text(event, name)
    kind: str = event["type"]
    reader = _READERS.get("com.amazonaws.s3" if kind.startswith("com.amazonaws.s3.") else kind)
    return [] if reader is None else reader(event, _data(event))


def _data(event: Values) -> Values:
    if "data_base64" in event:
        try:
            return _table(_json(base64.b64decode(event["data_base64"], validate=True)))
        except (binascii.Error, ValueError, TypeError):
            refuse("The data of the CloudEvent are not Base64")
    data = event.get("data")
    return _table(_json(data.encode()) if isinstance(data, str) else data)


def _of_google(_event: Values, data: Values) -> list[Created]:
    return [_made(f"gs://{_text(data, 'bucket')}/{_text(data, 'name')}", _version(data, "generation"))]


def _of_azure(_event: Values, data: Values) -> list[Created]:
    """Read an event of Azure Blob Storage, which names an object by its URL, escaped."""
    try:
        parts = urlsplit(_text(data, "url"))
        account = (parts.hostname or "").partition(".")[0]
    except ValueError:
        refuse("The address of the blob is no URL")
    container, _, path = parts.path.removeprefix("/").partition("/")
    if not account or not container or not path:
        refuse("The address of the blob names no container or no blob")
    version = _version(data, "eTag", "sequencer")
    return [_made(f"abfs://{container}@{account}.dfs.core.windows.net/{_unescaped(path, unquote)}", version)]


def _of_own(event: Values, data: Values) -> list[Created]:
    version = f"{event['source']}\n{event['id']}" if data.get("version") is None else _version(data, "version")
    return [_made(_text(data, "address"), version)]


def _of_amazon(_event: Values, data: Values) -> list[Created]:
    return _of_s3(data)


_READERS: Final[Mapping[str, Callable[[Values, Values], list[Created]]]] = {
    "google.cloud.storage.object.v1.finalized": _of_google,
    "Microsoft.Storage.BlobCreated": _of_azure,
    "com.amazonaws.s3": _of_amazon,
    _OWN: _of_own,
}
_NO_VERSION: Final = ("", "null")


def _version(values: Values, *names: str) -> str:
    """Return the first of these that says something, as text; nothing where none does."""
    said = [str(each) for each in map(values.get, names) if isinstance(each, str | int)]
    return next((each for each in said if each not in _NO_VERSION), "")


def _made(address: str, version: str) -> Created:
    if not address.startswith(_SCHEMES) or not Created(address, version).key or not is_plain(address):
        refuse("The event names no object in a bucket")
    if not version:
        refuse("The event says nothing of the version of the object", "It has to say a version, generation or etag")
    return Created(address, version)


def _unescaped(text: str, read: Callable[..., str]) -> str:
    """Return a key without its escapes; bytes that are no UTF-8 name no object that could be asked for.

    Raises:
        TriggerEventError: there are such.
    """
    try:
        return read(text, errors="strict")
    except UnicodeDecodeError:
        refuse("The name of the object is not UTF-8")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        refuse("What was sent is not JSON")


def _table(value: Any) -> Values:
    if not isinstance(value, dict):
        refuse("What was sent lacks parts that an event has")
    return value


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        refuse(f"The event lacks {name}")
    return value


def _refuse_sns() -> None:
    refuse(
        "Messages of SNS are not taken: to confirm a subscription the service would have to open an address in them",
        "Let EventBridge send them to an API destination with a key of this service",
    )
