"""The fingerprint of a job: everything that decides its frames and how they are encoded."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Self

from facefusion.engine.casting import map_inputs
from facefusion.engine.inputs import further_inputs
from facefusion.engine.plan import Plan
from facefusion.engine.versions import version
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.plugins import plug_in_versions
from facefusion.inference.runtime import onnxruntime
from facefusion.inference.store.pull import chosen_cards
from facefusion.media.digest import content_digest
from facefusion.options import Link, Options, iter_leaves
from facefusion.options.own import own_place, own_values
from facefusion.processors.files import file_options

_LIBRARIES = ("facefusion", "av", "numpy", "opencv-python-headless", "pillow")
_PATHS = ("source_paths", "face_map", "target_path", "output_path")
# What changes only how the work is done, or what is done when the segments are joined; of inputs the bytes count.
_WITHOUT_EFFECT = {
    "faces": ("reference_face_path",),
    "expression_restorer": ("expression_restorer_driving",),
    "stylizer": ("stylizer_lut",),
    "makeup": ("makeup_reference",),
    "colour_matcher": ("colour_matcher_reference",),
    "output": (
        *("overwrite", "resume", "keep_audio", "keep_subtitles", "keep_metadata"),
        *("thumbnail", "contact_sheet", "sequence_start"),
    ),
    "lip_syncer": ("source_audio",),  # its bytes count
    "runtime": ("max_memory", "max_device_memory", "execution_device_id", "share_batches"),
    # what of them shows in frames stands in `place`
    "trust": (
        *("policy", "trust_dir", "trust_database", "trust_database_password_file", "trust_key_file", "work_dir"),
        *("encrypt_output_key", "acknowledge", "actor", "content_producer", "project", "territory"),
    ),
    "signing": (
        *("signing_certificate", "signing_key", "signing_passphrase_file", "signing_command", "trust_anchors"),
    ),
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a job is told by.

    Attributes:
        digest: the same for two jobs only if the segments of one serve the other.
        facts: what it was made of, as JSON values.
        inputs: SHA-256 of each input in hexadecimal digits; of a sequence that of its list of pictures.
    """

    digest: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: Plan, *, has_hooks: bool, place: Mapping[str, Any]) -> Self:
        """Return the fingerprint of a job.

        Inputs count by their bytes, not by name or date; models by the digests that their weights must have; options by
        their values; the software by the versions of whatever touches pixels. The target is read once for it, which
        takes about a second for each gigabyte. Of a user's own step nothing is known: the fingerprint of such a job is
        like no other.

        Args:
            plan: the job.
            has_hooks: whether there are such steps.
            place: what of the place where the job runs, such as its policy, shows in the output; JSON values.

        Raises:
            OSError, InputError: an input cannot be read.
        """
        digests = [content_digest(path) for path in _inputs(plan)]
        inputs = tuple(each if isinstance(each, str) else _digest(each) for each in digests)
        if has_hooks:
            return cls(secrets.token_hex(32), inputs=inputs)
        output, driving = plan.options.output, plan.options.expression_restorer.expression_restorer_driving
        table, worn = plan.options.stylizer.stylizer_lut, plan.options.makeup.makeup_reference
        colours = plan.options.colour_matcher.colour_matcher_reference
        facts = {
            "libraries": {name: version(name) for name in _LIBRARIES} | _runtime() | plug_in_versions(),
            "options": _options(plan) | {"map": _map(plan.options)},
            "extras": {
                "thumbnail": output.thumbnail is not None,
                "contact_sheet": output.contact_sheet is not None,
                "expression_restorer_driving": driving is not None,
                "stylizer_lut": table is not None,
                "makeup_reference": worn is not None,
                "colour_matcher_reference": colours is not None,
            },
            "weights": _weights(plan.options),
            "inputs": digests,
            "place": dict(place),
            "encodings": [rendition.encoding.key() for rendition in plan.renditions],
        }
        text = json.dumps(facts, sort_keys=True)
        return cls(hashlib.sha256(text.encode()).hexdigest(), json.loads(text), inputs)

    def changes(self, other: Mapping[str, Any]) -> list[str]:
        """Return in words what differs from the facts of another job."""
        mine, theirs = _leaves(self.facts), _leaves(other)
        differing = sorted(name for name in mine | theirs if mine.get(name) != theirs.get(name))
        options = [name.rpartition(".")[2] for name in differing if name.startswith(("options.", "extras."))]
        words = [f"option {name.replace('_', '-')}" for name in dict.fromkeys(options)]
        words += ["the version of the software"] if any(name.startswith("libraries.") for name in differing) else []
        words += ["the weights of a model"] if any(name.startswith("weights.") for name in differing) else []
        is_elsewhere = not words and any(name.startswith("place.") for name in differing)  # options change rules too
        words += ["the rules or keys of this place"] if is_elsewhere else []
        words += ["an input"] if "inputs" in differing else []
        return words or ["how an output is encoded"]


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _runtime() -> dict[str, str]:
    """Return the build of ONNX Runtime that is at work: there are several, which exclude one another."""
    build = [onnxruntime.get_build_info(), *onnxruntime.get_available_providers()]
    return {"onnxruntime": onnxruntime.__version__, "onnxruntime build": ", ".join(build)}


