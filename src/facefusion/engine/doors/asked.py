"""What a job asks for, and what becomes of it under a policy."""

from __future__ import annotations

from facefusion.engine.doors.seals import no_manifest
from facefusion.engine.plan import Plan
from facefusion.engine.preview.nowhere import NOWHERE
from facefusion.errors import PolicyError
from facefusion.media.forms import Kind, output_form
from facefusion.media.info import VideoInfo
from facefusion.media.select import Selection
from facefusion.media.sequence import is_sequence, output_sequence_form
from facefusion.media.times import read_times
from facefusion.options import Options
from facefusion.trust.label import LabelSettings
from facefusion.trust.policy import Policy
from facefusion.trust.privacy.envelope import read_key
from facefusion.trust.provenance import can_hold


def options_under(policy: Policy, options: Options) -> Options:
    """Return the options of a job as they hold under a policy."""
    if policy.models.licences.value in {"any", options.models.license_policy}:
        return options
    models = options.models.model_copy(update={"license_policy": policy.models.licences.value})
    return options.model_copy(update={"models": models})


def label_settings(policy: Policy, options: Options) -> LabelSettings | None:
    """Return what the label of a job says, where and for how long; None where there is none."""
    rules = policy.disclosure
    if rules.label.value == "none":
        return None
    language, place = rules.label_language.value, rules.label_place.value
    usual = LabelSettings()
    return LabelSettings(
        language=usual.language if language == "any" else language,
        place=usual.place if place == "any" else place,
        timing=rules.label.value,
        seconds=rules.label_seconds.value,
        height=rules.label_height.value,
        text=options.trust.label_text or "",
    )


def length_of(plan: Plan) -> float | None:
    """Return the length of an output in seconds, by the times of all frames; None of a sequence of pictures.

    What a container says of its length is not enough: sound may go on after the last frame.

    Raises:
        InputError: the target cannot be read.
    """
    target = plan.target
    if not isinstance(target, VideoInfo) or is_sequence(target.path):
        return None
    times = read_times(target.path, plan.options.limits, Selection.of(plan.options)).pts
    return float((times[-1] - times[0]) * target.time_base + 1 / target.frame_rate) if times else None


def output_key(policy: Policy, options: Options) -> bytes | None:
    """Return the key with which outputs are encrypted, 32 bytes; None where they are stored as they are.

    Raises:
        PolicyError: the policy asks for one, and none is given.
        SecretError: it cannot be read.
    """
    path = options.trust.encrypt_output_key
    if path is not None:
        return read_key(path)
    rule = policy.privacy.encryption
    if rule.value == "required":
        raise PolicyError(
            f"The policy {policy.name} requires that outputs are encrypted: {rule.why.rstrip('.')}",
            "Give --encrypt-output-key; `facefusion storage key FILE` makes one",
        )
    return None


def check_forms(policy: Policy, plan: Plan) -> None:
    """Make sure before any work that outputs can bear what the policy requires of each.

    Raises:
        DisclosureError: one cannot hold a signed manifest, and the policy asks for one.
    """
    if policy.disclosure.provenance.value != "required" or plan.output == NOWHERE:
        return
    paths = (*(rendition.path for rendition in plan.renditions), *plan.further_outputs, plan.output)
    kind: Kind = "video" if isinstance(plan.target, VideoInfo) else "picture"
    for path in dict.fromkeys(paths):
        is_many = output_sequence_form(path) is not None
        form = output_form(path, kind if path in {*(each.path for each in plan.renditions), plan.output} else "picture")
        if is_many or not can_hold(form):
            raise no_manifest("Pictures of a sequence hold" if is_many else f"{form.name} files hold")
