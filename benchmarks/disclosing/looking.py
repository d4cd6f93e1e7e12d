"""Holding what came out of a job against what it has to bear."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.disclosing.spies import Seen
from facefusion.media.forms import ANIMATIONS, Form, output_form
from facefusion.trust.audit import AuditLog
from facefusion.trust.label import Label
from facefusion.trust.metadata import read_marks
from facefusion.trust.policy import Policy
from facefusion.trust.privacy.envelope import decrypted, is_encrypted
from facefusion.trust.provenance import can_hold, read_manifest
from facefusion.trust.watermark import read_watermark

Image = npt.NDArray[np.uint8]
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".tiff")
_LEAST_READ = 90
"""Rows of the smallest pictures whose watermark is read back."""
_SAME = 24.0
"""Codes by which pixels of a label may lie outside of what it lets through, in the mean, after lossy encoding."""
_LETTERS, _APART = 200, 60
"""Codes of pixels that letters cover nearly, and the least by which the mean of those is above that of their plate."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Looks at outputs.

    Attributes:
        policy: that held.
        log: that has to know of them.
        seen: in the job.
        key: with which outputs are encrypted.
        mark_key: of the watermark.
        is_thorough: whether watermark and manifest are read back.
    """

    policy: Policy
    log: AuditLog
    seen: Seen
    key: bytes
    mark_key: bytes
    is_thorough: bool

    def faults(self, path: Path, *, is_moving: bool, is_one_of_many: bool) -> Iterator[str]:
        """Yield what is wrong with a file."""
        name = path.name
        if is_encrypted(path):
            decrypted(path, path, self.key)
        elif self.policy.privacy.encryption.value == "required":
            yield f"{name} is not encrypted"
        entry = self.log.find(output_digest=hashlib.sha256(path.read_bytes()).hexdigest())
        marks = read_marks(path)
        if marks is None:
            yield f"{name} bears no metadata"
        if entry is None or entry.kind != "published":
            yield f"{name} is not in the audit log"
            return
        numbers = {entry.facts["produce_id"]} | (set() if self.policy.disclosure.aigc.value else {""})
        if marks is not None and marks.produce_id not in numbers:
            yield f"{name} bears another number than the audit log has"
        yield from self._of_pixels(path, entry.facts, is_moving=is_moving, is_one_of_many=is_one_of_many)
        yield from self._of_manifest(path, _form(path, is_moving=is_moving), is_one_of_many=is_one_of_many)

    def shown(self, image: Image, name: str) -> Iterator[str]:
        """Yield what is wrong with a frame that was shown."""
        if self.policy.disclosure.label.value != "none" and not _bears(image, self.seen.labels):
            yield f"{name} shows no label"
        if self.policy.disclosure.watermark.value:
            payload = self.seen.payloads[-1] if self.seen.payloads else None
            entry = None if payload is None else self.log.find(watermark=payload)
            if entry is None or entry.kind not in {"streamed", "published"}:
                yield f"{name} is not in the audit log"

    def _of_pixels(self, path: Path, facts: Any, *, is_moving: bool, is_one_of_many: bool) -> Iterator[str]:
        rules, name = self.policy.disclosure, path.name
        must = {"metadata"} | ({"label"} if rules.label.value != "none" else set())
        must |= {"watermark"} if rules.watermark.value else set()
        if not must <= set(facts["marks"]):
            yield f"{name}: the audit log says that it bears {facts['marks']} only"
        is_first = not is_one_of_many or path.stem.strip("0") in {"1", "7", ""}
        if not is_first or not (rules.label.value != "none" or self.is_thorough):
            return
        image = _first(path)
        if rules.label.value != "none" and not _bears(image, self.seen.labels):
            yield f"{name} shows no label"
        is_readable = path.suffix == ".png" and not is_one_of_many and image.shape[0] >= _LEAST_READ
        if rules.watermark.value and self.is_thorough and is_readable:
            found = read_watermark([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)], self.mark_key)
            if found is not None and f"{found.payload:016x}" != facts.get("watermark"):
                yield f"{name} bears another watermark than the audit log has"

    def _of_manifest(self, path: Path, form: Form, *, is_one_of_many: bool) -> Iterator[str]:
        need = self.policy.disclosure.provenance.value
        if need == "none" or is_one_of_many or not can_hold(form):
            return
        if b"c2pa" not in path.read_bytes():
            yield f"{path.name} holds no manifest"
        elif self.is_thorough and (state := read_manifest(path).state) not in {"trusted", "valid"}:
            yield f"{path.name}: its manifest is {state}"


def _form(path: Path, *, is_moving: bool) -> Form:
    is_picture = path.suffix in _PICTURES and not (is_moving and path.suffix in {".webp"})
    return output_form(path, "picture" if is_picture else "video")


def _first(path: Path) -> Image:
    """Return the first picture of a file as it is seen, on grey where it is transparent."""
    if path.suffix in {*_PICTURES, *(suffix for form in ANIMATIONS for suffix in form.suffixes)}:
        with Pillow.open(path) as picture:
            whole = picture.convert("RGBA")
            ground = Pillow.new("RGBA", whole.size, (96, 160, 96, 255))
            return np.asarray(Pillow.alpha_composite(ground, whole).convert("RGB"))
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def _bears(image: Image, labels: Mapping[int, tuple[Label, tuple[int, int]]]) -> bool:
    """Whether a picture shows one of the labels that were drawn, at whatever size it was written in the end."""
    return any(_is_on(image, label, size) for label, size in labels.values())


def _is_on(image: Image, label: Label, size: tuple[int, int]) -> bool:
    """Whether plate and letters are there: no lighter than on white, no darker than on black, and letters white."""
    black = np.zeros((size[1], size[0], 3), np.uint8)
    dark, light = (_scaled(label.drawn(ground, 0), label, image) for ground in (black, black + np.uint8(255)))
    part = _scaled(image, label, image, size)
    outside = np.maximum(dark - part, 0) + np.maximum(part - light, 0)
    letters = dark[:, :, 0] > _LETTERS
    # Of letters of five pixels an encoder that loses much leaves less than white, but lighter than their plate.
    is_written = not letters.any() or float(part[letters].mean() - part[~letters].mean()) > _APART
    return is_written and float(outside.mean()) < _SAME


def _scaled(image: Image, label: Label, written: Image, size: tuple[int, int] | None = None) -> npt.NDArray[np.float32]:
    """Return the region of a label, of a picture that is as large as what was written, in codes."""
    height, width = written.shape[:2]
    across, down = (
        (width / image.shape[1], height / image.shape[0]) if size is None else (width / size[0], height / size[1])
    )
    whole = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    region = label.region
    rows = slice(round(region.y * down), max(round((region.y + region.height) * down), 1))
    columns = slice(round(region.x * across), max(round((region.x + region.width) * across), 1))
    return whole[rows, columns].astype(np.float32)
