"""What is found out about a face only where somebody needs it: further landmarks, and what it is taken for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from facefusion.faces.classifiers.base import Classifier
from facefusion.faces.landmarkers.base import FaceView, Landmarker, Landmarks
from facefusion.faces.landmarks import five_of_68, landmarks68_of_mesh
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.options import FaceSelectionOptions

Need = Literal["landmarks5", "landmarks68", "attributes"]
"""Five landmarks as exact as they can be had for alignment; 68 landmarks; what a classifier says."""
MESH = "face_mesh"
"""The landmarker that every face was found with."""


class FaceEnricher:
    """Adds to faces what is needed; a model is loaded when it is needed first.

    Args:
        options: which models.
        sessions: opens them.

    Attributes:
        options: as given.
    """

    def __init__(self, options: FaceSelectionOptions, sessions: SessionFactory) -> None:
        self.options = options
        self._sessions = sessions
        self._landmarker: Landmarker | None = None
        self._classifier: Classifier | None = None

    def prepare(self, needs: Collection[Need]) -> None:
        """Load the models for these needs, so that one that is missing is told of before any work.

        Raises:
            ModelError: a model is not there or cannot be used.
        """
        model = self.options.face_landmarker_model
        if model != MESH and not {"landmarks5", "landmarks68"}.isdisjoint(needs) and self._landmarker is None:
            self._landmarker = self._sessions.load(model, "face_landmarker")
        if "attributes" in needs and self._classifier is None:
            self._classifier = self._sessions.load(self.options.face_classifier_model, "face_classifier")

    def enrich(self, views: Sequence[FaceView], needs: Collection[Need]) -> list[Face]:
        """Return the faces with what is needed; all faces of one kind go through a network at once.

        Args:
            views: faces and the pictures that show them.
            needs: what is to be added.

        Raises:
            ModelError: a model is not there or cannot be used.
        """
        self.prepare(needs)
        faces = [view.face for view in views]
        if not {"landmarks5", "landmarks68"}.isdisjoint(needs):
            found = [None] * len(views) if self._landmarker is None else self._landmarker.fit(views)
            faces = [self._with_landmarks(*pair) for pair in zip(faces, found, strict=True)]
        if "attributes" in needs and self._classifier is not None:
            said = self._classifier.classify(views)
            faces = [replace(face, attributes=each) for face, each in zip(faces, said, strict=True)]
        return faces

    def _with_landmarks(self, face: Face, found: Landmarks | None) -> Face:
        """Return a face with its landmarks: those of the mesh where the landmarker is not sure or knows no 68."""
        sixty_eight = landmarks68_of_mesh(face.mesh)
        if found is None:
            return replace(face, landmarks68=sixty_eight)
        if found.score <= self.options.face_landmarker_score or found.points68 is None:
            return replace(face, landmarks=found.points, landmarks68=sixty_eight)
        five = five_of_68(found.points68)
        return replace(face, landmarks=found.points, landmarks68=found.points68, landmarks5=five)
