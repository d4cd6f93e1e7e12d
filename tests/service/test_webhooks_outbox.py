"""The outbox: what is written with an event, who sends it, how often, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from benchmarks.servers import until
from sqlalchemy import delete, event, func, select, update
from webhook_material import Place, emptied, holds, opened
from webhook_receiver import receiving, status

from facefusion.engine.judged import Measures
from facefusion.errors import (
    JobQuotaError,
    JobsUnavailableError,
    RequestInvalidError,
    ResourceUnknownError,
    WebhookAddressError,
)
from facefusion.jobs.database import writing
from facefusion.jobs.outbox import JOB_KINDS
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOKS
from facefusion.jobs.quality.samples import Samples
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import JOBS
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import Failure, NewJob
from facefusion.service.webhooks.post import Answer
from facefusion.service.webhooks.settings import Egress, Tries
from facefusion.service.webhooks.values import DISABLED, KINDS
from facefusion.trust.database import open_database

DAY = 86400.0
OK, BAD = Answer(200), Answer(500, "it answered 500")


@pytest.fixture(scope="module")
def shared(postgres):
    """A PostgreSQL database with all tables, for all tests here: to make one takes longer than they do."""
    name = postgres.create_database()
    engine = opened(postgres.url(name))
    yield engine
    engine.dispose()
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    if request.param == "postgresql":
        engine = request.getfixturevalue("shared")
        emptied(engine)
        yield Place(engine)
        return
    engine = opened(str(tmp_path / "jobs.db"))
    yield Place(engine)
    engine.dispose()


@pytest.fixture
def lite(tmp_path):
    engine = opened(str(tmp_path / "jobs.db"))
    yield Place(engine)
    engine.dispose()


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


def hook(place, receiver=None, *, kinds=KINDS, tenant="studio"):
    url = f"http://127.0.0.1:{receiver.port}/hook" if receiver else "http://127.0.0.1:9000/hook"
    return place.webhooks.add(tenant, url, kinds=kinds)


def send(place):
    return asyncio.run(place.sender().once())


def states(place, made):
    return [each.state for each in place.deliveries.deliveries(made.webhook.tenant, made.webhook.id)]


def finish(place, result):
    queue = JobQueue(place.engine, clock=place.clock)
    queue.finished(queue.claim("machine-7.example.com"), result)


def test_what_happens_to_a_job_arrives_signed_and_says_nothing_of_people(place, receiver):
    made = hook(place, receiver, kinds=("job.queued", "job.succeeded"))
    job = place.submit()
    finish(place, {"output": {"name": "anna.mp4", "sha256": "ab" * 32, "size": 7, "address": "studio/jobs/x"}})
    assert send(place) == 2
    queued, succeeded = sorted(receiver.received, key=lambda got: json.loads(got.body)["data"]["job"]["revision"])
    assert all(holds(got.body, got.headers, made.secret) for got in (queued, succeeded))
    assert json.loads(queued.body)["type"] == "job.queued"
    assert json.loads(succeeded.body) == {
        "type": "job.succeeded",
        "timestamp": "2027-01-15T08:00:00+00:00",
        "data": {
            "job": {
                "id": job.id,
                "state": "succeeded",
                "revision": 3,
                "created": "2027-01-15T08:00:00+00:00",
                "started": "2027-01-15T08:00:00+00:00",
                "finished": "2027-01-15T08:00:00+00:00",
                "segments": None,
                "frames": None,
                "error": None,
                "result": {"sha256": "ab" * 32, "size": 7},
            },
            "links": {
                "job": f"https://faces.example.com/v1/jobs/{job.id}",
                "result": f"https://faces.example.com/v1/jobs/{job.id}/result",
            },
        },
    }
    for got in receiver.received:
        assert not [word for word in (b"anna", b"machine-7", b"bucket", b"studio") if word in got.body]
    assert states(place, made) == ["delivered", "delivered"]


def test_why_a_job_failed_is_told_by_its_kind_alone(place, receiver):
    hook(place, receiver, kinds=("job.failed",))
    place.submit()
    queue = JobQueue(place.engine, clock=place.clock)
    failure = Failure("NoFaceError", 20, "No face in anna.jpg", "Take another picture of Anna", is_final=True)
    queue.failed(queue.claim("w"), failure)
    send(place)
    [got] = receiver.received
    assert json.loads(got.body)["data"]["job"]["error"] == {"type": "NoFaceError", "code": 20}
    assert b"anna" not in got.body.lower()


def test_that_a_result_was_measured_is_told_with_what_is_odd_of_it(place, receiver):
    hook(place, receiver, kinds=("job.measured",))
    job, samples = place.submit(), Samples(place.engine, clock=place.clock)
    queue = JobQueue(place.engine, clock=place.clock)
    queue.finished(queue.claim("w"), {"outputs": []}, inputs={"s3://bucket/anna.mp4": "0" * 64})
    samples.measured(samples.claim("w"), Measures(8, 0), ["pose", "blurred"])
    send(place)
    [got] = receiver.received
    told = json.loads(got.body)
    assert (told["type"], told["data"]["quality"]) == ("job.measured", {"flags": ["pose", "blurred"]})
    assert (told["data"]["job"]["id"], told["data"]["job"]["state"]) == (job.id, "succeeded")
    assert b"anna" not in got.body


def test_that_the_storage_is_full_is_told_with_the_job_that_filled_it(place, receiver):
    hook(place, receiver, kinds=("storage.full",))
    Tenants(place.engine).set("studio", Quota(max_bytes=1000))
    _, second = place.submit(), place.submit()
    queue = JobQueue(place.engine, clock=place.clock)
    for _ in range(2):
        queue.finished(queue.claim("w"), {"outputs": []}, stored=900)
    send(place)
    [got] = receiver.received
    told = json.loads(got.body)
    assert (told["type"], told["data"]["storage"]) == ("storage.full", {"stored": 1800, "most": 1000})
    assert told["data"]["job"]["id"] == second.id


def test_a_job_that_is_done_whole_after_all_is_told_as_queued_again(place, receiver):
    hook(place, receiver)
    place.submit(is_cut=True)
    queue = JobQueue(place.engine, clock=place.clock)
    send(place)
    receiver.received.clear()
    lease = queue.claim("w")
    queue.whole_instead(
        lease, Failure("OnlyWholeError", 85, "Frames of anna.mp4 are not where it says", "", is_final=True)
    )
    send(place)
    told = {json.loads(got.body)["type"]: json.loads(got.body)["data"] for got in receiver.received}
    assert set(told) == {"job.planning", "job.queued"}
    assert (told["job.queued"]["job"]["state"], told["job.queued"]["job"]["segments"]) == ("queued", None)
    assert told["job.queued"]["job"]["revision"] > told["job.planning"]["job"]["revision"]
    assert not [got for got in receiver.received if b"anna" in got.body]


def test_a_message_says_what_was_then_and_not_what_is_when_it_is_sent(place, receiver):
    hook(place, receiver, kinds=("job.queued",))
    job = place.submit()
    place.board.cancel(job.id, tenant=None)
    place.board.remove(job.id, tenant=None)
    send(place)
    assert json.loads(receiver.received[0].body)["data"]["job"]["state"] == "queued"


def test_only_those_are_told_who_asked_and_whose_job_it_is(place, receiver):
    hook(place, receiver, kinds=("job.cancelled",))
    hook(place, receiver, kinds=("job.queued",), tenant="other")
    off = hook(place, receiver, kinds=("job.queued",))
    place.webhooks.change("studio", off.webhook.id, is_enabled=False)
    wanted = hook(place, receiver, kinds=("job.queued", "job.running"))
    place.submit()
    with place.engine.connect() as connection:
        assert list(connection.execute(select(DELIVERIES.c.webhook)).scalars()) == [wanted.webhook.id]


def test_several_webhooks_know_a_message_by_the_same_identifier(place):
    hook(place)
    hook(place)
    place.submit()
    with place.engine.connect() as connection:
        messages = list(connection.execute(select(DELIVERIES.c.message)).scalars())
    assert len(messages) == 2
    assert len(set(messages)) == 1


def test_nothing_is_owed_for_what_did_not_happen(place):
    hook(place)
    with pytest.raises(JobsUnavailableError), writing(place.engine) as connection:
        place.board.submitted(connection, NewJob("studio", "ada", {}))
        raise JobsUnavailableError("the database went away")
    with place.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(JOBS)).scalar_one() == 0


def test_without_webhooks_an_event_costs_one_statement_that_reads(lite):
    lite.submit()
    seen = []
    event.listen(lite.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    lite.submit()
    about = [statement for statement in seen if "deliveries" in statement.lower()]
    assert len(about) == 1
    with lite.engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT 1 FROM webhook_kinds WHERE tenant='a' AND kind='b'"
        )
        assert "SEARCH" in str(plan.all())


def test_tries_follow_one_another_as_documented_and_end(place):
    made = hook(place, kinds=("job.queued",))
    place.submit()
    waits, ended = [], None
    while ended is None:
        [due] = place.outbox.claim(10)
        before = place.clock.now
        place.outbox.became(due, BAD)
        [found] = place.deliveries.deliveries("studio", made.webhook.id)
        if found.state == "dead":
            ended = found
        else:
            waits.append((found.next_try.timestamp() * 1_000_000 - before) / 1_000_000)
            assert place.outbox.claim(10) == []
            place.clock.pass_by(waits[-1])
    assert [round(wait) for wait in waits[:8]] == [5, 15, 45, 135, 405, 1215, 3645, 10935]
    assert set(map(round, waits[8:])) == {21600}
    assert sum(waits) <= 3 * DAY < sum(waits) + 21600
    assert (ended.reason, ended.status, ended.attempts) == ("it answered 500", 500, len(waits) + 1)
    assert place.outbox.claim(10) == []


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_waits_are_spread(chance):
    assert Tries().waiting(1, chance) == pytest.approx(5 * (0.8 + 0.4 * chance))
    assert Tries().waiting(10_000, chance) == pytest.approx(21600 * (0.8 + 0.4 * chance))


def test_a_receiver_may_ask_for_a_longer_wait_but_not_for_ever(place):
    hook(place, kinds=("job.queued",))
    place.submit()
    for asked, waited in ((100.0, 100), (1.0, 15), (1e9, 21600)):
        [due] = place.outbox.claim(10)
        before = place.clock.now
        place.outbox.became(due, Answer(429, "it answered 429", asked))
        with place.engine.connect() as connection:
            place.clock.now = connection.execute(select(DELIVERIES.c.not_before)).scalar_one()
        assert place.clock.now - before == waited * 1_000_000


def test_what_failed_arrives_later_under_the_same_identifier_with_a_new_time(place, receiver):
    made = hook(place, receiver, kinds=("job.queued",))
    receiver.answers += [status(500), status(200)]
    place.submit()
    send(place)
    assert place.webhooks.webhook("studio", made.webhook.id).failing_since is not None
    place.clock.pass_by(5)
    assert send(place) == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5
    assert first.body == second.body
    assert states(place, made) == ["delivered"]
    assert place.webhooks.webhook("studio", made.webhook.id).failing_since is None


def test_many_senders_at_once_send_each_message_once(place, receiver):
    hook(place, receiver, kinds=("job.queued",))
    for _ in range(20):
        place.submit()
    problems = []

    def work():
        sender = place.sender()
        try:
            while asyncio.run(sender.once()) or states_left(place):
                pass
        except Exception as error:  # noqa: BLE001 - it is told below
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    ids = [got.headers["webhook-id"] for got in receiver.received]
    assert len(ids) == len(set(ids)) == 20


def states_left(place):
    with place.engine.connect() as connection:
        waiting = select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.state == "waiting")
        return connection.execute(waiting).scalar_one()


def test_a_message_whose_sender_died_is_sent_by_another_and_the_first_is_not_heard(place):
    made = hook(place, kinds=("job.queued",))
    place.submit()
    [first] = place.outbox.claim(10)
    assert place.outbox.claim(10) == []
    place.clock.pass_by(61)
    [second] = place.outbox.claim(10)
    assert second.row.message == first.row.message
    assert place.outbox.became(first, OK).state == "lost"
    assert states(place, made) == ["waiting"]
    assert place.outbox.became(second, OK).state == "delivered"


def test_a_slow_webhook_leaves_room_for_others(place):
    slow, quick = hook(place, kinds=("job.queued",)), hook(place, kinds=("job.running",))
    for _ in range(30):
        place.submit()
    first = place.outbox.claim(32)
    assert {due.webhook.id for due in first} == {slow.webhook.id}
    assert len(first) == 4
    JobQueue(place.engine, clock=place.clock).claim("w")
    assert {due.webhook.id for due in place.outbox.claim(32)} == {quick.webhook.id}


def test_a_webhook_at_which_nothing_arrives_for_days_is_disabled_and_others_are_told(place, receiver):
    bad = hook(place, kinds=("job.queued",))
    watching = hook(place, receiver, kinds=("webhook.disabled",))
    hook(place, receiver, kinds=("webhook.disabled",), tenant="other")
    for _ in range(6):
        place.submit()
        for due in place.outbox.claim(10):
            place.outbox.became(due, BAD)
        place.clock.pass_by(DAY + 60)
    found = place.webhooks.webhook("studio", bad.webhook.id)
    assert not found.is_enabled
    assert found.disabled_reason == "nothing arrived for 5 days; the last: it answered 500"
    send(place)
    [got] = receiver.received
    assert holds(got.body, got.headers, watching.secret)
    said = json.loads(got.body)
    assert said["type"] == "webhook.disabled"
    assert said["data"]["webhook"] == {"webhook": bad.webhook.id, "reason": found.disabled_reason}


def test_a_success_in_between_means_that_it_is_not_disabled(place):
    made = hook(place, kinds=("job.queued",))
    for answer in (BAD, BAD, BAD, OK, BAD, BAD, BAD):
        place.submit()
        for due in place.outbox.claim(10):
            place.outbox.became(due, answer)
        place.clock.pass_by(DAY + 60)
    assert place.webhooks.webhook("studio", made.webhook.id).is_enabled


def test_who_answers_410_wants_no_more(place):
    made = hook(place, kinds=("job.queued",))
    place.submit()
    [due] = place.outbox.claim(10)
    became = place.outbox.became(due, Answer(410, "it answered 410"))
    assert (became.state, became.is_disabled) == ("dead", True)
    assert "410" in place.webhooks.webhook("studio", made.webhook.id).disabled_reason
    place.submit()
    assert states(place, made) == ["dead"]


def test_a_webhook_that_is_enabled_again_gets_what_waited(place, receiver):
    made = hook(place, receiver, kinds=("job.queued",))
    place.submit()
    place.webhooks.change("studio", made.webhook.id, is_enabled=False)
    assert send(place) == 0
    place.webhooks.change("studio", made.webhook.id, is_enabled=True)
    assert send(place) == 1


def test_what_waits_too_long_is_given_up_and_what_is_old_is_forgotten(place):
    made = hook(place, kinds=("job.queued",))
    place.submit()
    place.webhooks.change("studio", made.webhook.id, is_enabled=False)
    assert place.outbox.tidy() == 0
    place.clock.pass_by(3 * DAY + 1)
    assert place.outbox.tidy() == 1
    [found] = place.deliveries.deliveries("studio", made.webhook.id)
    assert (found.state, found.reason) == ("dead", "it was not tried")
    place.clock.pass_by(30 * DAY + 1)
    place.outbox.tidy()
    assert states(place, made) == []


def test_a_dead_message_is_sent_again_by_hand(place, receiver):
    made = hook(place, receiver, kinds=("job.queued",))
    place.submit()
    [due] = place.outbox.claim(10)
    place.clock.pass_by(4 * DAY)
    place.outbox.became(due, BAD)
    [dead] = place.deliveries.deliveries("studio", made.webhook.id)
    assert dead.state == "dead"
    again = place.deliveries.redeliver("studio", made.webhook.id, dead.message)
    assert (again.state, again.attempts, again.reason) == ("waiting", 0, None)
    send(place)
    assert receiver.received[0].headers["webhook-id"] == dead.message
    assert states(place, made) == ["delivered"]


def test_a_message_that_is_sent_again_by_hand_while_it_is_sent_does_not_get_lost(place):
    made = hook(place, kinds=("job.queued",))
    place.submit()
    [due] = place.outbox.claim(10)
    place.deliveries.redeliver("studio", made.webhook.id, due.row.message)
    assert place.outbox.became(due, OK).state == "lost"
    assert len(place.outbox.claim(10)) == 1


def test_a_webhook_can_be_tried(place, receiver):
    made = hook(place, receiver, kinds=("job.failed",))
    ping = place.deliveries.ping("studio", made.webhook.id)
    send(place)
    [got] = receiver.received
    assert holds(got.body, got.headers, made.secret)
    assert json.loads(got.body) == {"type": "webhook.test", "timestamp": "2027-01-15T08:00:00+00:00", "data": {}}
    assert place.deliveries.delivery("studio", made.webhook.id, ping.message).state == "delivered"


def test_a_secret_is_changed_without_a_gap(place, receiver):
    made = hook(place, receiver, kinds=("job.queued",))
    new = place.webhooks.rotate("studio", made.webhook.id)
    assert new.secret != made.secret
    place.submit()
    send(place)
    place.clock.pass_by(DAY + 1)
    place.submit()
    send(place)
    both, only = receiver.received
    assert holds(both.body, both.headers, made.secret)
    assert holds(both.body, both.headers, new.secret)
    assert holds(only.body, only.headers, new.secret)
    assert not holds(only.body, only.headers, made.secret)


def test_secrets_are_not_in_the_database_and_open_with_the_key_of_the_place_alone(lite):
    made = hook(lite, kinds=("job.queued",))
    raw = b"".join(path.read_bytes() for path in lite_files(lite))
    assert made.secret.encode() not in raw
    assert made.secret.removeprefix("whsec_").encode() not in raw
    lite.submit()
    stranger = Place(lite.engine)
    assert asyncio.run(stranger.sender().once()) == 1
    [found] = lite.deliveries.deliveries("studio", made.webhook.id)
    assert found.state == "waiting"
    assert "sealed with another key" in found.reason


def lite_files(place):
    database = Path(place.engine.url.database)
    return list(database.parent.glob(f"{database.name}*"))


def test_a_secret_does_not_move_to_another_webhook(lite):
    one, two = hook(lite, kinds=("job.queued",)), hook(lite, kinds=("job.queued",))
    with lite.engine.begin() as connection:
        secret = select(WEBHOOKS.c.secret).where(WEBHOOKS.c.id == one.webhook.id)
        moved = connection.execute(secret).scalar_one()
        connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == two.webhook.id).values(secret=moved))
    lite.submit()
    send(lite)
    assert "sealed with another key" in lite.deliveries.deliveries("studio", two.webhook.id)[0].reason


def test_webhooks_are_the_tenants_own(place):
    made = hook(place)
    ask = place.webhooks
    for call in (
        lambda: ask.webhook("other", made.webhook.id),
        lambda: ask.change("other", made.webhook.id, is_enabled=False),
        lambda: ask.remove("other", made.webhook.id),
        lambda: ask.rotate("other", made.webhook.id),
        lambda: place.deliveries.ping("other", made.webhook.id),
        lambda: place.deliveries.deliveries("other", made.webhook.id),
        lambda: place.deliveries.delivery("studio", made.webhook.id, "msg_none"),
        lambda: place.deliveries.redeliver("studio", made.webhook.id, "msg_none"),
        lambda: ask.webhook("studio", "none"),
    ):
        with pytest.raises(ResourceUnknownError):
            call()
    assert ask.webhooks("other") == []
    assert [each.id for each in ask.webhooks("studio")] == [made.webhook.id]


def test_a_tenant_has_so_many_and_no_more(lite):
    for _ in range(20):
        hook(lite)
    with pytest.raises(JobQuotaError):
        hook(lite)
    hook(lite, tenant="other")


@pytest.mark.parametrize("kinds", [(), ("job.exploded",), ("job.queued", "task.leased"), ("*",), ("webhook.test",)])
def test_kinds_that_there_are_not(lite, kinds):
    with pytest.raises(RequestInvalidError):
        hook(lite, kinds=kinds)


def test_whatever_is_written_can_be_chosen_and_is_documented():
    assert {*KINDS} == {*JOB_KINDS, DISABLED}
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert not [kind for kind in KINDS if f"`{kind}`" not in page]


def test_addresses_are_looked_at_when_a_webhook_is_made_and_changed(lite):
    strict = Place(lite.engine, egress=Egress())
    with pytest.raises(WebhookAddressError):
        strict.webhooks.add("studio", "https://127.0.0.1/")
    made = strict.webhooks.add("studio", "https://hooks.example.com")
    with pytest.raises(WebhookAddressError):
        strict.webhooks.change("studio", made.webhook.id, url="http://hooks.example.com/")
    assert made.webhook.url == "https://hooks.example.com/"


def test_what_is_allowed_counts_when_it_is_sent_too(lite, receiver):
    """A webhook from before the rules were made stricter gets nothing."""
    made = hook(lite, receiver, kinds=("job.queued",))
    lite.submit()
    asyncio.run(Place(lite.engine, egress=Egress(), ring=lite.ring).sender().once())
    assert receiver.received == []
    assert "http" in lite.deliveries.deliveries("studio", made.webhook.id)[0].reason


def test_a_webhook_that_is_removed_takes_its_messages_along(place):
    made = hook(place)
    place.submit()
    [due] = place.outbox.claim(1)
    place.webhooks.remove("studio", made.webhook.id)
    assert place.outbox.became(due, OK).state == "lost"
    assert states_left(place) == 0
    place.submit()


def test_a_message_without_a_webhook_harms_nobody(place):
    made = hook(place)
    place.submit()
    with place.engine.begin() as connection:
        connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == made.webhook.id))
    assert place.outbox.claim(10) == []


def test_pages_of_messages_go_from_the_newest_to_the_oldest(place):
    made = hook(place, kinds=("job.queued",))
    for _ in range(5):
        place.submit()
        place.clock.pass_by(1)
    first = place.deliveries.deliveries("studio", made.webhook.id, limit=3)
    rest = place.deliveries.deliveries("studio", made.webhook.id, before=first[-1].number, limit=3)
    times = [each.at for each in [*first, *rest]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 5
    assert place.deliveries.deliveries("studio", made.webhook.id, states=("dead",)) == []


def test_the_sender_goes_on_when_the_database_is_back(receiver, postgres, cable):
    """A message that is written while the database can be reached by others arrives once it can be by the sender."""
    name = postgres.create_database()
    near = Place(opened(postgres.url(name)))
    line = cable(postgres.port)
    far = Place(open_database(postgres.tcp_url(name, port=line.port)), ring=near.ring)
    made = hook(near, receiver, kinds=("job.queued",))

    async def away_and_back():
        stopping = asyncio.Event()
        running = asyncio.create_task(far.sender(idle=0.02).run(stopping))
        near.submit()
        await asyncio.to_thread(until, lambda: states(near, made) == ["delivered"])
        with line.away():
            near.submit()
            with pytest.raises(JobsUnavailableError):
                await asyncio.to_thread(far.outbox.claim, 1)
        await asyncio.to_thread(until, lambda: states(near, made) == ["delivered", "delivered"])
        stopping.set()
        await asyncio.wait_for(running, 30)

    asyncio.run(away_and_back())
    far.engine.dispose()
    near.engine.dispose()
    postgres.drop_database(name)


def test_a_sender_that_is_told_to_stop_brings_what_is_on_its_way_to_its_end(lite, receiver):
    made = hook(lite, receiver, kinds=("job.queued",))
    holding = threading.Event()

    def slow(handler):
        holding.wait(20)
        status(200)(handler)

    receiver.answers.append(slow)
    lite.submit()

    async def stopped():
        stopping = asyncio.Event()
        running = asyncio.create_task(lite.sender(idle=0.02).run(stopping))
        await asyncio.to_thread(until, lambda: receiver.received)
        stopping.set()
        holding.set()
        await asyncio.wait_for(running, 30)

    asyncio.run(stopped())
    assert states(lite, made) == ["delivered"]


def test_a_backlog_of_one_webhook_is_worked_off_without_pauses(lite, receiver):
    """Only a few are sent at a time, but the next ones follow as soon as one has arrived."""
    hook(lite, receiver, kinds=("job.queued",))
    for _ in range(24):
        lite.submit()

    async def worked_off():
        stopping = asyncio.Event()
        running = asyncio.create_task(lite.sender(idle=30.0).run(stopping))
        await asyncio.to_thread(until, lambda: len(receiver.received) == 24, seconds=25)
        stopping.set()
        await asyncio.wait_for(running, 30)

    asyncio.run(worked_off())
