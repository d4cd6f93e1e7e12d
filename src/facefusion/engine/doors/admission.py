"""What is asked before a job begins: consent of those whose faces are used, lists of faces, and content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from facefusion.engine.doors.performances import look_at_performance, performances
from facefusion.engine.doors.place import Place
from facefusion.engine.doors.watching import FrameWatch, Seen
from facefusion.engine.plan import Plan
from facefusion.errors import ContentUncheckedError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Face, Vector
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.processors.base import KeptFace, Role, Source, SourceFace
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.consent import ConsentStore, Grant, Use
from facefusion.trust.content import ContentCheck, TermList, minor_below, refuse, refuse_minors, where_in_source
from facefusion.trust.database import open_database


class Given(NamedTuple):
    """A source, and how messages call it.

    Attributes:
        source: it.
        where: by its number among those that were given of its person.
    """

    source: Source
    where: str


class Admission:
    """Asks for one job.

    Args:
        place: where it is done, and under which rules.
        options: of the job.

    Attributes:
        consents: ids of the consents that cover it.
        subjects: whose faces they are for, where names are on record.
    """

    def __init__(self, place: Place, options: Options) -> None:
        self._place, self._options = place, options
        self._check: ContentCheck | None = None
        self._analyser: FaceAnalyser | None = None
        self.consents: tuple[str, ...] = ()
        self.subjects: tuple[str, ...] = ()

    def admit(self, plan: Plan, sessions: SessionFactory, roles: Sequence[Role], analyser: FaceAnalyser | None) -> None:
        """Ask for a job whose sources were read.

        Raises:
            TrustError: it is not allowed.
        """
        self._open(sessions, analyser)
        self._read_texts()
        given = given_sources(roles)
        self._ask_for(given, tuple(spec.name for spec in plan.processors))
        self._look_at(given)
        self._look_at_performances(plan)

    def admit_sources(self, sessions: SessionFactory, analyser: FaceAnalyser, role: Role) -> None:
        """Ask for pictures that are to be kept as a face file; consents are asked for where that is used.

        Raises:
            TrustError: it is not allowed.
        """
        self._open(sessions, analyser)
        given = given_sources([role])
        for source, where in given:
            for embedding in self._embeddings(source):
                self._check_lists(embedding, where.lower())
        self._look_at(given)

    def watch(self, what: Seen) -> FrameWatch:
        """Return what looks at the frames of a stream."""
        return FrameWatch(self._content, self._place.policy.content, what, self._ask_lists)

    def check_still(self) -> None:
        """Make sure that the consents hold still.

        Raises:
            ConsentRevokedError: one was revoked meanwhile.
            ConsentScopeError: one ended meanwhile.
        """
        if self.consents:
            self._consents.ensure_live(self.consents)

    def _open(self, sessions: SessionFactory, analyser: FaceAnalyser | None) -> None:
        share, age_model = self._place.policy.content.threshold_share.value, self._options.faces.face_classifier_model
        self._check, self._analyser = ContentCheck.create(sessions, age_model=age_model, share=share), analyser

    @property
    def listed(self) -> str:
        """Which faces are on lists, as a digest that tells nothing of them; empty where none are."""
        entries = [] if self._lists is None else sorted(repr(entry) for entry in self._lists.all())
        return hashlib.sha256("\n".join(entries).encode()).hexdigest() if entries else ""

    @property
    def _content(self) -> ContentCheck:
        if self._check is None:
            raise ContentUncheckedError("Content cannot be checked before a job is admitted", "This is a bug")
        return self._check

    @cached_property
    def _consents(self) -> ConsentStore:
        engine = open_database(self._place.database)
        return ConsentStore(engine, self._place.ring.derived, self._options.trust.tenant)

    @cached_property
    def _lists(self) -> FaceLists | None:
        """The lists of faces; None where nobody is on them."""
        if not self._place.policy.blocklist.check.value:
            return None
        lists = FaceLists(open_database(self._place.database), self._place.ring.derived, self._options.trust.tenant)
        return lists if lists.all() else None

    def _read_texts(self) -> None:
        """Refuse words of the user that no output may bear."""
        trust = self._options.trust
        texts = {
            "The text of the label": trust.label_text,
            "The name of the producer": trust.content_producer,
            "The name of the project": trust.project,
        }
        terms = TermList.read(trust.content_terms)
        for what, text in texts.items():
            if text is not None:
                terms.refuse(text, what)

    def _ask_for(self, given: Sequence[Given], processors: tuple[str, ...]) -> None:
        """Ask lists and, where the policy wants it, consents for each face."""
        trust = self._options.trust
        use = Use(trust.project, processors, trust.territory)
        is_asked = self._place.policy.consent.require.value == "sources"
        grants: list[Grant] = []
        for source, where in given:
            for embedding in self._embeddings(source):
                self._check_lists(embedding, where.lower())
                if is_asked:
                    grants.append(self._consents.check(embedding, use, face=where.lower()))
        self.consents = tuple(dict.fromkeys(grant.consent for grant in grants))
        self.subjects = tuple(dict.fromkeys(grant.person for grant in grants if grant.person is not None))

    def _look_at(self, given: Sequence[Given]) -> None:
        """Look at the pictures of sources, and at the faces in them that are used."""
        below = minor_below(self._place.policy.content.youngest.value)
        for source, where in given:
            if not isinstance(source, SourceFace):
                continue  # of a face file there is no picture; those that it was made of were looked at then
            [verdict] = self._content.look([source.image])
            refuse(verdict, where)
            [age] = self._content.ages([FaceView(source.image, source.face)])
            refuse_minors([source.face] if age is not None and age < below else [], where)

    def _look_at_performances(self, plan: Plan) -> None:
        """Look at whoever plays what others are made to do, and ask lists for them; they are not seen in the output."""
        every = self._place.policy.content.sampling_seconds.value
        asks = self._lists is not None or self._content.tells_ages
        for path in performances(self._options):
            look_at_performance(
                path,
                self._options,
                self.watch("performance"),
                every=every,
                target=plan.target,
                analyser=self._analyser if asks else None,
            )

    def _ask_lists(self, image: Image, face: Face, where: str) -> None:
        if self._lists is not None:
            self._check_lists(self._identity(image, face), where.lower())

    def _embeddings(self, source: Source) -> Sequence[Vector]:
        """Return the identity vector of each view; none where nobody asks for any."""
        if self._lists is None and self._place.policy.consent.require.value == "none":
            return ()
        return [*source.embeddings] if isinstance(source, KeptFace) else [self._identity(source.image, source.face)]

    def _identity(self, image: Image, face: Face) -> Vector:
        if face.embedding is None and self._analyser is not None:
            [face] = self._analyser.embed(image, [face])
        if face.embedding is None:
            raise ContentUncheckedError("A face cannot be told from others", "This is a bug")
        return face.embedding

    def _check_lists(self, embedding: Vector, where: str) -> None:
        if self._lists is not None:
            overrides = self._place.policy.blocklist.allow_overrides.value
            self._lists.check(embedding, face=where, allow_overrides=overrides)


def given_sources(roles: Sequence[Role]) -> list[Given]:
    """Return all sources, with how messages call them: by their numbers, per person, as users gave them.

    A face whose make-up is worn is used like that of a source, and asked for in the same way.
    """
    given: list[Given] = []
    for person, role in enumerate(roles, start=1):
        paths = list(role.options.source_paths)
        for source in role.sources:
            path = source.path if isinstance(source, SourceFace) else None
            number = paths.index(path) + 1 if path in paths else 1
            whose = person if len(roles) > 1 else None
            given.append(Given(source, where_in_source(number, len(paths) or 1, person=whose)))
    worn = next((role.worn for role in roles), {})  # the same for everybody
    return given + [Given(each, "The reference of the make-up") for views in worn.values() for each in views]
