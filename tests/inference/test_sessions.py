"""Sessions: batches in parts, devices that fail, memory that runs out, precision, threads."""

from __future__ import annotations

import threading

import numpy as np
import onnxruntime
import pytest

from facefusion.errors import ModelUnfitError, ProviderError
from facefusion.inference import session as session_module
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.execution import Execution
from facefusion.inference.pool import GROWTH, SessionPool
from facefusion.inference.providers import CPU, PROVIDERS, Device
from facefusion.inference.runner import Fallback, Runner
from facefusion.inference.runtime import FAILURES
from facefusion.inference.session import Session
from facefusion.inference.verdict import Verdicts
from generated.builder import NetworkBuilder
from generated.imaging import super_resolution
from generated.sessions import PICTURES, POINTS, picture_net, points_net

CUDA = Device(PROVIDERS["cuda"], "0")
REAL = onnxruntime.InferenceSession
FULL = "CUDA failure 2: out of memory ; GPU=0"


class Card:
    """A stub of a graphics card: runs on the CPU, as ONNX Runtime would on a card, and fails as it is told."""

    def __init__(self, monkeypatch):
        self.problem = None
        self.most = 1000
        self.batches = []
        self.opened = []
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.open)
        monkeypatch.setattr(Verdicts, "way", lambda verdicts, small, trial: trial.ways[0])
        monkeypatch.setattr(Runner, "_run_bound", lambda runner, outputs, feeds: runner._session.run(outputs, feeds))

    def open(self, file, options, *, providers, enable_fallback):
        self.opened.append((providers[0], options.intra_op_num_threads))
        is_card = providers[0][0] == CUDA.provider.runtime_name
        if is_card and self.problem == "unsupported":
            raise RuntimeError("This network is not for cards\nand more")
        return _CardSession(self, REAL(file, options, providers=["CPUExecutionProvider"]), is_card)


class _CardSession:
    def __init__(self, card, session, is_card):
        self._card, self._session, self._is_card = card, session, is_card
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def get_providers(self):
        started = self._is_card and self._card.problem != "absent"
        return [CUDA.provider.runtime_name, "CPUExecutionProvider"] if started else ["CPUExecutionProvider"]

    def run(self, outputs, feeds):
        size = len(next(iter(feeds.values())))
        if self._is_card and self._card.problem == "broken":
            raise FAILURES[0]("CUDA failure 719: unspecified launch failure")
        if self._is_card and size > self._card.most:
            raise RuntimeError(FULL)
        self._card.batches.append((size, self._is_card))
        return self._session.run(outputs, feeds)


@pytest.fixture
def card(monkeypatch):
    return Card(monkeypatch)


@pytest.fixture
def notes():
    return []


@pytest.fixture
def make(tmp_path, notes):
    """Return a maker of sessions on the stub of a card."""

    def session(may_fall_back=True, contract=PICTURES, model=None, fallback=None, **options):
        execution = Execution(devices=(CUDA, CPU), may_fall_back=may_fall_back, cache=tmp_path / "cache", **options)
        content = (model or picture_net(batch="n")).SerializeToString()
        return Session(
            lambda: content,
            execution,
            contract=contract,
            name="generated",
            fallback=fallback or Fallback(may_fall_back, notes.append),
        )

    return session


def pictures(count, size=16):
    return np.random.default_rng(1).random((count, 3, size, size), np.float32)


def test_a_batch_is_worked_off_in_powers_of_two(card, make, monkeypatch):
    monkeypatch.setattr(session_module, "_MOST", 8)
    session = make()
    assert session.best_batch == 8
    assert len(session.run(pictures(23))["output"]) == 23
    assert [size for size, _ in card.batches] == [8, 8, 4, 2, 1]


def test_large_pictures_go_fewer_at_once():
    sizes = {side: Session(_content(side), contract=PICTURES).best_batch for side in (16, 256, 512, 1024)}
    assert sizes == {16: 32, 256: 16, 512: 4, 1024: 1}


def test_pictures_of_unsaid_size_are_counted_as_they_come(card, make):
    session = make(model=picture_net(batch="n", size=None))
    assert session.best_batch == 32
    session.run(pictures(3, size=1024))
    assert [size for size, _ in card.batches] == [1, 1, 1]


