"""The resources of the service, for both kinds of clients at once: whose methods wait or are awaited is theirs."""

from __future__ import annotations

from facefusion.client import uploading
from facefusion.client.asks import admin, consents, faces, jobs, others, triggers, uploads, users, webhooks
from facefusion.client.binding import Doing, Listing, Running
from facefusion.client.values import Job, JobOutput
from facefusion.errors import JobStateError, ResourceUnknownError


def output_of(job: Job, number: int) -> JobOutput:
    """Return one output of a job.

    Raises:
        JobStateError: it has none yet.
        ResourceUnknownError: it has none of this number.
    """
    if job.result is None:
        raise JobStateError(f"Job {job.id} is {job.state} and has no result", "Wait until it has succeeded")
    if not 0 <= number < len(job.result.outputs):
        raise ResourceUnknownError(f"Job {job.id} has no output {number}")
    return job.result.outputs[number]


class UploadsOf:
    """Files that are sent to the service."""

    send = Running(uploading.send)
    begin = Doing(uploads.begin)
    append = Doing(uploads.append)
    look = Doing(uploads.look)
    show = Doing(uploads.show)
    page = Doing(uploads.page)
    all = Listing(uploads.page)
    remove = Doing(uploads.remove)
    direct = Doing(uploads.direct)
    complete = Doing(uploads.complete)
    verify = Doing(others.verify_upload)
    possible = Doing(uploads.possible)
    check = Doing(uploads.check)
    frame = Doing(uploads.frame)
    moment = Doing(uploads.moment)
    find_people = Doing(uploads.find_people)
    people = Doing(uploads.people)
    person_portrait = Doing(uploads.person_portrait)


class FacesOf:
    """Faces, built once and used by many jobs."""

    build = Doing(faces.build)
    show = Doing(faces.show)
    page = Doing(faces.page)
    all = Listing(faces.page)
    portrait = Doing(faces.portrait)
    remove = Doing(faces.remove)


class JobsOf:
    """Jobs: asked for, watched, stopped, fetched."""

    submit = Doing(jobs.submit)
    estimate = Doing(jobs.estimate)
    show = Doing(jobs.show)
    time = Doing(jobs.time)
    page = Doing(jobs.page)
    all = Listing(jobs.page)
    events = Doing(jobs.events)
    cancel = Doing(jobs.cancel)
    pause = Doing(jobs.pause)
    resume = Doing(jobs.resume)
    retry = Doing(jobs.retry)
    prioritise = Doing(jobs.prioritise)
    approve = Doing(jobs.approve)
    reject = Doing(jobs.reject)
    result = Doing(jobs.result)
    output = Doing(jobs.output)
    target = Doing(jobs.target)
    target_frame = Doing(jobs.target_frame)
    source = Doing(jobs.source)
    remove = Doing(jobs.remove)
    frames = Doing(jobs.frames)
    frame = Doing(jobs.frame)
    thumbnail = Doing(jobs.thumbnail)
    share = Doing(jobs.share)
    links = Doing(jobs.links)
    unshare = Doing(jobs.unshare)
    shared = Doing(jobs.shared)
    shared_file = Doing(jobs.shared_file)
    preview = Doing(jobs.preview)
    preview_frame = Doing(jobs.preview_frame)


class ConsentsOf:
    """Who agreed to what."""

    add = Doing(consents.add)
    show = Doing(consents.show)
    all = Listing(consents.page)
    revoke = Doing(consents.revoke)
    export = Doing(consents.export)
    signature = Doing(consents.signature)


class WebhooksOf:
    """Who is told of jobs."""

    create = Doing(webhooks.create)
    show = Doing(webhooks.show)
    all = Listing(webhooks.page)
    change = Doing(webhooks.change)
    remove = Doing(webhooks.remove)
    rotate = Doing(webhooks.rotate)
    test = Doing(webhooks.test)
    delivery = Doing(webhooks.delivery)
    delivery_page = Doing(webhooks.deliveries)
    deliveries = Listing(webhooks.deliveries)
    redeliver = Doing(webhooks.redeliver)


class TriggersOf:
    """Objects that come into a bucket and start jobs."""

    create = Doing(triggers.create)
    show = Doing(triggers.show)
    all = Listing(triggers.page)
    change = Doing(triggers.change)
    remove = Doing(triggers.remove)
    rotate = Doing(triggers.rotate)
    send = Doing(triggers.send)


class ModelsOf:
    """Models of the catalogue, processors and options."""

    all = Listing(others.models)
    show = Doing(others.show_model)
    pull = Doing(others.pull_models)
    read_bundle = Doing(others.import_models)
    processors = Doing(others.processors)
    options = Doing(others.options)


class OperationsOf:
    """What the service does beside requests."""

    show = Doing(others.show_operation)
    cancel = Doing(others.cancel_operation)
    page = Doing(others.operations)
    all = Listing(others.operations)


class AuditOf:
    """What was done, by whom, under which rules."""

    show = Doing(others.show_entry)
    page = Doing(others.audit)
    all = Listing(others.audit)
    export = Doing(others.export_entries)
    chain = Doing(others.chain)
    check = Doing(others.check_chain)


class KeysOf:
    """API keys of the tenant."""

    create = Doing(admin.create_key)
    show = Doing(admin.show_key)
    all = Doing(admin.keys)
    rotate = Doing(admin.rotate_key)
    revoke = Doing(admin.revoke_key)


class UsersOf:
    """People who sign in with a password."""

    create = Doing(users.create)
    show = Doing(users.show)
    page = Doing(users.page)
    change = Doing(users.change)
    set_password = Doing(users.set_password)
    remove = Doing(users.remove)


class ServiceOf:
    """The service itself."""

    live = Doing(others.live)
    ready = Doing(others.ready)
    version = Doing(others.version)
    queue = Doing(others.queue)
    workers = Doing(others.workers)
    failures = Doing(others.failures)
    quality = Doing(others.quality)
    verify = Doing(others.verify)
    usage = Doing(admin.usage)
    tenants = Doing(admin.tenants)
    set_limits = Doing(admin.set_limits)
    policy = Doing(admin.policy)
    set_policy = Doing(admin.set_policy)
    system = Doing(admin.system)
    history = Doing(admin.history)
