"""The front network: from the parameters that training left to an ONNX file.

`python -m models.front_model parameters.npz` writes it into the pack and prints size and sha256. The archive holds, for
each of the thirteen convolutions (3 × 3), `kernel_N` and `bias_N` with normalisation folded in.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import numpy as np
from onnx import ModelProto

from models.lips_model import normalised_crop
from models.onnx_graph import GraphBuilder

SIDE = 96
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1)
"""Of the convolutions on the way down; those on the way up have none."""
KEPT = (5, 3, 1)
"""The convolutions whose answers the way up takes along, in that order."""
_PACK = Path(__file__).parents[1] / "src" / "facefusion" / "inference" / "pack"


def convert_front(content: bytes) -> ModelProto:
    """Front: `input` [N, 3, 96, 96], RGB 0 to 1, to `front` [N, 1, 96, 96], 0 to 1."""
    parameters = np.load(io.BytesIO(content), allow_pickle=False)
    builder = GraphBuilder("front")

    def convolution(value: str, number: int, stride: int = 1) -> str:
        kernel, bias = parameters[f"kernel_{number}"], parameters[f"bias_{number}"]
        return builder.convolution(value, kernel, bias, pads=(1, 1, 1, 1), strides=(stride, stride))

    value, answers = normalised_crop(builder), []
    for number, stride in enumerate(STRIDES):
        value = builder.node("Relu", [convolution(value, number, stride)])
        answers.append(value)
    for number, kept in enumerate(KEPT, len(STRIDES)):
        joined = builder.node("Concat", [_doubled(builder, value), answers[kept]], axis=1)
        value = builder.node("Relu", [convolution(joined, number)])
    value = convolution(value, len(STRIDES) + len(KEPT))
    value = builder.node("DepthToSpace", [value], blocksize=2, mode="CRD")
    builder.node("Sigmoid", [value], "front")
    return builder.model({"input": ("batch", 3, SIDE, SIDE)}, {"front": ("batch", 1, SIDE, SIDE)})


def _doubled(builder: GraphBuilder, value: str) -> str:
    """Append doubling of height and width, each value four times."""
    scales = builder.constant(np.array([1, 1, 2, 2], np.float32))
    rule = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return builder.node("Resize", [value, "", scales], **rule)


def main() -> None:
    """Write the file into the pack."""
    content = convert_front(Path(sys.argv[1]).read_bytes()).SerializeToString(deterministic=True)
    (_PACK / "front.onnx").write_bytes(content)
    print(f"front {len(content)} {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
