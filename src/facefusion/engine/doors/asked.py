"""What a job asks for, and what becomes of it under a policy."""

from __future__ import annotations

from facefusion.engine.plan import Plan
from facefusion.errors import PolicyError
from facefusion.media.forms import output_form
from facefusion.media.info import VideoInfo
from facefusion.media.select import Selection
from facefusion.media.sequence import is_sequence, output_sequence_form
from facefusion.media.times import read_times
from facefusion.options import Options
from facefusion.trust.label import LabelSettings
from facefusion.trust.policy import Layer, Policy, required_layers
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


def check_bearing(policy: Policy, plan: Plan) -> None:
    """Make sure before any work that each output can bear what the policy asks for.

    Raises:
        DisclosureError: one cannot.
    """
    written = {rendition.path: rendition.encoding.form for rendition in plan.renditions}
    for path in (plan.output, *plan.further_outputs):
        form = written.get(path) or output_form(path, "picture")
        possible: set[Layer] = {"label", "watermark", "metadata"}
        required_layers(
            policy, possible | {"provenance"} if can_hold(form) and output_sequence_form(path) is None else possible
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
