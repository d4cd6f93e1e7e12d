"""Processors that run without weights, in every form that differs in what it does or remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.clips import SOURCE
from facefusion.options import Options
from facefusion.processors.base import Processor, ProcessorContext, ProcessorSpec
from facefusion.processors.registry import installed_processors, package_of_processor

_ANIMATOR: Final = "portrait_animator"
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stylizer cartoon": {"stylizer_look": "cartoon"},
    "stylizer oil of faces": {"stylizer_look": "oil", "stylizer_scope": "faces"},
    "stylizer sketch behind faces": {"stylizer_look": "sketch", "stylizer_scope": "background"},
    "stylizer lut": {"stylizer_look": "lut", "stylizer_strength": 70},
}
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "face_swapper mesh": {"face_swapper_model": "mesh"},
    "face_swapper mesh, half": {"face_swapper_model": "mesh", "blend_ratio": 0.5},
    "anonymizer synthetic": {},
    **{f"anonymizer {method}": {"anonymizer_method": method} for method in ("blur", "pixelate", "mask")},
    "film_restorer": {},
    "film_restorer stabilise, grain": {
        **{f"film_restorer_{step}": 60 for step in ("combing", "stabilise", "grain", "fade")},
        **{f"film_restorer_{step}": 0 for step in ("dust", "scratches", "flicker")},
    },
    "film_restorer dust": {f"film_restorer_{step}": 0 for step in ("scratches", "flicker", "weave", "noise")},
    **_LOOKS,
    "makeup": {"makeup_wrinkles": 50},
    "colour_matcher": {},
    "colour_matcher beside faces": {"colour_matcher_area": "outside-faces", "colour_matcher_method": "statistics"},
    "temporal_smoother": {},
    "temporal_smoother long": {"temporal_smoother_strength": 50, "temporal_smoother_seconds": 1.5},
    "face_enhancer clarity": {"face_enhancer_model": "clarity"},
    "face_enhancer clarity, half": {"face_enhancer_model": "clarity", "face_enhancer_blend": 50},
    "frame_enhancer edge_filters_x2": {"frame_enhancer_model": "edge_filters_x2"},
    "expression_restorer mesh": {"expression_restorer_model": "mesh"},
    _ANIMATOR: {"portrait_animator_size": 96},
}
"""Options of each form; the first word is the processor."""
NAMES: Final = tuple(_FORMS)
_CUBE: Final = "LUT_3D_SIZE 2\n" + "\n".join(
    f"{0.9 * (1 - r):.2f} {0.8 * g + 0.1:.2f} {b:.2f}" for b in (0, 1) for g in (0, 1) for r in (0, 1)
)


@dataclass(frozen=True, slots=True)
class Form:
    """A processor as it is in chains.

    Attributes:
        name: of the form.
        spec: announces the processor.
        options: that it is made with.
    """

    name: str
    spec: ProcessorSpec
    options: Options

    @property
    def changes_size(self) -> bool:
        """Whether frames come out in another size."""
        return self.name.split(maxsplit=1)[0] in {"frame_enhancer", _ANIMATOR}

    @property
    def is_first(self) -> bool:
        """Whether it makes sense at the beginning of a chain alone."""
        return self.name == _ANIMATOR

    def made(self, context: ProcessorContext) -> Processor:
        """Return the processor."""
        return self.spec.create(context)


def options_of(name: str, folder: Path, driving: Path, source: Path = SOURCE) -> dict[str, Any]:
    """Return the options of a form as a link of a chain takes them, all files named.

    Args:
        name: of the form.
        folder: where a table of colours is written that one of them takes.
        driving: a clip of a face that others take expressions from.
        source: picture of the source face, also of colours and make-up.
    """
    values = dict(_FORMS[name])
    if values.get("stylizer_look") == "lut":
        values["stylizer_lut"] = folder / "colours.cube"
        values["stylizer_lut"].write_text(_CUBE)
    if name.startswith("expression_restorer"):
        values["expression_restorer_driving"] = driving
    if name.split(maxsplit=1)[0] in {"colour_matcher", "makeup"}:
        values[f"{name.split(maxsplit=1)[0]}_reference"] = source
    return values


def forms(folder: Path, driving: Path, source: Path = SOURCE) -> dict[str, Form]:
    """Return all forms by name; arguments as of `options_of`."""
    specs = installed_processors()
    made = {}
    for name in NAMES:
        processor = name.split()[0]
        values = {"processors": (processor,), "source_paths": source, **options_of(name, folder, driving, source)}
        made[name] = Form(name, specs[processor], Options.parse(values))
    return made


def uncovered(names: Iterable[str] = NAMES) -> list[str]:
    """Return the processors of the package that run without weights and of which no form is among some."""
    covered = {name.split()[0] for name in names}
    own = [spec for spec in installed_processors().values() if package_of_processor(spec) is None]
    return [spec.name for spec in own if (spec.without_weights or not spec.model_option) and spec.name not in covered]
