"""Faces, consents, previews, models, marks and the audit log over HTTP."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from api_server import ADA, BOB, EVE, Served, served, until
from PIL import Image, ImageDraw, PngImagePlugin

from facefusion.inference.opening import open_store
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.service.background.operations import Operations
from facefusion.service.tables import OPERATIONS
from facefusion.trust.consent import verify_file
from material import ASTRONAUT, CAPTAIN


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("resources")
    with served(folder, models_dir=folder / "models") as here:
        yield here


@pytest.fixture
def client(service: Served) -> httpx.Client:
    return service.client()


def sent(client: httpx.Client, path: Path, name: str | None = None) -> str:
    answer = client.post(f"/v1/uploads?name={name or path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:facefusion:error:{kind}"
    return said


def built(client: httpx.Client, face: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/v1/faces/{face}").json()
        return None if shown["state"] == "building" else shown

    return until(look, 90)


def over(client: httpx.Client, operation: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/v1/operations/{operation}").json()
        return None if shown["state"] == "running" else shown

    return until(look, 60)


def test_a_face_is_built_shown_used_and_removed(service: Served, client: httpx.Client) -> None:
    upload = sent(client, ASTRONAUT)
    key = {"Idempotency-Key": "a face"}
    answer = client.post("/v1/faces", json={"name": "Eileen", "uploads": [upload]}, headers=key)
    assert answer.status_code == 202 and answer.json()["state"] == "building"
    face = answer.json()["id"]
    assert client.post("/v1/faces", json={"name": "Eileen", "uploads": [upload]}, headers=key).json()["id"] == face
    shown = built(client, face)
    assert shown["state"] == "ready", shown["error"]
    assert shown["facts"]["sources"][0]["kind"] == "picture" and shown["size"] > 1000
    assert over(client, shown["operation"])["result"] == {"face": face}
    portrait = client.get(f"/v1/faces/{face}/portrait")
    assert Image.open(io.BytesIO(portrait.content)).size[0] > 100
    seen = client.get(f"/v1/faces/{face}/portrait", headers={"If-None-Match": portrait.headers["etag"]})
    assert seen.status_code == 304
    assert [each["id"] for each in client.get("/v1/faces").json()["faces"]] == [face]

    order = {"sources": [f"face:{face}"], "target": f"upload:{sent(client, CAPTAIN)}", "max_side": 256}
    preview = client.post("/v1/previews", json=order)
    assert preview.status_code == 200, preview.text
    facts = json.loads(preview.headers["x-preview"])
    assert facts["edited"] == 1 and max(Image.open(io.BytesIO(preview.content)).size) == 256
    assert client.delete(f"/v1/faces/{face}").status_code == 204
    refused(client.get(f"/v1/faces/{face}"), 404, "ResourceUnknownError")
    assert list(service.parts.storage.keys("acme/faces")) == []


def test_a_face_that_cannot_be_built_says_why_without_paths(client: httpx.Client, tmp_path: Path) -> None:
    grey = tmp_path / "grey one.png"
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(grey)
    face = client.post("/v1/faces", json={"name": "Nobody", "uploads": [sent(client, grey, "grey one.png")]}).json()
    shown = built(client, face["id"])
    assert shown["state"] == "failed" and shown["error"]["type"] == "NoFaceError"
    assert "grey one.png" in shown["error"]["what"] and "/" not in shown["error"]["what"]
    refused(client.get(f"/v1/faces/{face['id']}/portrait"), 409, "JobStateError")


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"uploads": []}, 422, "RequestInvalidError"),
        ({"uploads": ["0" * 32]}, 404, "ResourceUnknownError"),
        ({"uploads": ["../x"]}, 422, "RequestInvalidError"),
        ({"name": " "}, 422, "RequestInvalidError"),
        ({"options": {"trust_dir": "/"}}, 422, "OptionsError"),
        ({"options": {"source_face_position": -1}}, 422, "OptionsError"),
        ({"more": 1}, 422, "RequestInvalidError"),
    ],
)
def test_a_face_that_cannot_be_asked_for(client: httpx.Client, change: Any, status: int, kind: str) -> None:
    order = {"name": "A", "uploads": [sent(client, ASTRONAUT)]} | change
    refused(client.post("/v1/faces", json=order), status, kind)


def test_what_a_process_left_undone_is_told_as_failed(service: Served, client: httpx.Client) -> None:
    operations = service.parts.operations
    with service.parts.engine.begin() as connection:
        left = operations.begin(connection, tenant="acme", owner="user:ada", kind="models.pull", about="x")
        connection.execute(OPERATIONS.update().where(OPERATIONS.c.id == left.id).values(seen=1))
    operations.sweep(keep_seconds=3600)
    shown = client.get(f"/v1/operations/{left.id}").json()
    assert shown["state"] == "failed" and shown["error"]["type"] == "CancelledError"
    assert left.id in {each["id"] for each in client.get("/v1/operations").json()["operations"]}
    assert isinstance(operations, Operations)


def test_a_consent_is_recorded_shown_exported_and_revoked(service: Served, client: httpx.Client) -> None:
    paper = client.post("/v1/uploads?name=agreement.pdf", content=b"%PDF-1.7 signed").json()["id"]
    order = {
        "pictures": [sent(client, ASTRONAUT)],
        "granted_by": "Eileen",
        "person": "Eileen",
        "project": "space",
        "territories": ["DE"],
        "until": "2099-01-01T00:00:00Z",
        "evidence": [{"upload": paper, "kind": "agreement"}],
    }
    answer = client.post("/v1/consents", json=order)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["state"] == "holds" and made["evidence"][0]["name"] == "agreement.pdf"
    place = answer.headers["location"]
    assert client.get(place).json() == made
    assert [each["id"] for each in client.get("/v1/consents").json()["consents"]] == [made["id"]]
    assert service.client(EVE).get("/v1/consents").json() == {"consents": []}
    plain = json.loads(client.get(f"{place}/export").text)
    assert plain["consent"]["id"] == made["id"] and not plain["faces"] and plain["signature"]
    whole = json.loads(client.get(f"{place}/export?face=true&evidence=true").text)
    assert len(whole["faces"]) == 1 and len(whole["evidence"]) == 1
    revoked = client.post(f"{place}/revoke", json={"reason": "no more"}).json()
    assert revoked["state"] == "revoked" and revoked["revocation"]["reason"] == "no more"
    assert client.get("/v1/consents").json() == {"consents": []}
    assert len(client.get("/v1/consents?all=true").json()["consents"]) == 1
    entries = client.get("/v1/audit", params={"consent": made["id"]}).json()["entries"]
    assert [each["facts"]["action"] for each in entries] == ["added", "exported", "exported", "revoked"]
    assert "user:ada" in entries[0]["people"].values()
    refused(client.post("/v1/consents", json=order | {"until": "2001-01-01"}), 422, "RequestInvalidError")
    refused(client.post("/v1/consents", json=order | {"territories": ["Germany"]}), 422, "RequestInvalidError")
    refused(client.post("/v1/consents", json=order | {"pictures": [paper]}), 409, "UploadError")


def drawn(*, mode: str = "RGBA", ink: Any = (255, 255, 255, 255), lines: int = 1, ground: int = 255) -> bytes:
    """A signature as a page sends it: strokes on nothing, of whatever colour suits the page."""
    picture = Image.new(mode, (600, 200), 0 if mode == "RGBA" else ground)
    for line in range(lines):
        ImageDraw.Draw(picture).line([(40, 150 - line), (200, 40), (320, 160), (560, 60)], fill=ink, width=5)
    made = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "somebody's own computer")
    picture.save(made, "PNG", pnginfo=info)
    return made.getvalue()


def test_what_shows_a_consent_needs_room_and_goes_with_it(service: Served) -> None:
    owner = replace(ADA, tenant="narrow")
    client, tenants = service.client(owner), Tenants(service.parts.engine)
    paper = client.post("/v1/uploads?name=agreement.pdf", content=b"%PDF" + bytes(4000)).json()["id"]
    plain = {"pictures": [sent(client, ASTRONAUT)], "granted_by": "Eileen"}
    order = plain | {"evidence": [{"upload": paper, "kind": "agreement"}]}
    made = client.post("/v1/consents", json=order).json()
    consents = service.parts.records.consents("narrow")
    assert 4000 < consents.evidence_bytes() < 5000
    tenants.set("narrow", Quota(max_bytes=service.parts.quotas.stored("narrow") + 6000))
    refused(client.post("/v1/consents", json=order), 429, "JobQuotaError")
    signed = plain | {"signature": {"signer": "Eileen", "picture": base64.b64encode(drawn()).decode()}}
    answer = client.post("/v1/consents", json=signed)
    assert answer.status_code == 201, "what is small fits"
    kept = service.parts.records.consents("narrow").evidence_bytes()
    assert kept > 4000 and service.parts.records.consents("acme").evidence_bytes() != kept
    for each in (made, answer.json()):
        service.parts.records.consents("narrow").erase(each["id"])
    assert service.parts.records.consents("narrow").evidence_bytes() == 0
    assert client.post("/v1/consents", json=order).status_code == 201


def test_a_signature_that_was_drawn_is_kept_with_its_digest_in_the_record(
    service: Served, client: httpx.Client, tmp_path: Path
) -> None:
    picture = drawn()
    order = {"pictures": [sent(client, ASTRONAUT)], "granted_by": "Eileen", "until": "2099-01-01T00:00:00Z"}
    order["signature"] = {"signer": " Eileen Example ", "picture": base64.b64encode(picture).decode()}
    key = {"Idempotency-Key": "signed"}
    answer = client.post("/v1/consents", json=order, headers=key)
    assert answer.status_code == 201, answer.text
    made, place = answer.json(), answer.headers["location"]
    assert client.post("/v1/consents", json=order, headers=key).json() == made
    assert made["signature"] == {"signer": "Eileen Example", "evidence": 0}
    assert made["picture_digests"] == [hashlib.sha256(ASTRONAUT.read_bytes()).hexdigest()]
    shown = client.get(f"{place}/signature")
    assert shown.headers["content-type"] == "image/png" and "sandbox" in shown.headers["content-security-policy"]
    [fact] = made["evidence"]
    assert fact["kind"] == "signature" and fact["sha256"] == hashlib.sha256(shown.content).hexdigest()
    kept = Image.open(io.BytesIO(shown.content))
    assert kept.mode == "L" and b"somebody" not in shown.content and not kept.info.get("Author")
    assert kept.size < (600, 200), "it is cut to what was drawn"
    assert kept.getextrema() == (0, 255), "black on white, whatever the page looked like"
    export = json.loads(client.get(f"{place}/export?evidence=true").text)
    assert base64.b64decode(export["evidence"][0]) == shown.content
    assert export["consent"]["signature"] == made["signature"] and export["consent"]["evidence"] == [fact]
    (tmp_path / "consent.json").write_text(json.dumps(export))
    key_of_place = service.parts.records.ring.signing_key("consent files").public_key()
    assert verify_file(tmp_path / "consent.json", [key_of_place]).consent.signature is not None
    refused(service.client(EVE).get(f"{place}/signature"), 404, "ResourceUnknownError")

    upload = client.post("/v1/uploads?name=mine.png", content=picture).json()["id"]
    order["signature"] = {"signer": "Eileen", "upload": upload}
    again = client.post("/v1/consents", json=order).json()
    assert again["evidence"][0]["sha256"] == fact["sha256"], "one drawing gives the same bytes, however it comes"
    plain = client.post("/v1/consents", json={name: order[name] for name in ("pictures", "granted_by")}).json()
    refused(client.get(f"/v1/consents/{plain['id']}/signature"), 404, "ResourceUnknownError")


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"picture": "no base64!"}, 422, "RequestInvalidError"),
        ({"picture": base64.b64encode(b"no picture").decode()}, 422, "InputTypeError"),
        ({"picture": base64.b64encode(drawn()[:200]).decode()}, 422, "InputDamagedError"),
        ({"picture": base64.b64encode(drawn(lines=0)).decode()}, 422, "InputTypeError"),
        ({"picture": base64.b64encode(drawn(mode="L", ink=250)).decode()}, 422, "InputTypeError"),
        ({"picture": base64.b64encode(drawn(mode="L", ink=255, ground=0)).decode()}, 422, "InputTypeError"),
        ({"picture": "A" * 800_000}, 422, "RequestInvalidError"),
        ({"picture": None}, 422, "RequestInvalidError"),
        ({"upload": "0" * 32}, 422, "RequestInvalidError"),
        ({"upload": "0" * 32, "picture": None}, 404, "ResourceUnknownError"),
        ({"signer": "  "}, 422, "RequestInvalidError"),
    ],
)
def test_a_signature_that_is_none(client: httpx.Client, change: Any, status: int, kind: str) -> None:
    signature = {"signer": "Eileen", "picture": base64.b64encode(drawn()).decode()} | change
    order = {"pictures": [sent(client, ASTRONAUT)], "granted_by": "Eileen", "signature": signature}
    refused(client.post("/v1/consents", json=order), status, kind)


def test_a_preview_that_cannot_be_made(client: httpx.Client) -> None:
    order = {"sources": [f"upload:{sent(client, ASTRONAUT)}"], "target": f"upload:{sent(client, CAPTAIN)}"}
    refused(client.post("/v1/previews", json=order | {"frame": 3}), 422, "OptionsError")
    refused(client.post("/v1/previews", json=order | {"target": "s3://a/b.png"}), 422, "StorageAddressError")
    refused(client.post("/v1/previews", json=order | {"options": {"policy": "x"}}), 422, "OptionsError")
    refused(client.post("/v1/previews", json=order | {"form": "gif"}), 422, "RequestInvalidError")
    plain = order | {"form": "jpg", "options": {"processors": []}}
    jpeg = client.post("/v1/previews", json=plain, headers={"Idempotency-Key": "a picture is made again"})
    assert jpeg.headers["content-type"] == "image/jpeg"


def test_marks_are_verified(service: Served, client: httpx.Client) -> None:
    order = {"sources": [f"upload:{sent(client, ASTRONAUT)}"], "target": f"upload:{sent(client, CAPTAIN)}"}
    made = client.post("/v1/previews", json=order | {"max_side": 256}).content
    shown = client.post("/v1/verify?name=mine.png", content=made).json()
    layers = {each["layer"]: each for each in shown["layers"]}
    assert layers["audit"]["state"] == "holds" and layers["audit"]["facts"]["entry"]
    assert layers["metadata"]["state"] in {"unknown", "holds"}
    entry = client.get(f"/v1/audit/{layers['audit']['facts']['entry']}").json()
    assert entry["kind"] == "published"
    theirs = service.client(EVE).post("/v1/verify", content=made).json()
    audit = next(each for each in theirs["layers"] if each["layer"] == "audit")
    assert audit["state"] == "holds" and not {"entry", "job", "sequence"} & audit["facts"].keys()
    small = io.BytesIO()
    Image.open(CAPTAIN).resize((128, 72)).save(small, "PNG")
    upload = client.post("/v1/uploads?name=mine.png", content=small.getvalue()).json()["id"]
    plain = client.post(f"/v1/uploads/{upload}/verify").json()
    assert plain["verdict"] == "UnmarkedError" and plain["code"] == 73 and "mine.png" in plain["what"]
    said = refused(client.post("/v1/verify", content=b"text"), 422, "InputTypeError")
    assert "/" not in said["detail"].replace("text", "")


def test_models_processors_and_options_are_shown(client: httpx.Client) -> None:
    models = client.get("/v1/models").json()["models"]
    ready = [each for each in models if each["state"] == "ready"]
    assert ready and any(each["bundled"] for each in ready)
    task = ready[0]["task"]
    assert {each["task"] for each in client.get(f"/v1/models?task={task}&state=ready").json()["models"]} == {task}
    shown = client.get(f"/v1/models/{ready[0]['name']}").json()
    assert shown["card"]["name"] == ready[0]["name"] and "path" not in json.dumps(shown)
    refused(client.get("/v1/models/none"), 404, "ResourceUnknownError")
    processors = {each["name"]: each for each in client.get("/v1/processors").json()["processors"]}
    assert processors["face_swapper"]["can_run"]
    schema = client.get("/v1/options").json()["options"]
    assert schema["properties"]["blend_ratio"]["maximum"] == 1
    assert "policy" not in schema["properties"] and "source_paths" not in schema["properties"]


def test_administrators_alone_change_models(service: Served, client: httpx.Client, tmp_path: Path) -> None:
    few = service.client(BOB, frozenset({"models:read", "jobs:read"}))
    refused(few.post("/v1/models/pull", json={"models": ["arcface"]}), 403, "NotAllowedError")
    refused(client.post("/v1/models/pull", json={"models": ["no such model"]}), 422, "ModelUnknownError")
    upload = client.post("/v1/uploads?name=models.zip", content=b"no bundle").json()["id"]
    answer = client.post("/v1/models/import", json={"upload": upload})
    assert answer.status_code == 202
    ended = over(client, answer.json()["id"])
    assert ended["state"] == "failed" and ended["error"]["type"] in {"InputTypeError", "ModelDamagedError"}
    assert open_store(service.parts.options.models) is not None


def test_health_is_told_without_a_key(service: Served) -> None:
    anybody = service.client(None)
    assert anybody.get("/v1/health/live").json() == {"status": "live"}
    ready = anybody.get("/v1/health/ready").json()
    assert ready["status"] == "ready"
    assert [each["name"] for each in ready["checks"]] == ["database", "storage", "models", "disk"]
    assert anybody.get("/v1/version").json()["api"] == "v1"
    refused(anybody.get("/v1/jobs"), 401, "AuthenticationError")
    assert anybody.get("/v1/jobs").headers["www-authenticate"].startswith("Bearer")


def test_what_is_broken_is_told_by_readiness(tmp_path: Path) -> None:
    from facefusion.errors import JobsUnavailableError

    def away() -> None:
        raise JobsUnavailableError("The broker is away")

    with served(tmp_path, checks=(("broker", away),)) as here:
        answer = here.client(None).get("/v1/health/ready")
        assert answer.status_code == 503 and answer.json()["status"] == "not ready"
        assert answer.json()["checks"][-1] == {"name": "broker", "is_well": False, "error": "JobsUnavailableError"}
        assert here.client().get("/v1/workers").json() == {"workers": []}


def test_a_caller_without_the_scope_is_told_which(service: Served) -> None:
    few = service.client(ADA, frozenset({"jobs:read"}))
    answer = few.get("/v1/workers")
    refused(answer, 403, "NotAllowedError")
    assert 'scope="platform"' in answer.headers["www-authenticate"]
