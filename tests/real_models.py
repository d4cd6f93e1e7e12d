"""Small real weights among the shared test material, under the names that the catalogue gives them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore

FILES = {
    "scrfd_500m": "detect/scrfd_500m_kps.onnx",
    "scrfd_2.5g": "detect/scrfd_2.5g_bnkps.onnx",
    "yunet_n": "detect/yunet_n_dynamic.onnx",
    "yunet_2023_mar": "detect/yunet_n_640_640.onnx",
    "retinaface_mnet025": "detect/retinaface_mnet025.onnx",
    "mobilefacenet_128": "identity/mobilefacenet_128_dynbatch.onnx",
    "slim_160_68": "landmark/slim_160_68_pose.onnx",
    "pfld_106": "landmark/pfld_106_lite.onnx",
    "mesh_478": "landmark/mediapipe_face_landmarks_detector_478.onnx",
    "ssrnet_age": "attribute/ssrnet_age.onnx",
}


def real_sessions(assets: Path, folder: Path) -> SessionFactory:
    """Return a factory that knows the bundled models and those above.

    Args:
        assets: the shared test material.
        folder: empty; the weights are copied there.
    """
    known, cards = Catalogue.known(), []
    pack = ModelStore().folder
    for card in Catalogue.bundled():
        (folder / card.file).write_bytes((pack / card.file).read_bytes())
        cards.append(card)
    for name, file in FILES.items():
        content = (assets / "models" / file).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        card = known[name].model_copy(update={"sha256": digest, "bytes": len(content)})
        (folder / card.file).write_bytes(content)
        cards.append(card)
    return SessionFactory(("cpu",), catalogue=Catalogue(cards), store=ModelStore(folder))
