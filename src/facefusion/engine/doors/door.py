"""The door of one job: what is asked before it begins, what its outputs have to bear, and the record of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from facefusion.engine.doors.admission import Admission
from facefusion.engine.doors.asked import check_forms, label_settings, length_of, options_under, output_key
from facefusion.engine.doors.keeping import keep_outputs, kept_segments
from facefusion.engine.doors.leaving import Way
from facefusion.engine.doors.models import models_of
from facefusion.engine.doors.place import Place
from facefusion.engine.doors.record import Record
from facefusion.engine.doors.room import WorkRoom
from facefusion.engine.doors.seals import Seals
from facefusion.engine.doors.watching import Seen, Watch
from facefusion.engine.notes import Notes
from facefusion.engine.plan import Plan
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.versions import version
from facefusion.errors import TrustError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.inference.session import SessionFactory
from facefusion.media.forms import ANIMATIONS
from facefusion.media.frame import Frame, Image
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.marking import Mark
from facefusion.media.sequence import is_sequence
from facefusion.options import Options
from facefusion.processors.base import Role
from facefusion.trust import provenance
from facefusion.trust.metadata import Marks
from facefusion.trust.policy import Layer, check_disclosed
from facefusion.trust.watermark import Watermark, new_payload
from facefusion.trust.watermark.payload import NUMBER_BITS

_PRODUCER = "FaceFusion"
"""Who made an output where nobody says."""


@dataclass(frozen=True, slots=True)
class Count:
    """How much was made.

    Attributes:
        frames: written.
        faces: edited, counted in every frame.
    """

    frames: int
    faces: int


class Door:
    """Lets a job in and its outputs out. Nothing leaves in another way.

    First `admit`, then `begin`; frames go through `labelled`, files through `leaving`.

    Args:
        place: where the job is done, and under which rules.
        options: of the job.
        record: tells the audit log of it.
        notes: told what the user should know.
        room: where the job keeps what is there only while it runs.

    Attributes:
        options: of the job, as they hold under the policy.
        room: as given.
    """

    def __init__(self, place: Place, options: Options, record: Record, notes: Notes, room: WorkRoom) -> None:
        self._place, self._record, self._notes, self.room = place, record, notes, room
        self.options = options_under(place.policy, options)
        self._admission = Admission(place, self.options)
        self._key = output_key(place.policy, self.options)
        self._plan: Plan | None = None
        self._shown: Count | None = None
        self._seals: Seals | None = None
        self._produced = ""
        self._is_glimpsed = False

    @property
    def facts(self) -> Mapping[str, Any]:
        """What of the place decides the frames of an output, and whether they may be made, as JSON values."""
        policy = self._place.policy
        rules = {"disclosure": policy.disclosure, "content": policy.content}
        values = {
            name: {rule: said["value"] for rule, said in section.model_dump(mode="json").items()}
            for name, section in rules.items()
        }
        place = {"identity": self._place.identity, "tenant": self.options.trust.tenant}
        return place | values | {"listed": self._admission.listed}

    def admit(self, plan: Plan, sessions: SessionFactory, roles: Sequence[Role], analyser: FaceAnalyser | None) -> None:
        """Let a job in whose sources were read.

        Args:
            plan: the job.
            sessions: opens models.
            roles: whose faces are used.
            analyser: tells faces apart; None where no processor works on any.

        Raises:
            TrustError: the policy does not allow it.
        """
        self._plan = plan
        check_forms(self._place.policy, plan)
        self._record.processors = tuple(spec.name for spec in plan.processors)
        self._record.models = models_of(plan)
        self._admission.admit(plan, sessions, roles, analyser)
        self._record.consents, self._record.subjects = self._admission.consents, self._admission.subjects
        self._record.admitted()

    def goes_on(self, fingerprint: Fingerprint) -> None:
        """Say that what is done here is a part of a job that is done apart: all its entries bear one number.

        Args:
            fingerprint: of the job, from which the number follows where it has none.
        """
        if self._record.may_repeat:
            return
        text = json.dumps([fingerprint.digest, self.options.trust.tenant]).encode()
        self._record.job = hmac.digest(self._place.ring.derived("number of a job"), text, "sha256").hex()[:32]

    def vouched(self, what: str, data: bytes) -> str:
        """Return by what this place knows again that it made something for a part of a job, in hexadecimal digits.

        Args:
            what: it is.
            data: it.
        """
        key = self._place.ring.derived(f"parts of a job: {what}")
        return hmac.digest(key, data, "sha256").hex()

    def admit_sources(self, sessions: SessionFactory, analyser: FaceAnalyser, role: Role) -> None:
        """Let pictures of a person in that are to be kept as a face file.

        Args:
            sessions: opens models.
            analyser: tells faces apart.
            role: whose pictures they are.

        Raises:
            TrustError: the policy does not allow it.
        """
        self._admission.admit_sources(sessions, analyser, role)

    def begin(self, fingerprint: Fingerprint) -> None:
        """Say what the job's outputs bear: the same for the same job, so that a job that goes on makes the same file.

        Args:
            fingerprint: of the job.

        Raises:
            SigningError: certificate or key do not serve.
        """
        self._record.inputs = fingerprint.inputs
        produce_id = self._produce_id(fingerprint.digest)
        self._seals = self._made(produce_id)
        if self._seals.provenance != "none":
            self._seals.signer()  # what does not serve is told before hours of work

    def begin_live(self) -> None:
        """Say what live frames bear; what was shown before, if anything was, is over."""
        self.end_live()
        self._seals = self._made(self._produce_id(secrets.token_hex(32)))

    @property
    def mark(self) -> Mark | None:
        """What is put into the pixels of every frame that is written; None where nothing is."""
        return self._sealed.mark

    @property
    def disclosure(self) -> tuple[Layer, ...]:
        """What outputs are disclosed by that have left."""
        return self._sealed.names

    def watch(self, what: Seen) -> Watch:
        """Return what looks at the frames of one stream.

        Args:
            what: whose they are.
        """
        return self._admission.watch(what)

    def labelled(self, frame: Frame, seconds: float) -> Frame:
        """Return a frame with its label, where one is shown at that time from the first frame; else the same."""
        return self._sealed.labelled(frame, seconds)

    @property
    def lets_glimpse(self) -> bool:
        """Whether small pictures of frames may leave early: not from memory alone, nor where outputs are encrypted."""
        return not self.room.is_in_memory and self._key is None

    def begin_glimpses(self) -> None:
        """Record, once, that small pictures of frames are shown from now on.

        Raises:
            AuditError: it cannot be recorded; none may be shown then.
        """
        if not self._is_glimpsed:
            self._record_shown()
            self._is_glimpsed = True

    def glimpse(self, image: Image) -> Image:
        """Return a small picture of a frame, RGB uint8, with a label of its own and the mark in its pixels."""
        return self._sealed.small(image)

    def glimpse_marked(self, jpeg: bytes) -> bytes:
        """Return the bytes of a small JPEG picture with metadata that say what it is.

        Raises:
            DisclosureError: they cannot be written.
        """
        return self._sealed.told(jpeg)

    def tell_unmarked(self) -> None:
        """Tell the user where frames that are shown, which hold no metadata, bear no mark at all."""
        if not self._sealed.names_shown:
            self._notes.tell(f"The policy {self._place.policy.name} asks for no mark in frames that are shown")

    def live(self, frame: Frame, faces: int) -> Frame:
        """Return a live frame as it may be shown: with its label all the time, and the mark in its pixels.

        Args:
            frame: as edited.
            faces: that were edited in it.

        Raises:
            AuditError: it cannot be recorded that frames are shown.
        """
        if self._shown is None:
            self._record_shown()
            self._shown = Count(0, 0)
        self._shown = Count(self._shown.frames + 1, self._shown.faces + faces)
        return self._sealed.marked(self._sealed.labelled(frame, 0))

    def end_live(self) -> None:
        """Record how many frames were shown, where any were.

        Raises:
            AuditError: that cannot be recorded.
        """
        if self._shown is not None:
            self._record_shown(frames=self._shown.frames, faces=self._shown.faces)
            self._shown = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record it where something within the block is refused, after which the work goes on."""
        try:
            yield
        except TrustError as error:
            self._record.ended(error)
            raise

    def still_open(self) -> None:
        """Make sure that all that the job was let in by holds still.

        Raises:
            ConsentRevokedError: a consent was revoked meanwhile.
        """
        self._admission.check_still()

    @contextmanager
    def leaving(self, count: Count | Callable[[], Count]) -> Iterator[Way]:
        """Give the way for the job's files; they are sealed, recorded and put in place when the block ends well.

        Args:
            count: how much was made, or what tells it at the end.

        Raises:
            TrustError: they may not leave.
            OutputError: they cannot be put in place.
        """
        seals = self._sealed
        with ExitStack() as waiting:
            way = Way(seals, waiting)
            yield way
            paths, outputs = way.paths, way.sealed()
            self.still_open()
            count = count if isinstance(count, Count) else count()
            possible: tuple[Layer, ...] = ("label", "watermark", "metadata")
            check_disclosed(self._place.policy, seals.names, (*possible, "provenance") if seals.is_signed else possible)
            self._record.published(
                outputs,
                seals.names,
                frames=count.frames,
                faces=count.faces,
                produce_id=self._produced,
                watermark=seals.manifest.watermark,
            )
        keep_outputs(self._place, paths, self.options.trust.tenant)

    def keeping_segments(self) -> AbstractContextManager[Callable[[Path], None]]:
        """Give what notes that a folder of segments is there, so that it goes by age if nobody comes back to it."""
        return kept_segments(self._place, self.options.trust.tenant)

    def _record_shown(self, **more: int) -> None:
        seals = self._sealed
        self._record.streamed(seals.names_shown, produce_id=self._produced, watermark=seals.manifest.watermark, **more)

    @property
    def _sealed(self) -> Seals:
        if self._seals is None:
            raise RuntimeError("a door is begun before anything leaves")
        return self._seals

    def _produce_id(self, digest: str) -> str:
        key = self._place.ring.derived("produce id")
        text = json.dumps([digest, self.options.trust.tenant]).encode()
        return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]

    def _made(self, produce_id: str) -> Seals:
        self._produced = produce_id
        plan, rules = self._plan, self._place.policy.disclosure
        if plan is None:
            raise RuntimeError("a job is admitted before it begins")
        ring, models = self._place.ring, tuple(self._record.models)
        number = int(produce_id, 16) % (1 << NUMBER_BITS)
        payload = new_payload(ring.derived("watermark"), number) if rules.watermark.value else None
        tool = f"FaceFusion/{version()}"
        marks = Marks(
            content_producer=self.options.trust.content_producer or _PRODUCER,
            produce_id=produce_id,
            tool=tool,
            models=tuple(name for name, _ in models),
        )
        if not rules.aigc.value:
            marks = replace(marks, label="", content_producer="", produce_id="")
        label = label_settings(self._place.policy, self.options)
        return Seals(
            label=label,
            mark=None if payload is None else Watermark(ring.derived("watermark"), payload),
            marks=marks,
            provenance=rules.provenance.value,
            manifest=provenance.ManifestFacts(
                version=version(),
                target=None if is_sequence(plan.target.path) else plan.target.path,
                processors=tuple(spec.name for spec in plan.processors),
                models=tuple(provenance.ModelFact(*model) for model in models),
                limits=_limits(plan),
                watermark=payload,
                marks={"produce_id": produce_id},
            ),
            signer=cache(lambda: provenance.open_signer(self.options.signing, self._place.home, ring)),
            notify=self._notes.tell,
            key=self._key,
            pixel_aspect=plan.target.pixel_aspect if isinstance(plan.target, VideoInfo) else Fraction(1),
            is_still=_is_still(plan),
            length=length_of(plan) if label is not None and label.timing == "ends" else None,
        )


def _limits(plan: Plan) -> tuple[dict[str, str], ...]:
    """Return what limits each processor to a part of the time or of the frame; nothing where none is limited.

    Boxes are texts as of the option: the library that writes manifests loses numbers with fractions.
    """
    links = plan.options.links
    if not any(link.when or link.region for link in links):
        return ()
    said = ({"when": ",".join(link.when), "region": ",".join(f"{each:g}" for each in link.region)} for link in links)
    return tuple({name: value for name, value in each.items() if value} for each in said)


def _is_still(plan: Plan) -> bool:
    """Whether an output is a picture, or an animation, which plays again and again and has no start that all see."""
    return isinstance(plan.target, PictureInfo) or any(each.encoding.form in ANIMATIONS for each in plan.renditions)