def test_where_memory_runs_out_batches_become_smaller_for_good(card, make, notes):
    session = make()
    card.most = 3
    batch = pictures(10)
    expected = Session(lambda: picture_net(batch="n").SerializeToString(), contract=PICTURES).run(batch)["output"]
    card.batches.clear()
    assert np.abs(session.run(batch)["output"] - expected).max() < 1e-6
    assert card.batches == [(2, True)] * 5
    assert session.best_batch == 2
    assert notes == ["Memory does not hold 8 items at once for model generated; fewer are taken"], "said once"


def test_where_not_even_one_fits_the_others_are_unloaded_and_then_the_cpu_takes_it(card, make, notes):
    session = make()
    card.most = 0
    assert len(session.run(pictures(2))["output"]) == 2
    assert [on_card for _, on_card in card.batches] == [False, False]
    assert f"has not enough memory for model generated ({FULL}), which runs on another" in notes[-1]
    card.most = 1000
    make(fallback=session._fallback).run(pictures(1))
    assert card.batches[-1] == (1, True), "other models still run on the card"


def test_where_not_even_one_fits_a_device_that_was_named_it_is_an_error(card, make):
    session = make(may_fall_back=False)
    card.most = 0
    with pytest.raises(ProviderError, match=r"'cuda' has not enough memory for model generated"):
        session.run(pictures(4))


