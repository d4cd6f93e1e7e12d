"""Execution providers: which are there, what they are told, and what is said when one is not."""

from __future__ import annotations

import json
import sys

import onnxruntime
import pytest

from facefusion.errors import ProviderError
from facefusion.inference import execution, providers
from facefusion.inference.execution import Execution
from facefusion.inference.machine import has_bf16, usable_cores
from facefusion.inference.provider_options import options_of
from facefusion.inference.providers import PROVIDERS, available_providers, install_line, resolve_providers
from facefusion.inference.session import SessionFactory
from facefusion.options import Options

ALL = [provider.runtime_name for provider in PROVIDERS.values()]


@pytest.fixture
def runtime(monkeypatch):
    """Pretend that this build of the runtime has certain providers."""

    def pretend(*names):
        there = [PROVIDERS[name].runtime_name for name in names]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)

    return pretend


def resolved(names, **options):
    return [str(device) for device in resolve_providers(names, **options)]


def told(name, **options):
    """What the first provider is told for a network that gives pictures."""
    how = Execution.of(Options.parse({"execution_providers": name, **options}).runtime)
    return options_of(how.devices[0], how.request(how.devices[0], is_exact=False, threads=3))


def test_the_cpu_is_always_there():
    assert "cpu" in available_providers()
    assert resolved(["cpu"]) == ["cpu"]


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (["cpu"], ["cpu"]),
        (["cpu", "cuda"], ["cuda", "cpu"]),
        (["cpu", "tensorrt", "cuda"], ["cuda", "cpu"]),
        (["cpu", "openvino"], ["openvino", "cpu"]),
        (["cpu", "directml"], ["directml", "cpu"]),
        (["cpu", "migraphx", "rocm"], ["migraphx", "cpu"]),
        (["cpu", "coreml"], ["cpu"]),
    ],
)
def test_auto_takes_the_best_there_is_but_none_that_builds_engines_for_minutes(runtime, there, taken):
    runtime(*there)
    assert resolved(["auto"]) == taken


def test_the_cpu_is_the_last_resort_of_every_choice(runtime):
    runtime("cpu", "cuda")
    assert resolved(["cuda"]) == ["cuda", "cpu"]
    assert resolved(["cuda", "auto"]) == ["cuda", "cpu"]
    assert resolved(["cpu", "cpu"]) == ["cpu"]


def test_what_tensorrt_does_not_know_is_left_to_the_same_card(runtime):
    runtime("cpu", "cuda", "tensorrt")
    assert resolved(["tensorrt:1"]) == ["tensorrt:1", "cuda:1", "cpu"]


def test_devices_are_named_after_a_colon_or_by_an_option(runtime):
    runtime(*PROVIDERS)
    assert resolved(["cuda:1"]) == ["cuda:1", "cpu"]
    assert resolved(["cuda"], device_id=2) == ["cuda:2", "cpu"]
    assert resolved(["cuda:0", "cuda:1"]) == ["cuda", "cuda:1", "cpu"]
    assert resolved(["openvino:gpu.1"], device_id=2) == ["openvino:gpu.1", "cpu"]
    assert resolved(["openvino"], device_id=2) == ["openvino", "cpu"]
    assert told("cuda", execution_device_id=3)["device_id"] == "3"


@pytest.mark.parametrize("name", ["cuda:", "cuda:x", "cuda:-1", "cpu:0", "coreml:1", "openvino:tpu", "openvino:gpu.x"])
def test_a_device_that_cannot_be_is_refused(runtime, name):
    runtime(*PROVIDERS)
    with pytest.raises(ProviderError, match=r"has no device"):
        resolve_providers([name])


