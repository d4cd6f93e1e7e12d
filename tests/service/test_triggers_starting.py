"""Starting jobs for objects: what is tried again by whoever sent the event, and what is not."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import func, select, update
from webhook_material import Clock, opened

from facefusion.errors import (
    JobQuotaError,
    JobsUnavailableError,
    ResourceUnknownError,
    SecretError,
    StorageAddressError,
    StorageUnavailableError,
    TriggerRuleError,
)
from facefusion.jobs.board import JobBoard
from facefusion.jobs.values import NewJob
from facefusion.service.triggers.created import Created
from facefusion.service.triggers.rule import Rule
from facefusion.service.triggers.starting import Starter
from facefusion.service.triggers.store import Triggers
from facefusion.service.triggers.tables import TRIGGERED, TRIGGERS
from facefusion.trust.keys import KeyRing

REQUEST = {"target": "{address}", "output": "{slug}.mp4", "sources": ["face:abc"]}
RULE = Rule("s3://uploads/in/", (), REQUEST)
FILM = Created("s3://uploads/in/film.mp4", "1")


class Submitting:
    """Takes jobs, or fails as it is told to."""

    def __init__(self, engine, clock):
        self.board, self.problem = JobBoard(engine, clock=clock), None

    def __call__(self, connection, request, *, tenant, owner, priority):
        job = self.board.submitted(connection, NewJob(tenant, owner, request.to_json(), priority=priority))
        if self.problem is not None:
            raise self.problem
        return job


class Place:
    def __init__(self, engine):
        self.engine, self.clock = engine, Clock()
        self.submit = Submitting(engine, self.clock)
        self.triggers = Triggers(engine, KeyRing(secrets.token_bytes(32)).derived, clock=self.clock, most=3)
        self.starter = Starter(engine, self.submit, own=("s3://uploads/in/kept",), clock=self.clock)

    def known(self):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(TRIGGERED)).scalar_one()


@pytest.fixture
def place(tmp_path):
    engine = opened(str(tmp_path / "jobs.db"))
    yield Place(engine)
    engine.dispose()


def test_a_first_event_starts_a_job_on_postgresql_too(postgres_database):
    engine = opened(postgres_database)
    place = Place(engine)
    trigger = place.triggers.add("studio", RULE).trigger.id
    first, again = (place.starter.started(trigger, FILM) for _ in range(2))
    assert (first.outcome, again.outcome) == ("started", "known")
    assert again.job == first.job is not None
    engine.dispose()


@pytest.mark.parametrize("problem", [JobsUnavailableError, StorageUnavailableError, JobQuotaError])
def test_what_passes_is_for_the_sender_to_try_again_and_nothing_is_kept_of_it(place, problem):
    trigger = place.triggers.add("studio", RULE).trigger.id
    place.submit.problem = problem("not now")
    with pytest.raises(problem):
        place.starter.started(trigger, FILM)
    assert place.known() == 0
    assert place.submit.board.jobs(tenant=None) == []
    place.submit.problem = None
    assert place.starter.started(trigger, FILM).outcome == "started"


def test_what_does_not_pass_is_refused_and_seen(place):
    trigger = place.triggers.add("studio", RULE).trigger.id
    place.submit.problem = StorageAddressError("Not there")
    became = place.starter.started(trigger, FILM)
    assert (became.outcome, became.reason) == ("refused", "Not there.")
    assert place.known() == 0
    assert place.triggers.trigger("studio", trigger).refused_reason == "s3://uploads/in/film.mp4: Not there."


def test_the_same_content_is_known_for_a_while(place):
    trigger = place.triggers.add("studio", RULE).trigger.id
    first = place.starter.started(trigger, FILM)
    assert place.starter.started(trigger, FILM).job == first.job
    place.clock.pass_by(89 * 86400)
    assert place.starter.started(trigger, FILM).outcome == "known"
    place.clock.pass_by(2 * 86400)
    assert place.starter.started(trigger, FILM).outcome == "started"


def test_two_triggers_start_a_job_each_for_one_object(place):
    one, two = (place.triggers.add("studio", RULE).trigger.id for _ in range(2))
    assert place.starter.started(one, FILM).job != place.starter.started(two, FILM).job


def test_files_of_the_service_itself_start_nothing(place):
    trigger = place.triggers.add("studio", RULE).trigger.id
    assert place.starter.started(trigger, Created("s3://uploads/in/kept/studio/jobs/a.mp4", "1")).outcome == "ignored"
    assert place.starter.started(trigger, Created("s3://uploads/in/kept-too.mp4", "1")).outcome == "started"


def test_an_object_whose_result_would_start_a_job_is_refused_though_the_rule_was_taken(place):
    """That a key leads back into the bucket is seen when it comes."""
    rule = Rule("s3://uploads/in/", (".mp4",), {**REQUEST, "deliver_to": "s3://uploads/{folder}again.mp4"})
    with pytest.raises(TriggerRuleError):
        place.triggers.add("studio", rule)
    trigger = place.triggers.add("studio", Rule("s3://uploads/", (".mp4",), REQUEST)).trigger.id
    with place.engine.begin() as connection:
        request = {**REQUEST, "deliver_to": "s3://uploads/{folder}{stem}-2.mp4"}
        connection.execute(update(TRIGGERS).where(TRIGGERS.c.id == trigger).values(request=request))
    became = place.starter.started(trigger, FILM)
    assert became.outcome == "refused"
    assert "starts a job again" in became.reason


def test_a_trigger_that_is_gone_starts_nothing(place):
    with pytest.raises(ResourceUnknownError):
        place.starter.started("none", FILM)


def test_a_tenant_has_so_many_triggers_and_no_more(place):
    for _ in range(3):
        place.triggers.add("studio", RULE)
    with pytest.raises(JobQuotaError):
        place.triggers.add("studio", RULE)
    place.triggers.add("other", RULE)


def test_secrets_open_with_the_key_of_the_place_alone(place):
    made = place.triggers.add("studio", RULE)
    assert place.triggers.secret(made.trigger.id) == made.secret
    stranger = Triggers(place.engine, KeyRing(secrets.token_bytes(32)).derived)
    with pytest.raises(SecretError):
        stranger.secret(made.trigger.id)
