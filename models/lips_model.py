"""The lip network: from the parameters that training left to an ONNX file.

`python -m models.lips_model parameters.npz` writes it into the pack and prints size and sha256. The archive holds, for
each of the seven convolutions (3 × 3) and the two dense layers, `kernel_N` and `bias_N` with normalisation folded in.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import numpy as np
from onnx import ModelProto

from models.onnx_graph import GraphBuilder

SIDE = 64
POINTS = 40
STRIDES = (2, 1, 2, 1, 2, 1, 2)
_LEAST_CONTRAST = 8 / 255
_PACK = Path(__file__).parents[1] / "src" / "facefusion" / "inference" / "pack"


def convert_lips(content: bytes) -> ModelProto:
    """Lips: `input` [N, 3, 64, 64], RGB 0 to 1, to `lips` [N, 40, 2] in shares of the crop."""
    parameters = np.load(io.BytesIO(content), allow_pickle=False)
    builder = GraphBuilder("lips")
    value = normalised_crop(builder)
    for number, stride in enumerate(STRIDES):
        kernel, bias = parameters[f"kernel_{number}"], parameters[f"bias_{number}"]
        value = builder.convolution(value, kernel, bias, pads=(1, 1, 1, 1), strides=(stride, stride))
        value = builder.node("Relu", [value])
    value = builder.node("Flatten", [value], axis=1)
    for number in (7, 8):
        kernel, bias = (builder.constant(parameters[f"{part}_{number}"]) for part in ("kernel", "bias"))
        value = builder.node("Gemm", [value, kernel, bias], transB=1)
        value = builder.node("Relu", [value]) if number == 7 else value
    shape = builder.constant(np.array([-1, POINTS, 2], np.int64))
    builder.node("Reshape", [value, shape], "lips")
    return builder.model({"input": ("batch", 3, SIDE, SIDE)}, {"lips": ("batch", POINTS, 2)})


def normalised_crop(builder: GraphBuilder) -> str:
    """Take off the mean colour of each crop and bring its contrast to 1, so that light and skin tone do not matter."""
    mean = builder.node("ReduceMean", ["input"], axes=[2, 3], keepdims=1)
    centred = builder.node("Sub", ["input", mean])
    square = builder.node("Mul", [centred, centred])
    variance = builder.node("ReduceMean", [square], axes=[1, 2, 3], keepdims=1)
    contrast = builder.node("Sqrt", [variance])
    divisor = builder.node("Add", [contrast, builder.constant(np.array(_LEAST_CONTRAST, np.float32))])
    return builder.node("Div", [centred, divisor])


def main() -> None:
    """Write the file into the pack."""
    content = convert_lips(Path(sys.argv[1]).read_bytes()).SerializeToString(deterministic=True)
    (_PACK / "lips.onnx").write_bytes(content)
    print(f"lips {len(content)} {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
