"""Faces as state: see `facefusion.state`."""

from __future__ import annotations

from facefusion.faces.types import Face, Pose
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
    }


def restored_face(state: State) -> Face:
    """Return the face that `face_state` was given."""
    embedding, irises = state["embedding"], state["irises"]
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
    )