def test_an_absent_provider_is_named_with_those_there_and_the_line_that_gets_it(runtime, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    runtime("cpu")
    with pytest.raises(ProviderError) as caught:
        resolve_providers(["cuda"])
    assert str(caught.value) == (
        "Execution provider 'cuda' is not available here. Use one of: cpu, auto; or install it: "
        'pip install "facefusion[cuda]" && pip uninstall -y onnxruntime && '
        "pip install --force-reinstall --no-deps onnxruntime-gpu."
    )
    assert caught.value.exit_code == 42


def test_a_provider_of_another_system_is_not_offered_for_installation(runtime, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    runtime("cpu")
    with pytest.raises(ProviderError, match="Use one of: cpu, auto; directml is for Windows"):
        resolve_providers(["directml"])
    with pytest.raises(ProviderError, match="coreml is for macOS"):
        resolve_providers(["coreml"])


@pytest.mark.parametrize("names", [["nonsense"], ["auto", "nonsense"], ["CPU"], ["CPUExecutionProvider"], [""]])
def test_an_unknown_provider_is_an_error_even_beside_auto(runtime, names):
    runtime("cpu")
    with pytest.raises(ProviderError, match=r"is not available here\. Use one of: cpu, auto\.$"):
        resolve_providers(names)


@pytest.mark.parametrize("name", [name for name, provider in PROVIDERS.items() if provider.extra])
def test_every_extra_is_in_the_package(name):
    from importlib.metadata import metadata

    assert PROVIDERS[name].extra in metadata("facefusion").get_all("Provides-Extra")


def test_the_install_line_lays_the_other_build_over_what_is_left(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert install_line("openvino").startswith('pip install "facefusion[openvino]" && pip uninstall -y onnxruntime && ')
    assert install_line("cpu") == ""
    monkeypatch.setattr(sys, "platform", "linux")
    assert install_line("migraphx").startswith("pip uninstall -y onnxruntime && ")


def test_what_each_provider_is_told(runtime, tmp_path, monkeypatch):
    runtime(*PROVIDERS)
    monkeypatch.setattr(execution, "cache_folder", lambda: tmp_path)
    assert told("cpu") == {}
    assert told("directml:1") == {"device_id": "1"}
    assert told("cuda") == {
        "device_id": "0",
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "1",
    }
    assert told("cuda", execution_precision="fp32")["use_tf32"] == "0"
    tensorrt = told("tensorrt")
    assert tensorrt["trt_engine_cache_path"] == tensorrt["trt_timing_cache_path"] == str(tmp_path / "tensorrt")
    assert (tensorrt["trt_fp16_enable"], tensorrt["trt_engine_cache_enable"]) == ("1", "1")
    assert told("tensorrt", execution_precision="fp32")["trt_fp16_enable"] == "0"
    assert told("coreml", execution_precision="fp32")["MLComputeUnits"] == "CPUAndGPU"
    assert told("migraphx", execution_precision="fp16")["migraphx_fp16_enable"] == "1"
    assert told("rocm:2")["device_id"] == "2"


def test_openvino_computes_in_bf16_where_the_processor_does(runtime, monkeypatch):
    runtime("cpu", "openvino")
    for can, hint in ((True, "bf16"), (False, "f32")):
        monkeypatch.setattr(execution, "has_bf16", lambda can=can: can)
        config = json.loads(told("openvino")["load_config"])
        assert config == {"CPU": {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": "3"}}
    with pytest.raises(ProviderError, match="'openvino' does not compute in bf16 here"):
        told("openvino", execution_precision="bf16")
    assert json.loads(told("openvino:gpu")["load_config"]) == {"GPU": {"INFERENCE_PRECISION_HINT": "f16"}}


def test_what_measures_is_computed_in_all_of_fp32(runtime):
    runtime(*PROVIDERS)
    for name in ("cuda", "tensorrt", "openvino", "coreml", "migraphx"):
        how = Execution.of(Options.parse({"execution_providers": name}).runtime)
        request = how.request(how.devices[0], is_exact=True, threads=1)
        assert (request.precision, request.is_exact) == ("fp32", True)


def test_a_precision_that_the_provider_lacks_is_refused(runtime):
    runtime("cpu", "cuda")
    for name in ("cpu", "cuda", "auto"):
        with pytest.raises(ProviderError, match=r"in fp16 here\. Use --execution-precision auto or fp32"):
            Execution.of(Options.parse({"execution_providers": name, "execution_precision": "fp16"}).runtime)


def test_threads_are_those_of_the_container(tmp_path):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert usable_cores(tmp_path / "cpu.max") <= 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores(tmp_path / "cpu.max") == usable_cores(tmp_path / "none") >= 1


def test_what_the_processor_says_of_bf16(tmp_path):
    description = tmp_path / "cpuinfo"
    assert not has_bf16(description)
    description.write_text("processor : 0\nflags\t\t: fpu avx512_bf16 sse\n")
    assert has_bf16(description)
    description.write_text("flags : fpu avx512f\n")
    assert not has_bf16(description)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_the_runtime_never_falls_back_unnoticed(runtime):
    if PROVIDERS["cuda"].runtime_name in onnxruntime.get_available_providers():
        pytest.skip("this machine has the provider that the test pretends to lack")
    runtime("cpu", "cuda")
    with pytest.raises(ProviderError, match=r"'cuda' is installed but cannot be started\. Check its driver"):
        SessionFactory(["cuda"]).open("iris")
    notes = []
    factory = SessionFactory(["auto"], notify=notes.append)
    assert factory.open("iris").providers == factory.open("face_mesh").providers == ["CPUExecutionProvider"]
    assert notes == ["Execution provider 'cuda' is installed but cannot be started, and is not used any more"], (
        "said once, and auto takes what starts"
    )
    assert SessionFactory(["cuda", "cpu"]).open("iris").providers == ["CPUExecutionProvider"], "the CPU was named too"
    assert providers.available_providers() == ("cpu", "cuda")
