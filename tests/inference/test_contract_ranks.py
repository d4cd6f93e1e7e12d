"""Contracts for outputs of which files differ in the number of sizes."""

from __future__ import annotations

import pytest

from facefusion.errors import ModelUnfitError
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.graph import Graph, TensorInfo


def bind(spec, shape):
    contract = Contract((), (TensorSpec("value", spec),))
    return contract.bind(Graph((), (TensorInfo("out", "float32", shape),)), "model").outputs["value"].shape


@pytest.mark.parametrize("spec, shape", [
    (("...", "anchors", 4), (12800, 4)),
    (("...", "anchors", 4), (1, 12800, 4)),
    (("batch", "...", 204), (1, 204)),
    (("batch", "...", 204), ("batch", 1, 1, 204)),
    (("batch", "...", "values"), (1, 68, 3)),
    (("...",), ()),
    (("...",), (1,)),
])  # fmt: skip
def test_three_dots_stand_for_any_number_of_sizes(spec, shape):
    assert bind(spec, shape) == shape


@pytest.mark.parametrize("spec, shape", [
    (("...", "anchors", 4), (4,)),
    (("...", "anchors", 4), (1, 12800, 10)),
    (("batch", "...", 204), (204,)),
    (("batch", "anchors", 4), (12800, 4)),
])  # fmt: skip
def test_the_sizes_around_them_must_fit(spec, shape):
    with pytest.raises(ModelUnfitError, match="has no output value"):
        bind(spec, shape)
