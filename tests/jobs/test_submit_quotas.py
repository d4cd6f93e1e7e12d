"""What is handed in on the command line counts for the tenant, and is kept, like what comes over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workshop import TENANT, Shop

from facefusion.errors import StorageUnavailableError, UploadError
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.options import LimitOptions
from facefusion.service.gateway.quotas import Quotas, TenantRules
from facefusion.service.uploads.local import LocalUploads
from facefusion.service.uploads.store import UploadStore
from material import ASTRONAUT, CAPTAIN, read, save


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.at(tmp_path / "shop")
    yield shop
    shop.engine.dispose()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("small") / "captain.png", read(CAPTAIN)[:600:2, ::2])


def submitted(shop: Shop, target: Path | str, source: Path | str = ASTRONAUT, code: int = 0) -> str:
    return shop.typed("job", "submit", "-s", str(source), "-t", str(target), "-o", "r.png", code=code).strip()


def stored(shop: Shop) -> int:
    return Quotas(shop.engine).stored(TENANT)


def uploads(shop: Shop, seconds: int = 3600) -> UploadStore:
    return UploadStore(shop.engine, shop.storage, LimitOptions(), Quotas(shop.engine), seconds=seconds)


def named(shop: Shop, job: str) -> tuple[str, str]:
    """The uploads of a job: of its source, and of its target."""
    request = shop.board.job(job, tenant=TENANT).request
    return request["sources"][0].removeprefix("upload:"), request["target"].removeprefix("upload:")


def limit(shop: Shop, **quota: Any) -> None:
    Tenants(shop.engine).set(TENANT, Quota(**quota))


def test_files_count_once_however_often_they_are_handed_in(shop: Shop, small: Path, tmp_path: Path) -> None:
    job = submitted(shop, small)
    sizes = ASTRONAUT.stat().st_size + small.stat().st_size
    assert stored(shop) == sizes
    same = tmp_path / "of another name.png"
    same.write_bytes(small.read_bytes())
    again = submitted(shop, same)
    assert (stored(shop), named(shop, again)) == (sizes, named(shop, job))
    source, target = (uploads(shop).get(each, tenant=TENANT) for each in named(shop, job))
    assert (source.state, source.name, source.kind) == ("ready", ASTRONAUT.name, "picture")
    assert (target.name, target.owner) == ("captain.png", shop.board.job(job, tenant=TENANT).owner)
    assert len(list(shop.storage.keys(f"{TENANT}/uploads"))) == 2


def test_where_there_is_no_room_nothing_is_put_into_storage(shop: Shop, small: Path) -> None:
    limit(shop, max_bytes=ASTRONAUT.stat().st_size + 10)
    assert "may have" in submitted(shop, small, code=82)
    assert stored(shop) == ASTRONAUT.stat().st_size
    assert len(list(shop.storage.keys(""))) == 1
    assert shop.board.jobs(tenant=TENANT) == []


@pytest.mark.parametrize(("quota", "said"), [({"max_queued": 0}, "not finished"), ({"max_priority": 3}, "priorities")])
def test_what_else_a_tenant_may_have_holds_too(shop: Shop, small: Path, quota: dict[str, int], said: str) -> None:
    limit(shop, **quota)
    assert said in submitted(shop, small, code=82)


def test_a_file_stays_while_its_job_needs_it_and_gives_its_room_back(shop: Shop, small: Path) -> None:
    job = submitted(shop, small)
    _, target = named(shop, job)
    with pytest.raises(UploadError, match="needed by a job"):
        uploads(shop).remove(target, tenant=TENANT)
    shop.board.cancel(job, tenant=TENANT)
    uploads(shop).remove(target, tenant=TENANT)
    assert stored(shop) == ASTRONAUT.stat().st_size
    assert submitted(shop, small) != job
    assert stored(shop) == ASTRONAUT.stat().st_size + small.stat().st_size


def test_an_upload_that_is_named_stays_too(shop: Shop, small: Path) -> None:
    known, target = named(shop, submitted(shop, small))
    for job in shop.board.jobs(tenant=TENANT):
        shop.board.cancel(job.id, tenant=TENANT)
    submitted(shop, f"upload:{target}", f"upload:{known}")
    with pytest.raises(UploadError, match="needed by a job"):
        uploads(shop).remove(target, tenant=TENANT)


def test_what_was_removed_from_storage_is_put_there_again(shop: Shop, small: Path) -> None:
    _, target = named(shop, submitted(shop, small))
    shop.storage.delete(f"{TENANT}/uploads/{target}")
    _, again = named(shop, submitted(shop, small))
    assert again != target
    assert shop.storage.size(f"{TENANT}/uploads/{again}") == small.stat().st_size


def test_a_file_that_cannot_be_kept_takes_no_room(shop: Shop, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = LocalUploads(shop.engine, shop.storage, LimitOptions(), tenant=TENANT, owner="ada")

    def away(*_: object, **__: object) -> None:
        raise StorageUnavailableError("The storage is away", "Try again")

    monkeypatch.setattr(type(shop.storage), "put", away)
    with pytest.raises(StorageUnavailableError):
        local.keep(small, small.stat().st_size, hashlib.sha256(small.read_bytes()).hexdigest())
    assert stored(shop) == 0


def test_results_that_are_reviewed_are_so_whoever_asks_for_them(shop: Shop, small: Path) -> None:
    assert not shop.board.job(submitted(shop, small), tenant=TENANT).needs_review
    Quotas(shop.engine).set_rules(TENANT, TenantRules(is_reviewed=True))
    assert shop.board.job(submitted(shop, small), tenant=TENANT).needs_review
    Quotas(shop.engine).set_rules(TENANT, TenantRules())
    shop.serving["review_processors"] = "face_swapper"
    assert shop.board.job(submitted(shop, small), tenant=TENANT).needs_review
