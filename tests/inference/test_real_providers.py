"""Each provider that is there gives what the CPU gives, within the error that docs/execution.md states.

The CPU alone is everywhere; `make test-openvino` runs these tests with OpenVINO, and a machine with a graphics card
and the build of ONNX Runtime for it runs them with that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facefusion.errors import ProviderError
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.execution import Execution
from facefusion.inference.machine import has_bf16
from facefusion.inference.providers import PROVIDERS, available_providers
from facefusion.inference.session import Session, SessionFactory
from facefusion.options import Options
from generated.sessions import PICTURES, POINTS, picture_net, points_net

LEVEL = 127.5
"""Levels of a picture of 8 bits in a unit of what the network gives, which is -1 to 1."""
FP32 = 0.05
REDUCED_MEAN, REDUCED_MOST = 0.5, 4.0
"""Stated errors in levels of 255."""
ENLARGER = Contract(
    inputs=(TensorSpec("input", ("batch", 3, "height", "width")),),
    outputs=(TensorSpec("output", ("batch", 3, "tall", "wide")),),
)


THERE = [name for name in available_providers() if name != "cpu"]


@pytest.fixture(params=THERE or ["none"])
def provider(request):
    """A provider that is there."""
    if not THERE:
        pytest.skip("this build of ONNX Runtime has the CPU alone")
    return request.param


@pytest.fixture
def session(tmp_path):
    """Return a maker of sessions."""

    def make(provider, weights, contract, precision="auto"):
        options = Options.parse({"execution_providers": provider, "execution_precision": precision})
        return Session(weights, replace(Execution.of(options.runtime), cache=tmp_path), contract=contract)

    return make


def pictures(count, size):
    return np.random.default_rng(2).random((count, 3, size, size), np.float32)


def off(session, provider, weights, contract, batch, *, precision):
    """Return the mean and the largest difference from the CPU, in levels."""
    name = contract.outputs[0].name
    expected = session("cpu", weights, contract).run(batch)[name]
    subject = session(provider, weights, contract, precision)
    assert subject.providers[0] == PROVIDERS[provider].runtime_name, "it is not the CPU that was compared with itself"
    difference = LEVEL * np.abs(subject.run(batch)[name] - expected)
    return difference.mean(), difference.max()


@pytest.mark.parametrize("batch", [1, "n"])
def test_in_fp32_it_agrees_with_the_cpu(provider, session, batch):
    weights = picture_net(batch=batch, size=64, channels=48).SerializeToString
    assert off(session, provider, weights, PICTURES, pictures(5, 64), precision="fp32")[1] <= FP32


def test_as_it_comes_it_agrees_within_the_stated_error(provider, session):
    weights = picture_net(batch="n", size=64, channels=256).SerializeToString
    mean, most = off(session, provider, weights, PICTURES, pictures(4, 64), precision="auto")
    assert mean <= REDUCED_MEAN
    assert most <= REDUCED_MOST


def test_what_measures_is_as_exact_as_on_the_cpu(provider, session):
    weights = points_net(batch="n", size=64).SerializeToString
    expected = session("cpu", weights, POINTS).run(pictures(3, 64))["points"]
    found = session(provider, weights, POINTS).run(pictures(3, 64))["points"]
    assert np.abs(found - expected).max() <= 1e-4 * max(1, np.abs(expected).max())


def test_real_weights_agree_within_the_stated_error(provider, session, assets, astronaut):
    path = assets / "models" / "superres" / "realesr_animevideov3_x4.onnx"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the shared test material")
    crops = [astronaut[top : top + 96, 200:296] for top in (60, 160)]
    batch = np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32) / 255
    # This network gives 0 to 1.
    mean, most = (2 * value for value in off(session, provider, lambda: path, ENLARGER, batch, precision="auto"))
    assert mean <= REDUCED_MEAN
    assert most <= REDUCED_MOST


def test_the_bundled_networks_run_beside_it(provider):
    values = SessionFactory([provider]).open("iris").run(pictures(1, 64))
    assert np.abs(values["eye"] - SessionFactory(["cpu"]).open("iris").run(pictures(1, 64))["eye"]).max() < 1e-2


def test_bf16_is_computed_where_it_is_asked_for(session):
    if "openvino" not in available_providers() or not has_bf16():
        pytest.skip("there is no OpenVINO here, or the processor does not multiply in bf16")
    weights = picture_net(batch="n", size=64, channels=256).SerializeToString
    mean, most = off(session, "openvino", weights, PICTURES, pictures(4, 64), precision="bf16")
    assert 0.005 < mean <= REDUCED_MEAN, "fp32 would be nearer"
    assert most <= REDUCED_MOST


def test_tensorrt_keeps_its_engines(session, tmp_path):
    if "tensorrt" not in available_providers():
        pytest.skip("this build of ONNX Runtime does not have tensorrt")
    weights = picture_net(size=64, channels=48).SerializeToString
    session("tensorrt", weights, PICTURES).run(pictures(4, 64))
    kept = {path.suffix for path in (tmp_path / "tensorrt").iterdir()}
    assert {".engine", ".timing"} <= kept


def test_a_card_that_is_not_there_is_refused(session):
    if "cuda" not in available_providers():
        pytest.skip("this build of ONNX Runtime does not have cuda")
    weights = picture_net(size=64).SerializeToString
    assert session("cuda:0", weights, PICTURES).run(pictures(2, 64))["output"].shape == (2, 3, 64, 64)
    with pytest.raises(ProviderError, match="'cuda:99'"):
        session("cuda:99", weights, PICTURES)