def _leaves(facts: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested values by their names with dots between."""
    leaves: dict[str, Any] = {}
    for name, value in facts.items():
        leaves |= _leaves(value, f"{before}{name}.") if isinstance(value, Mapping) else {f"{before}{name}": value}
    return leaves


def _options(plan: Plan) -> dict[str, Any]:
    """Return the values that have an effect, as JSON."""
    options, files = plan.options, {spec.name: frozenset(file_options(spec)) for spec in plan.processors}
    values = options.model_dump(mode="json", exclude={*_PATHS, "limits", "models", "live", "chain"})
    values["processor_options"] = [_own(text, files) for text in options.processor_options]
    values["chain"] = [_link(link, files[link.processor]) for link in options.chain]
    for group, names in _WITHOUT_EFFECT.items():
        for name in names:
            del values[group][name]
    return values


def _link(link: Link, files: Collection[str]) -> dict[str, Any]:
    """Return what a link says beyond the bytes of its files, as JSON; given which of its options are files."""
    table = link.model_dump(mode="json")
    said = {name: value is not None if name in files else value for name, value in table["options"].items()}
    return table | {"options": said}


def _own(text: str, files: Mapping[str, Collection[str]]) -> str:
    """Return an option of a processor of another package, but for the name of a file."""
    name, option = own_place(text)
    return f"{name}.{option}" if option in files.get(name, ()) else text


def _weights(options: Options) -> dict[str, str | None]:
    """Return the digests of the models that options name, and of those that they require."""
    catalogue, store = open_catalogue(options.models), open_store(options.models)
    leaves = [leaf for leaf in iter_leaves(Options) if _names_models(leaf.name)]
    values = [getattr(reduce(getattr, leaf.path, options), leaf.name) for leaf in leaves]
    values += [value for entry in options.face_map for name, value in entry.options.items() if _names_models(name)]
    values += [value for name, value in own_values(options.processor_options) if _names_models(name)]
    of_links = [value for link in options.chain for name, value in link.options.items() if _names_models(name)]
    values += [tuple(value) if isinstance(value, list) else value for value in of_links]
    names = (name for value in values for name in (value if isinstance(value, tuple) else (value,)))
    cards = chosen_cards(catalogue, [name for name in names if name in catalogue])
    return {card.name: store.look(card).sha256 for card in cards}


def _names_models(option: str) -> bool:
    return option.replace("-", "_").endswith(("_model", "_models"))


def _map(options: Options) -> list[Any]:
    """Return what the map says beyond the bytes of its files, as JSON."""
    return [[len(entry.sources), entry.position, entry.reference is None, entry.options] for entry in options.face_map]


def _inputs(plan: Plan) -> Iterator[Path]:
    yield plan.target.path
    yield from plan.options.source_paths
    if plan.options.faces.reference_face_path is not None:
        yield plan.options.faces.reference_face_path
    yield from map_inputs(plan.options)
    if plan.new_sound is not None:
        yield plan.new_sound
    yield from further_inputs(plan.links)
