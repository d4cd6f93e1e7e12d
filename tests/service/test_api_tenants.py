"""No tenant reaches what belongs to another: for every route that names something, from the table of routes itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from api_server import ADA, EVE, Served, served
from sqlalchemy import select

from facefusion.jobs.database import writing
from facefusion.jobs.schema import JOBS
from facefusion.service.app import bare_app
from facefusion.service.faces.store import add_face
from facefusion.service.links.tables import LINKS
from material import ASTRONAUT

SHARED = {"/v1/models/{name}", "/v1/shared/{token}", "/v1/shared/{token}/file", "/v1/tenants/{tenant}"}
"""Nobody's own: models and links are of everybody alike, and limits of tenants are set by whoever runs the place."""
PARAMETER = re.compile(r"\{(\w+)\}")
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/jobs/{job_id}/priority": {"priority": 5},
    "/v1/jobs/{job_id}/links": {},
    "/v1/keys/{key_id}/rotate": {},
    "/v1/uploads/{upload_id}/check": {"use": "source"},
}
COUNTED = {"number", "frame"}
MOMENTS = {"/v1/jobs/{job_id}/target/frames", "/v1/uploads/{upload_id}/frames"}
REASONS = ("approve", "reject", "revoke")
NOBODYS = {"consent_id": "c-" + "0" * 16, "key_id": "0" * 12}


def _routes() -> list[tuple[str, str]]:
    document = bare_app().openapi()
    return [(method, path) for path, methods in document["paths"].items() for method in methods if "{" in path]


ROUTES = [route for route in _routes() if route[1] not in SHARED]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("tenants")) as here:
        yield here


@pytest.fixture(scope="module")
def theirs(service: Served) -> dict[str, str]:
    """One thing of each kind, of Ada's tenant, by the name of the parameter that names it."""
    client, parts = service.client(ADA), service.parts
    upload = client.post("/v1/uploads?name=a.png", content=ASTRONAUT.read_bytes()).json()["id"]
    order = {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
    job = client.post("/v1/jobs", json=order).json()["id"]
    key = client.post("/v1/keys", json={"name": "farm", "role": "viewer"}).json()["key"]["id"]
    consent = client.post("/v1/consents", json={"pictures": [upload], "granted_by": "Eileen"}).json()["id"]
    entry = client.get("/v1/audit", params={"consent": consent}).json()["entries"][0]["id"]
    with writing(parts.engine) as connection:
        operation = parts.operations.begin(connection, tenant="acme", owner="x", kind="face.build", about="x")
        face = add_face(connection, tenant="acme", owner="x", name="x", operation=operation.id)
        number = connection.execute(select(JOBS.c.number).where(JOBS.c.id == job)).scalar_one()
        link = {
            "id": "a" * 32,
            "job": number,
            "owner": "x",
            "label": "",
            "digest": "d",
            "created": 1,
            "expires": 1 << 60,
        }
        connection.execute(LINKS.insert(), link)
    user = client.post("/v1/users", json={"name": "Ada", "role": "viewer"}).json()["id"]
    found = {"upload_id": upload, "job_id": job, "consent_id": consent, "entry_id": entry, "link_id": link["id"]}
    found |= {
        "operation_id": operation.id,
        "face_id": face.id,
        "number": "0",
        "frame": "0",
        "key_id": key,
        "user_id": user,
    }
    return found


def test_there_are_routes_to_be_tried() -> None:
    assert len(ROUTES) > 20


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_what_is_another_tenants_is_not_there(service: Served, theirs: dict[str, str], method: str, path: str) -> None:
    names = PARAMETER.findall(path)
    assert set(names) <= theirs.keys(), f"{path} names something that this test knows nothing of: add it to `theirs`"

    def answer(ids: dict[str, str]) -> tuple[int, str]:
        place = path.format(**{name: ids[name] for name in names})
        more: dict[str, Any] = {"json": BODIES[path]} if path in BODIES else {}
        if path in MOMENTS:
            more = {"params": {"time": 0}}
        elif path.startswith("/v1/users/"):
            more = {} if method in {"get", "delete"} else {"json": {}}
        elif path.endswith(REASONS):
            more = {"json": {"reason": "x"}}
        elif method == "patch":
            more = {"content": b"x", "headers": TUS}
        found = service.client(EVE).request(method.upper(), place, **more)
        text = found.text
        for name in names:
            text = text.replace(ids[name], "ID") if name not in COUNTED else text
        return found.status_code, text

    none = {name: NOBODYS.get(name, "0" * 32) for name in theirs} | dict.fromkeys(COUNTED, "0")
    assert answer(theirs) == answer(none)
    assert answer(theirs)[0] == 404
