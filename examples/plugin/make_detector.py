"""Make `listed_example.onnx`, a small real detector for the example, from weights that come with FaceFusion.

python make_detector.py FOLDER

It stands for the network that you have: its outputs have names and units of their own, its input is not normalised.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE, CELLS = 192, 48
FILE = "listed_example.onnx"
_BASE = "blazeface_full_range.onnx"


def make_detector() -> onnx.ModelProto:
    """Return the network: `image` (N, 3, 192, 192) in; `locations`, `confidence` and `keypoints` out."""
    base = onnx.load_from_string((resources.files("facefusion.inference") / "pack" / _BASE).read_bytes())
    rows, columns = np.mgrid[:CELLS, :CELLS]
    centres = ((np.stack([columns, rows], -1).reshape(1, -1, 2) + 0.5) / CELLS).astype(np.float32)
    constants = {
        "half": np.float32(127.5),
        "one": np.float32(1),
        "size": np.float32(SIZE),
        "two": np.float32(2),
        "mouth": np.float32(0.36),
        "centres": centres,
        "pairs": np.array([0, 0, 8, 2], np.int64),
        "column": np.array([0, -1, 1], np.int64),
        "axis": np.array([2], np.int64),
    }
    nodes = [
        helper.make_node("Div", ["image", "half"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "one"], ["input"]),
        *base.graph.node,
        helper.make_node("Sigmoid", ["scores"], ["chances"]),
        helper.make_node("Reshape", ["chances", "column"], ["confidence"]),
        helper.make_node("Reshape", ["boxes", "pairs"], ["in_pixels"]),
        helper.make_node("Div", ["in_pixels", "size"], ["shares"]),
        helper.make_node("Split", ["shares"], [f"part{n}" for n in range(8)], axis=2),
        *(helper.make_node("Squeeze", [f"part{n}", "axis"], [f"pair{n}"]) for n in range(6)),
        *(helper.make_node("Add", [f"pair{n}", "centres"], [f"point{n}"]) for n in (0, 2, 3, 4, 5)),
        helper.make_node("Div", ["pair1", "two"], ["extent"]),
        helper.make_node("Sub", ["point0", "extent"], ["low"]),
        helper.make_node("Add", ["point0", "extent"], ["high"]),
        helper.make_node("Concat", ["low", "high"], ["locations"], axis=2),
        # The network knows the middle of the mouth; its corners lie along the line of the eyes.
        helper.make_node("Sub", ["point3", "point2"], ["eyes"]),
        helper.make_node("Mul", ["eyes", "mouth"], ["reach"]),
        helper.make_node("Sub", ["point5", "reach"], ["mouth_left"]),
        helper.make_node("Add", ["point5", "reach"], ["mouth_right"]),
        helper.make_node("Concat", ["point2", "point3", "point4", "mouth_left", "mouth_right"], ["keypoints"], axis=2),
    ]
    shapes = {"locations": 4, "confidence": 1, "keypoints": 10}
    graph = helper.make_graph(
        nodes,
        "listed_example",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, ["batch", CELLS**2, v]) for k, v in shapes.items()],
        [*base.graph.initializer, *(numpy_helper.from_array(v, k) for k, v in constants.items())],
    )
    model = helper.make_model(graph, opset_imports=base.opset_import, ir_version=base.ir_version)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    place = Path(sys.argv[1]) / FILE
    place.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(make_detector(), place)
    print(place)