def test_sessions_of_one_file_share_what_is_loaded(card, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(picture_net().SerializeToString())
    pool, execution = SessionPool(), Execution(cache=tmp_path / "cache")
    for _ in range(3):
        Session(lambda: path, execution, contract=PICTURES, pool=pool)
    assert (len(card.opened), len(pool.loaded)) == (1, 1)
    path.write_bytes(picture_net(seed=1).SerializeToString())
    Session(lambda: path, execution, contract=PICTURES, pool=pool)
    assert len(card.opened) == 2, "another file in its place"


def test_a_device_that_fails_in_the_middle_is_left_and_it_is_said_once(card, make, notes):
    first = make()
    second = make(fallback=first._fallback)
    first.run(pictures(1))
    card.problem = "broken"
    for _ in range(2):
        for session in (first, second):
            assert session.run(pictures(3))["output"].shape[0] == 3
    assert not any(on_card for _, on_card in card.batches[1:])
    assert notes == [
        "Execution provider 'cuda' failed while it ran model generated "
        "(CUDA failure 719: unspecified launch failure), and is not used any more"
    ]


def test_a_device_that_was_asked_for_by_name_is_not_replaced(card, make, notes):
    session = make(may_fall_back=False)
    card.problem = "broken"
    with pytest.raises(
        ProviderError, match=r"'cuda' failed while it ran model generated \(CUDA .*\)\. Use auto or cpu"
    ):
        session.run(pictures(1))
    card.problem = None
    session.run(pictures(1))
    card.problem = "absent"
    with pytest.raises(ProviderError, match="'cuda' is installed but cannot be started"):
        make(may_fall_back=False)
    card.problem = "unsupported"
    with pytest.raises(ProviderError, match=r"'cuda' cannot run model generated \(This network is not for cards\)"):
        make(may_fall_back=False)
    assert notes == []


def test_a_network_that_a_device_does_not_take_runs_on_the_next(card, make, notes):
    card.problem = "unsupported"
    session = make()
    assert session.providers == ["CPUExecutionProvider"]
    assert notes == [
        "Execution provider 'cuda' cannot run model generated (This network is not for cards), which runs on another"
    ]
    card.problem = None
    assert make(fallback=session._fallback).providers[0] == CUDA.provider.runtime_name


def test_wrong_values_are_the_models_affair_and_no_devices(card, make, notes):
    with pytest.raises(ModelUnfitError, match="A network does not take what it was given: "):
        make().run(np.zeros((1, 4, 16, 16), np.float32))
    assert notes == []


def test_results_of_other_sizes_than_the_family_wants_are_refused_where_the_file_did_not_say_them():
    wanted = Contract(PICTURES.inputs, (TensorSpec("output", ("batch", 3, 16, 16)),))
    content = super_resolution(2).SerializeToString()
    session = Session(lambda: content, contract=wanted, name="large")
    with pytest.raises(
        ModelUnfitError, match=r"large gave output \[1,3,32,32\], where its family wants output \[batch,3"
    ):
        session.run(pictures(1))


@pytest.mark.parametrize("dividend", [0.0, 1.0, -1.0])
@pytest.mark.parametrize("batch", ["batch", 1])
def test_results_that_are_no_finite_numbers_are_an_error_and_no_picture(dividend, batch):
    net = NetworkBuilder()
    nothing = net.node("Sub", value := net.input("input", [batch, 3, "h", "w"]), value)
    something = net.node("Add", nothing, net.constant(np.float32(dividend)))
    net.output("output", net.node("Div", something, nothing), [batch, 3, "h", "w"])
    content = net.model().SerializeToString()
    with pytest.raises(ModelUnfitError, match="Model overflowing gave values that are no numbers, or infinite, as out"):
        Session(lambda: content, contract=PICTURES, name="overflowing").run(pictures(2))


def test_nor_is_one_made_of_values_beyond_all_measure(tmp_path):
    net = NetworkBuilder()
    value = net.input("input", ["batch", 3, "h", "w"])
    net.output("output", net.node("Exp", net.node("Add", value, net.constant(np.float32(500)))), ["batch", 3, "h", "w"])
    content = net.model().SerializeToString()
    with pytest.raises(ModelUnfitError, match="gave values that are no numbers, or infinite, as output"):
        Session(lambda: content, Execution(cache=tmp_path), contract=PICTURES, name="white").run(pictures(2))


@pytest.mark.parametrize("kind", ["flat", "deep", "empty"])
def test_results_of_another_rank_or_count_are_refused_too(tmp_path, kind, capfd):
    net = NetworkBuilder()
    value = net.input("input", ["batch", 3, 16, 16])
    zero = net.constant(np.zeros(1, np.int64))
    result = {
        "flat": lambda: net.node("Flatten", value, axis=1),
        "deep": lambda: net.node("Unsqueeze", value, zero),
        "empty": lambda: net.node("Slice", value, zero, zero, zero),
    }[kind]()
    net.output("output", result, ["batch", 3, 16, 16])
    model = net.model()
    model.graph.output[0].type.tensor_type.ClearField("shape")
    session = Session(model.SerializeToString, Execution(cache=tmp_path), contract=PICTURES, name="odd")
    with pytest.raises(ModelUnfitError, match=r"odd gave output \[.*\], where its family wants output \[batch,3"):
        session.run(pictures(1))
    assert capfd.readouterr().err == "", "the runtime has nothing to say beside that"


def test_what_a_run_needs_more_than_there_is_is_told_in_our_words_alone(tmp_path, capfd):
    net = NetworkBuilder()
    value = net.input("input", ["batch", 3, 16, 16])
    huge = net.node("RandomNormal", shape=[1 << 45])
    net.output("output", net.node("Add", value, net.node("ReduceMax", huge, keepdims=0)), ["batch", 3, 16, 16])
    session = Session(net.model().SerializeToString, Execution(cache=tmp_path), contract=PICTURES, name="huge")
    with pytest.raises(ProviderError, match="The CPU has not enough memory for model huge"):
        session.run(pictures(1))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("provider, half, times", [("cpu", False, 1), ("cpu", True, 2), ("openvino", False, 2)])
def test_models_count_with_what_their_weights_take_when_they_are_loaded(tmp_path, monkeypatch, provider, half, times):
    Card(monkeypatch)
    net = NetworkBuilder()
    weights = net.random.random((256, 3, 16, 16)).astype(np.float16 if half else np.float32)
    value = net.input("input", ["n", 3, 16, 16])
    kept = net.constant(weights)
    if half:
        kept = net.node("Cast", kept, to=1)
    net.output("points", net.node("ReduceSum", net.node("Conv", value, kept), keepdims=0), [])
    content = net.model().SerializeToString()
    contract = Contract(PICTURES.inputs, (TensorSpec("points", ("...",)),))
    pool, device = SessionPool(), Device(PROVIDERS[provider], "cpu" if provider == "openvino" else "")
    Session(lambda: content, Execution((device, CPU)[-2:], cache=tmp_path), contract=contract, pool=pool)
    assert pool.used == pytest.approx(times * GROWTH * len(content), rel=0.01)


def test_a_file_that_onnx_runtime_does_not_take_is_refused_by_name():
    model = picture_net()
    model.graph.node[0].op_type = "Nonsense"
    with pytest.raises(ModelUnfitError, match="Model generated cannot be run"):
        Session(model.SerializeToString, contract=PICTURES, name="generated")


def test_networks_that_measure_are_computed_in_fp32_and_those_that_paint_as_they_may(card, make):
    make()
    assert card.opened[-1][0][1]["use_tf32"] == "1"
    make(contract=POINTS, model=points_net(batch="n"))
    assert card.opened[-1][0][1]["use_tf32"] == "0"


def test_bundled_networks_take_one_thread_and_others_as_many_as_are_given(card, make):
    make(contract=None, threads=5)
    make(threads=5)
    assert [threads for _, threads in card.opened] == [1, 5]


def test_small_networks_stay_where_nothing_is_compiled(card, tmp_path):
    execution = Execution(devices=(Device(PROVIDERS["tensorrt"], "0"), CUDA, CPU), cache=tmp_path)
    Session(lambda: picture_net(batch="n").SerializeToString(), execution)
    assert card.opened[-1][0][0] == CUDA.provider.runtime_name
    Session(lambda: picture_net(batch="n").SerializeToString(), execution, contract=PICTURES, name="generated")
    name, told = next(each for each, _ in card.opened[1:])
    assert name == "TensorrtExecutionProvider"
    assert told["trt_profile_min_shapes"] == "input:1x3x16x16"
    assert told["trt_profile_max_shapes"] == "input:32x3x16x16"


def test_a_provider_that_compiles_for_each_size_gets_batches_of_one(card, tmp_path):
    for batch in (1, "n"):
        content = picture_net(batch=batch).SerializeToString()
        execution = Execution(devices=(Device(PROVIDERS["migraphx"], "0"), CPU), cache=tmp_path)
        session = Session(lambda content=content: content, execution, contract=PICTURES)
        session.run(pictures(3))
        assert session.best_batch == 1
        assert [size for size, _ in card.batches[-3:]] == [1, 1, 1]


def test_values_are_bound_in_the_memory_of_the_device():
    """The CPU's memory stands in for the card's: the calls are the same."""
    options = onnxruntime.SessionOptions()
    content = picture_net(batch="n").SerializeToString()
    runner = Runner(onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]), CPU)
    feeds = {"input": pictures(2)}
    [plain] = runner.run(["output"], feeds)
    [bound] = runner._run_bound(["output"], feeds)
    assert (plain == bound).all()


