"""Animates portraits into talking clips of which everything is known.

>>> scene = make_scene([Path("portrait.jpg")], events=[Event("turn", 0.0, 2.0, 27)])
>>> image, truth = scene.render(1.0)
>>> truth.face.landmarks.shape
(468, 2)
"""

from talking_portrait.actor import Actor
from talking_portrait.clip import frame_ticks, truth_path, write_clip
from talking_portrait.portrait import Portrait, read_portrait
from talking_portrait.scene import Scene, analyser_mesh, make_scene
from talking_portrait.script import Event, Script, State, default_events
from talking_portrait.truth import FaceTruth, GroundTruth, TruthLog

__all__ = [
    "Actor",
    "Event",
    "FaceTruth",
    "GroundTruth",
    "Portrait",
    "Scene",
    "Script",
    "State",
    "TruthLog",
    "analyser_mesh",
    "default_events",
    "frame_ticks",
    "make_scene",
    "read_portrait",
    "truth_path",
    "write_clip",
]
