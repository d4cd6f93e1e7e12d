"""How much anybody gets: rates that hold to the request, together over processes, and requests at one time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import pytest
from benchmarks.cable import Cable
from benchmarks.servers import Redis, until
from gateway_house import JOB, House
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import AccessUnavailableError, OptionsError, TooManyRequestsError
from facefusion.service.gateway.limits import Bucket, Limiter, MemoryLimiter, SharedLimiter, Slots
from facefusion.service.gateway.quotas import TenantRules

SLOW = 1e-4
"""Tokens a second of buckets that must not fill while a test runs."""


@asynccontextmanager
async def shared(url: str) -> AsyncIterator[SharedLimiter]:
    limiter = SharedLimiter.connected(url, MemoryLimiter(), seconds=20)
    try:
        yield limiter
    finally:
        await limiter.close()


async def let_in(limiter: Limiter, buckets: list[Bucket], times: int) -> int:
    return sum(verdict.is_let_in for verdict in await asyncio.gather(*(limiter.take(buckets) for _ in range(times))))


def test_a_bucket_gives_what_it_holds_and_then_what_comes_in() -> None:
    now = [0.0]
    limiter = MemoryLimiter(clock=lambda: now[0])
    bucket = [Bucket("key", "a", 5, 2.0)]

    async def go() -> None:
        assert await let_in(limiter, bucket, 9) == 5
        refused = await limiter.take(bucket)
        assert (refused.seconds, refused.short) == (1, bucket[0])
        now[0] += 1.0
        assert await let_in(limiter, bucket, 9) == 2
        now[0] += 1000
        assert await let_in(limiter, bucket, 9) == 5
        assert await let_in(limiter, [Bucket("key", "b", 5, 2.0)], 9) == 5
        now[0] -= 500  # a clock that goes back gives nothing
        assert await let_in(limiter, bucket, 9) == 0

    asyncio.run(go())


def test_a_refused_request_takes_nothing_from_anybody() -> None:
    limiter = MemoryLimiter(clock=lambda: 0.0)
    wide, narrow = Bucket("tenant", "t", 10, 1.0), Bucket("key", "k", 2, 1.0)

    async def go() -> None:
        assert await let_in(limiter, [wide, narrow], 6) == 2
        assert await let_in(limiter, [wide], 20) == 8

    asyncio.run(go())


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 2)), max_size=60), st.floats(1, 20), st.floats(0.01, 5))
def test_no_more_goes_through_than_the_size_and_what_came_in(
    steps: list[tuple[float, int]], size: float, rate: float
) -> None:
    now, taken = [0.0], 0
    limiter = MemoryLimiter(clock=lambda: now[0])

    async def go() -> None:
        nonlocal taken
        for pause, times in steps:
            now[0] += pause
            taken += await let_in(limiter, [Bucket("key", "a", size, rate)], times)
            assert taken <= size + rate * now[0] + 1e-6

    asyncio.run(go())


def test_memory_is_bounded_however_many_come() -> None:
    limiter = MemoryLimiter(clock=lambda: 0.0, most=100)

    async def go() -> None:
        for number in range(1000):
            await limiter.take([Bucket("address", str(number), 1, 1)])
        assert len(limiter._kept) == 100

    asyncio.run(go())


def test_processes_count_together_in_redis_to_the_request(redis_url: str) -> None:
    async def go() -> None:
        async with shared(redis_url) as one, shared(redis_url) as two, shared(redis_url) as three:
            bucket, wide = Bucket("key", "a", 50, SLOW), Bucket("tenant", "t", 70, SLOW)
            found = await asyncio.gather(*(let_in(each, [bucket, wide], 60) for each in (one, two, three)))
            assert sum(found) == 50
            assert await let_in(two, [Bucket("key", "b", 50, SLOW), wide], 60) == 20

    asyncio.run(go())


def test_redis_tells_the_same_as_memory(redis_url: str) -> None:
    async def go() -> None:
        async with shared(redis_url) as limiter:
            memory = MemoryLimiter(clock=lambda: 0.0)
            for _ in range(4):
                one, other = (
                    await limiter.take([Bucket("key", "a", 3, SLOW)]),
                    await memory.take([Bucket("key", "a", 3, SLOW)]),
                )
                assert one.is_let_in == other.is_let_in
                assert one.left == pytest.approx(other.left, abs=0.01)
            assert one.seconds == pytest.approx(other.seconds, abs=60)

    asyncio.run(go())


def test_redis_keeps_no_names_and_forgets_full_buckets(redis_server: Redis, redis_url: str) -> None:
    import redis

    async def go() -> None:
        async with shared(redis_url) as limiter:
            await limiter.take([Bucket("key", "studio user:ada@example.com", 5, 10.0)])

    asyncio.run(go())
    with redis.Redis(port=redis_server.port) as client:
        [name] = client.keys()
        assert b"ada" not in name
        assert 0 < client.pttl(name) <= 2000


def test_while_redis_is_away_each_process_counts_by_itself(
    redis_server: Redis, redis_url: str, cable: Callable[[int], Cable], caplog: pytest.LogCaptureFixture
) -> None:
    line = cable(redis_server.port)
    now = [0.0]

    async def go() -> None:
        memory = MemoryLimiter(clock=lambda: now[0])
        limiter = SharedLimiter.connected(redis_server.url(port=line.port), memory, clock=lambda: now[0])
        bucket = [Bucket("key", "a", 5, SLOW)]
        assert await let_in(limiter, bucket, 3) == 3
        line.cut()
        assert await let_in(limiter, bucket, 9) == 5
        assert await let_in(limiter, bucket, 9) == 0
        line.mend()
        now[0] += 3
        assert await let_in(limiter, bucket, 9) == 1  # the one that found out
        assert await let_in(limiter, bucket, 9) == 1
        await limiter.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(go())
    said = [record.message for record in caplog.records if record.name.startswith("facefusion")]
    assert len(said) == 2
    assert "each process counts" in said[0]
    assert "again" in said[1]


def test_a_redis_that_does_not_answer_holds_requests_up_for_a_moment_only(redis_server: Redis, redis_url: str) -> None:
    async def go() -> float:
        limiter, bucket = (
            SharedLimiter.connected(redis_url, MemoryLimiter(), seconds=0.5),
            [Bucket("key", "a", 5, SLOW)],
        )
        with redis_server.process.held():
            began = asyncio.get_running_loop().time()
            found = [await limiter.take(bucket) for _ in range(20)]
            took = asyncio.get_running_loop().time() - began
        assert sum(verdict.is_let_in for verdict in found) == 5
        await limiter.close()
        return took

    assert asyncio.run(go()) < 5


@pytest.mark.parametrize("url", ["http://localhost", "redis", "redis://localhost:port/0"])
def test_an_address_that_is_no_redis_is_told_at_once(url: str) -> None:
    with pytest.raises(OptionsError, match="redis://"):
        SharedLimiter.connected(url, MemoryLimiter())


def test_slots_are_given_back_whatever_happens() -> None:
    slots = Slots(3, 2)
    with pytest.raises(ZeroDivisionError), slots.one("a"):
        _ = 1 / 0
    with slots.one("a"), slots.one("a"):
        with pytest.raises(TooManyRequestsError), slots.one("a"):
            pass
        with slots.one("b"), pytest.raises(AccessUnavailableError), slots.one("c"):
            pass
    assert not slots._taken


# At the door


def answers_to(service: object, key: str, times: int, path: str = f"/v1/jobs/{JOB}") -> list[httpx.Response]:
    with service.client(key) as client, ThreadPoolExecutor(16) as pool:  # type: ignore[attr-defined]
        return list(pool.map(lambda _: client.get(path), range(times)))


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_key_gets_its_rate_to_the_request_and_is_told_what_is_left(
    house: House, is_shared: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, connected = house.key(), SharedLimiter.connected
    # A machine that is busy with other tests must not look like a Redis that is away.
    monkeypatch.setattr(SharedLimiter, "connected", lambda url, otherwise: connected(url, otherwise, seconds=20))
    values = {"rate_key": 3, "rate_burst": 400}
    values |= {"redis": request.getfixturevalue("redis_url")} if is_shared else {}
    with house.serving(**values) as service:
        answers = answers_to(service, key, 40)
        assert service.get("/v1/open", house.key()).status_code == 200
    good = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(good), len(refused)) == (20, 20)
    assert int(refused[0].headers["retry-after"]) in range(15, 22)
    assert '"key";q=20;w=400' in refused[0].headers["ratelimit-policy"]
    assert '"key";r=0;t=' in refused[0].headers["ratelimit"]
    left = sorted(int(answer.headers["ratelimit"].split('"key";r=')[1].split(";")[0]) for answer in good)
    assert left == list(range(20))
    [entry] = house.entries("denied")
    assert (entry["reason"], entry["count"]) == ("rate-key", 20)


def test_keys_of_one_tenant_share_its_rate(house: House) -> None:
    with house.serving(rate_tenant=3, rate_burst=200) as service:
        found = [answer for _ in range(3) for answer in answers_to(service, house.key(), 8)]
        assert service.get("/v1/open", house.key(tenant="other")).status_code == 200
    assert sum(answer.status_code == 200 for answer in found) == 10


def test_a_day_has_as_many_requests_as_the_tenant_may_make(house: House) -> None:
    from facefusion.service.gateway.quotas import Quotas

    Quotas(house.engine).set_rules("studio", TenantRules(requests_a_day=7))
    with house.serving() as service:
        found = answers_to(service, house.key(), 12)
        assert service.get("/v1/open", house.key(tenant="other")).status_code == 200
    refused = [answer for answer in found if answer.status_code == 429]
    assert len(refused) == 5
    assert "day" in refused[0].json()["detail"]
    assert int(refused[0].headers["retry-after"]) > 10_000


def test_whoever_tries_keys_out_is_shut_out_by_where_they_are_before_keys_are_looked_at(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facefusion.service.gateway.keys import KeyStore, make_key

    looked, find = [], KeyStore.find
    monkeypatch.setattr(KeyStore, "find", lambda self, key_id: looked.append(key_id) or find(self, key_id))
    with house.serving(rate_address=3, rate_burst=200) as service:
        found = [service.get("/v1/open", make_key().text).status_code for _ in range(25)]
        assert service.get("/v1/open").status_code == 429
    assert found == [401] * 10 + [429] * 15
    assert len(looked) == 11


def test_requests_at_one_time_are_limited_for_each_and_for_all(house: House) -> None:
    one, other = house.key(), house.key()
    with house.serving(max_concurrent_key=2, max_concurrent=3) as service, ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(service.get, "/v1/wait", key) for key in (one, one)]
        until(lambda: house.app.state.waiting == 2)
        refused = service.get("/v1/open", one)
        waiting.append(pool.submit(service.get, "/v1/wait", other))
        until(lambda: house.app.state.waiting == 3)
        busy = service.get("/v1/open", house.key())
        house.app.state.go.set()
        assert [each.result().status_code for each in waiting] == [200, 200, 200]
        assert service.get("/v1/open", one).status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
