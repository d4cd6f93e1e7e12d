"""Whatever way the file of a link is asked for, the audit log tells that somebody did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from session_house import Town, town_in
from sqlalchemy import update

from facefusion.jobs.database import writing
from facefusion.jobs.schema import JOBS
from facefusion.jobs.values import NewJob
from facefusion.service.links.store import LinkStore

CONTENT = bytes(range(256))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with town_in(tmp_path) as made:
        yield made


def linked(town: Town) -> str:
    """Return the token of a link to a finished job."""
    job = town.parts.board.submit(NewJob(town.tenant, "ada", {"target": "s3://a/b.png", "output": "b.png"}))
    stored = town.parts.storage.put_bytes(CONTENT, f"{town.tenant}/jobs/{job.id}/result-1/b.png")
    output = {**stored.to_json(), "name": "b.png", "media_type": "image/png"}
    with writing(town.engine) as connection:
        result = {"outputs": [output], "kind": "picture"}
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(state="succeeded", result=result))
    return LinkStore(town.engine).create(job.id, tenant=town.tenant, owner="ada", hours=1)[1]


def test_a_file_is_not_fetched_by_a_link_without_a_trace(town: Town) -> None:
    path = f"/v1/shared/{linked(town)}/file"
    with town.open() as street, street.served.client() as stranger:
        for wanted in ("bytes=0-", "bytes=0-9", "things=1-2", "bytes=", "bytes=-99999", ""):
            assert stranger.get(path, headers={"Range": wanted}).content in {CONTENT, CONTENT[:10]}
        for wanted in ("bytes=1-", "bytes=-255", "bytes=10-19"):
            assert stranger.get(path, headers={"Range": wanted}).status_code == 206
    found = town.noted("called")
    assert len(found) == 6
    [counted] = town.noted("counted")
    assert (counted["reads"], counted["actor"]) == (3, found[0]["actor"])
    assert str(counted["actor"]).startswith("link:")