def test_models_that_take_turns_give_the_same_from_several_threads():
    pool = SessionPool(1)
    contents = [picture_net(batch="n", seed=seed).SerializeToString() for seed in range(3)]
    sessions = [
        Session(lambda content=content: content, contract=PICTURES, name=f"net {place}", pool=pool)
        for place, content in enumerate(contents)
    ]
    batch = pictures(2)
    expected = [session.run(batch)["output"] for session in sessions]
    wrong = []

    def work(start):
        for turn in range(6):
            place = (start + turn) % 3
            if not (sessions[place].run(batch)["output"] == expected[place]).all():
                wrong.append(place)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_half_precision_files_take_and_give_single_precision():
    contract = Contract(
        inputs=(TensorSpec("input", ("batch", 3, 4, 4)),), outputs=(TensorSpec("output", ("batch", 3, 4, 4)),)
    )
    from generated.builder import NetworkBuilder

    net = NetworkBuilder()
    value = net.node("Mul", net.input("input", [1, 3, 4, 4], "float16"), net.constant(np.float16([2])))
    net.output("output", value, [1, 3, 4, 4], "float16")
    values = Session(net.model().SerializeToString, contract=contract).run(pictures(2, size=4))["output"]
    assert values.dtype == np.float32
    assert np.allclose(values, 2 * pictures(2, size=4), atol=2e-3)


def _content(side):
    return lambda: picture_net(batch="n", size=side).SerializeToString()
