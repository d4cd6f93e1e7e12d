"""Execution providers: which are there, and what is said when one is not."""

from __future__ import annotations

import onnxruntime
import pytest

from facefusion.errors import ProviderError
from facefusion.inference.providers import available_providers, check_started, resolve_providers
from facefusion.inference.session import SessionFactory

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.fixture
def runtime(monkeypatch):
    """Pretend that this build of the runtime has certain providers."""

    def pretend(*names):
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(names))

    return pretend


def test_the_cpu_is_always_there():
    assert "cpu" in available_providers()
    assert resolve_providers(["cpu"]) == [CPU]


def test_auto_takes_the_best_there_is(runtime):
    runtime(CPU)
    assert resolve_providers(["auto"]) == [CPU]
    runtime(CPU, CUDA)
    assert resolve_providers(["auto"]) == [CUDA, CPU]


def test_the_cpu_is_the_last_resort_of_every_choice(runtime):
    runtime(CPU, CUDA)
    assert resolve_providers(["cuda"]) == [CUDA, CPU]
    assert resolve_providers(["cpu", "cuda"]) == [CPU, CUDA]


def test_the_same_provider_twice_counts_once(runtime):
    runtime(CPU, CUDA)
    assert resolve_providers(["cpu", "cpu"]) == [CPU]
    assert resolve_providers(["cuda", "auto"]) == [CUDA, CPU]


def test_an_absent_provider_is_named_with_those_there_and_the_package_that_has_it(runtime):
    runtime(CPU)
    message = (
        r"^Execution provider 'cuda' is not available here\. "
        r"Install onnxruntime-gpu in place of onnxruntime, or use one of: cpu, auto\.$"
    )
    with pytest.raises(ProviderError, match=message) as caught:
        resolve_providers(["cuda"])
    assert caught.value.exit_code == 42


@pytest.mark.parametrize("names", [["nonsense"], ["auto", "nonsense"], ["CPU"], ["CPUExecutionProvider"], [""]])
def test_an_unknown_provider_is_an_error_even_beside_auto(runtime, names):
    runtime(CPU)
    with pytest.raises(ProviderError, match=r"is not available here\. Use one of: cpu, auto\.$"):
        resolve_providers(names)


def test_a_provider_that_is_installed_but_does_not_start_is_an_error_when_it_was_asked_for():
    with pytest.raises(ProviderError, match=r"'cuda' is installed but cannot be started\. Check its driver"):
        check_started([CUDA, CPU], [CPU])
    check_started([CUDA, CPU], [CUDA, CPU])


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_the_runtime_never_falls_back_unnoticed(runtime):
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this machine has the provider that the test pretends to lack")
    runtime(CPU, CUDA)
    with pytest.raises(ProviderError, match="cannot be started"):
        SessionFactory(["cuda"]).open("iris")
    assert SessionFactory(["auto"]).open("iris").providers == [CPU], "auto takes what starts"
