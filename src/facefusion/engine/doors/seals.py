"""What the outputs of one job bear: label, mark in the pixels, metadata and signed manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from facefusion.errors import DisclosureError
from facefusion.media.forms import Form
from facefusion.media.frame import Frame, Image
from facefusion.media.picture import Picture
from facefusion.trust import provenance as manifests
from facefusion.trust.label import Label, LabelSettings
from facefusion.trust.metadata import Marks, embed, with_marks
from facefusion.trust.policy import Layer
from facefusion.trust.policy.schema import ProvenanceNeed
from facefusion.trust.privacy.envelope import encrypted
from facefusion.trust.watermark import Watermark


@dataclass(slots=True, eq=False)
class Seals:
    """Puts on frames and files what every one of them has to bear.

    Attributes:
        label: what the label says, where and for how long; None where there is none.
        key: with which outputs are encrypted, 32 bytes; None where they are stored as they are.
        pixel_aspect: width of a pixel of the outputs over its height.
        is_still: whether the output is one picture, or plays like one.
        length: of the output in seconds, where it is known.
        mark: the invisible watermark; None where there is none.
        marks: what the metadata say.
        provenance: whether a signed manifest has to be there.
        manifest: what it says.
        signer: who signs it; asked for once it is needed.
        notify: told where a form holds no manifest.
        is_signed: whether a file was signed so far.
    """

    label: LabelSettings | None
    mark: Watermark | None
    marks: Marks
    provenance: ProvenanceNeed
    manifest: manifests.ManifestFacts
    signer: Callable[[], manifests.Signer]
    notify: Callable[[str], None]
    key: bytes | None = None
    pixel_aspect: Fraction = Fraction(1)
    is_still: bool = False
    length: float | None = None
    is_signed: bool = False
    _labels: dict[tuple[int, int], Label] = field(default_factory=dict)

    def labelled(self, frame: Frame, seconds: float) -> Frame:
        """Return a frame with the label, where one is shown at that time; else the same.

        Args:
            frame: as edited.
            seconds: from the first frame of the output.
        """
        if self.label is None:
            return frame
        return self._label_of(frame.image).on(frame, seconds)

    def labelled_picture(self, picture: Picture) -> Picture:
        """Return a picture with the label, where pictures bear one; else the same."""
        if self.label is None:
            return picture
        label = Label.of(self.label, (picture.image.shape[1], picture.image.shape[0]), is_still=True)
        return picture.with_image(label.drawn(picture.image, 0)).with_opaque(label.region)

    def still(self, picture: Picture) -> Picture:
        """Return a picture with the mark in its pixels."""
        if self.mark is None:
            return picture
        if picture.deep is None:
            return picture.with_image(np.asarray(self.mark.mark_rgb(picture.image), np.uint8))
        deep = np.asarray(self.mark.mark_rgb(picture.deep), np.uint16)
        return replace(picture, deep=deep, image=np.asarray(deep >> 8, np.uint8))

    def small(self, image: Image) -> Image:
        """Return a small picture of a frame with a label of its own, whichever frame it is, and the mark."""
        return self.still(self.labelled_picture(Picture(image))).image

    def told(self, jpeg: bytes) -> bytes:
        """Return the bytes of a JPEG picture with metadata that say what it is."""
        return with_marks(jpeg, self.marks)

    def marked(self, frame: Frame) -> Frame:
        """Return a frame that is not written but shown, with the mark in its pixels."""
        if self.mark is None:
            return frame
        return replace(frame, image=np.asarray(self.mark.mark_rgb(frame.image), np.uint8), original=None)

    @property
    def names(self) -> tuple[Layer, ...]:
        """What outputs are disclosed by, as records name it."""
        there: dict[Layer, object] = {"label": self.label, "watermark": self.mark, "metadata": self.marks}
        names = tuple(name for name, mark in there.items() if mark is not None)
        return names if not self.is_signed else (*names, "provenance")

    @property
    def names_shown(self) -> tuple[Layer, ...]:
        """What frames are disclosed by that are shown and not written, as records name it."""
        return tuple(name for name in self.names if name in {"label", "watermark"})

    def store(self, part: Path) -> None:
        """Encrypt a sealed file where outputs are stored so.

        Raises:
            OutputError: it cannot be written.
        """
        if self.key is not None:
            encrypted(part, part, self.key)

    def seal(self, part: Path, form: Form, *, is_one_of_many: bool = False) -> str:
        """Put marks into a finished file, and return the SHA-256 of its bytes.

        Args:
            part: the file.
            form: of it.
            is_one_of_many: whether it is a picture of a sequence, each of which is too little for a manifest.

        Raises:
            DisclosureError: it cannot bear a mark that the policy asks for.
            SigningError: the manifest cannot be signed.
        """
        embed(part, form, self.marks)
        self._sign(part, form, is_one_of_many=is_one_of_many)
        with part.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _sign(self, part: Path, form: Form, *, is_one_of_many: bool) -> None:
        if self.provenance == "none":
            return
        if not is_one_of_many and manifests.can_hold(form):
            manifests.sign(part, form, self.manifest, self.signer())
            self.is_signed = True
            return
        what = "Pictures of a sequence hold" if is_one_of_many else f"{form.name} files hold"
        if self.provenance == "required":
            raise no_manifest(what)
        self.notify(f"{what} no signed manifest of provenance; the other marks are there")

    def _label_of(self, image: Image) -> Label:
        size = image.shape[1], image.shape[0]
        if size not in self._labels and self.label is not None:
            self._labels[size] = Label.of(
                self.label, size, pixel_aspect=self.pixel_aspect, is_still=self.is_still, length=self.length
            )
        return self._labels[size]


def no_manifest(what: str) -> DisclosureError:
    """Return the error of an output that cannot hold the manifest that the policy asks for.

    Args:
        what: which cannot, and the verb, such as `Matroska files hold`.
    """
    return DisclosureError(
        f"{what} no signed manifest, and the policy asks for one", "Choose .mp4 or .mov, or one picture"
    )
