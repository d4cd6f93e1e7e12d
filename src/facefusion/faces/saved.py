"""Faces as state: see `facefusion.state`."""

from __future__ import annotations

from facefusion.faces.types import Attributes, Face, Pose
from facefusion.state import State


def face_state(face: Face) -> State:
    """Return everything about a face as a state."""
    return {
        "box": face.box.copy(),
        "score": float(face.score),
        "landmarks5": face.landmarks5.copy(),
        "mesh": face.mesh.copy(),
        "presence": float(face.presence),
        "pose": [float(face.pose.yaw), float(face.pose.pitch), float(face.pose.roll)],
        "embedding": None if face.embedding is None else face.embedding.copy(),
        "track_id": face.track_id,
        "role": face.role,
        "share": float(face.share),
        "irises": None if face.irises is None else face.irises.copy(),
        "landmarks68": None if face.landmarks68 is None else face.landmarks68.copy(),
        "landmarks": None if face.landmarks is None else face.landmarks.copy(),
        "attributes": _attributes_state(face.attributes),
    }


def restored_face(state: State) -> Face:
    """Return the face that `face_state` was given."""
    embedding, irises = state["embedding"], state["irises"]
    landmarks68, landmarks = state["landmarks68"], state["landmarks"]
    return Face(
        box=state["box"].copy(),
        score=state["score"],
        landmarks5=state["landmarks5"].copy(),
        mesh=state["mesh"].copy(),
        presence=state["presence"],
        pose=Pose(*state["pose"]),
        embedding=None if embedding is None else embedding.copy(),
        track_id=state["track_id"],
        role=state["role"],
        share=state["share"],
        irises=None if irises is None else irises.copy(),
        landmarks68=None if landmarks68 is None else landmarks68.copy(),
        landmarks=None if landmarks is None else landmarks.copy(),
        attributes=_restored_attributes(state["attributes"]),
    )


def _attributes_state(attributes: Attributes | None) -> State | None:
    if attributes is None:
        return None
    return {"age": list(attributes.age), "gender": attributes.gender, "race": attributes.race}


def _restored_attributes(state: State | None) -> Attributes | None:
    if state is None:
        return None
    start, end = state["age"]
    return Attributes((start, end), state["gender"], state["race"])
