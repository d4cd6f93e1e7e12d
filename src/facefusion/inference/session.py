"""Sessions: networks behind the names of their families, and the factory that opens them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.errors import CatalogueError, LicenceError, ModelMissingError, ModelUnfitError, ProviderError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.company import Company
from facefusion.inference.contract import BATCH, OF_A_BATCH, Contract
from facefusion.inference.execution import Execution
from facefusion.inference.families import Families
from facefusion.inference.family import Model
from facefusion.inference.file import ModelFile, items_in_memory
from facefusion.inference.graph import TensorInfo
from facefusion.inference.joining import Joint, Request, key_of
from facefusion.inference.kept import Kept
from facefusion.inference.lanes import Lanes
from facefusion.inference.model_time import ModelTime
from facefusion.inference.parts import Parts
from facefusion.inference.pool import SessionPool, model_budget
from facefusion.inference.providers import CPU
from facefusion.inference.runner import (
    DeviceFullError,
    Fallback,
    Notify,
    RunFailedError,
    Runner,
    Wish,
    open_runner,
)
from facefusion.inference.store import ModelStore
from facefusion.options import RuntimeOptions

Tensor = npt.NDArray[Any]
_PICTURE: Final = 4
"""Number of dimensions of pictures and masks: batch, channels, height, width."""
_MOST: Final = 32


class Session:
    """A network that maps named inputs to named outputs, the batch first.

    Batches may be of any size: one that is larger than `best_batch`, or than the file allows, is worked off in parts
    whose sizes are powers of two, so that providers which prepare for each size meet few of them.

    Args:
        weights: returns an ONNX file, of whose origin its store has made sure; called each time the network is loaded.
        execution: how it shall run.
        contract: what the network's family takes and gives, whose names count from then on; None for a bundled network,
            of a few megabytes, with one input and a batch of any size, whose own names are used.
        name: of the model, for messages.
        pool: keeps it loaded, once for all sessions that run the same file in the same way; one of its own when None.
        fallback: what became of devices so far; the CPU takes over when None.
        model_time: counts how long the network runs.
        company: the jobs that use it at one time; one alone when None.

    Raises:
        ModelUnsafeError: the file is something that is never loaded. Only looked for where there is a contract.
        ModelUnfitError: it does not fit the contract, or cannot be run.
        ProviderError: a device that was asked for by name cannot run it.
    """

    def __init__(
        self,
        weights: Callable[[], Path | bytes],
        execution: Execution | None = None,
        *,
        contract: Contract | None = None,
        name: str = "model",
        pool: SessionPool | None = None,
        fallback: Fallback | None = None,
        model_time: ModelTime | None = None,
        company: Company | None = None,
    ) -> None:
        self._model_time = model_time or ModelTime()
        self._company = company or Company()
        self._execution = execution or Execution()
        self._fallback = fallback or Fallback()
        self._pool = pool or SessionPool()
        self._lanes = Lanes(self._execution, self._fallback)
        self._contract = contract
        self._name = name
        self._file = ModelFile(weights, self._execution, contract, name, is_static=self._is_static)
        self._most = 1 if contract is not None and not self._file.takes_batches else _MOST
        self._wish = self._make_wish()
        self._identity = self._file.identity
        self._has_said_full = False
        self._joint = self._make_joint()
        for lane in self._lanes.left():
            with self._loaded(lane) as runner:
                self._inputs, self._outputs = runner.names

    @property
    def providers(self) -> list[str]:
        """ONNX Runtime's names of the execution providers that could be started."""
        with self._loaded(self._lanes.first) as runner:
            return runner.providers

    @property
    def inputs(self) -> Mapping[str, TensorInfo]:
        """What the file has for the contract's inputs, by the contract's names."""
        return {} if self._file.binding is None else self._file.binding.inputs

    @property
    def best_batch(self) -> int:
        """How many items are computed in one go, at most: bounded by memory, and less after a device ran out of it."""
        return self._best(0)

    @property
    def constants(self) -> Mapping[str, Tensor]:
        """The tensors within the file that the contract asks for, by the contract's names."""
        return {} if self._file.binding is None else self._file.binding.constants

    @property
    def outputs(self) -> Mapping[str, TensorInfo]:
        """What the file has for the contract's outputs, by the contract's names."""
        return {} if self._file.binding is None else self._file.binding.outputs

    def run(self, inputs: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network.

        Args:
            inputs: arrays by name; an array alone is the only input.

        Returns:
            Outputs by name; floating ones as float32.

        Raises:
            ModelUnfitError: the network does not take such values.
            ProviderError: the device failed, and was asked for by name; or its memory holds not even one item.
        """
        if self._contract is None or self._file.binding is None:
            values = self._run_safely(self._outputs, {self._inputs[0]: np.asarray(inputs)})
            return dict(zip(self._outputs, values, strict=True))
        if not isinstance(inputs, Mapping):
            inputs = {next(iter(self._file.binding.inputs)): inputs}
        batched = [spec.name for spec in self._contract.inputs if spec.shape[:1] == (BATCH,) and spec.name in inputs]
        count = len(inputs[batched[0]]) if batched else 1
        if not batched or count < 1:
            return self._run_once(inputs, count if batched else None)
        if count == 1:
            return self._run_part(inputs, batched, 1)
        return self._run_parts(inputs, batched, count)

    def _run_parts(self, inputs: Mapping[str, Tensor], batched: Sequence[str], count: int) -> dict[str, Tensor]:
        """Work a batch off in parts, which the devices take one after the other."""
        lanes = min(count, len(self._lanes.left()))
        item = sum(inputs[name].nbytes for name in batched) // count

        def work(parts: Parts[dict[str, Tensor]]) -> None:
            while (part := parts.take(min(self._best(item), -(-count // lanes)))) is not None:
                size = part.stop - part.start
                own = {name: value[part] if name in batched else value for name, value in inputs.items()}
                try:
                    parts.done(part, self._run_part(own, batched, size, may_be_less=size > 1))
                except DeviceFullError:
                    parts.give_back(part)
                    self._take_less(size)

        done: list[dict[str, Tensor]] = Parts[dict[str, Tensor]](count).work_off(work, lanes)
        return {name: self._joined(name, [part[name] for part in done]) for name in done[0]}

    def _take_less(self, size: int) -> None:
        """Take fewer items at once from now on; say so the first time."""
        self._most = min(self._most, size // 2)
        self._say_full(size)

    def _say_full(self, size: int) -> None:
        if not self._has_said_full:
            self._has_said_full = True
            self._fallback.say(f"Memory does not hold {size} items at once for model {self._name}; fewer are taken")

    def _joined(self, name: str, values: Sequence[Tensor]) -> Tensor:
        specs = self._contract.outputs if self._contract else ()
        has_batch = any(spec.name == name and spec.shape[:1] in OF_A_BATCH for spec in specs)
        return np.concatenate([np.atleast_1d(value) for value in values]) if has_batch else values[0]

    def _run_part(
        self, inputs: Mapping[str, Tensor], batched: Sequence[str], count: int, *, may_be_less: bool = False
    ) -> dict[str, Tensor]:
        """Run a part of a batch, with what other jobs want of this network meanwhile where they share batches.

        Raises:
            DeviceFullError: it may be less, and needs more memory than there is.
        """
        lanes = self._lanes.left() if self._joint and self._company.is_shared else []
        sharing = self._company.sharing(self._lanes.device(lanes[0])) if lanes else None
        key = key_of(inputs, batched, count) if sharing else None
        if self._joint is None or key is None:
            return self._run_once(inputs, count, may_be_less=may_be_less)
        most = self._best(sum(inputs[name].nbytes for name in batched) // count)
        request = Request(inputs, batched, count, most, may_be_less, key)
        places = sum(lane.room(self._lanes.device(lane)) for lane in lanes)
        return self._joint.run(request, places=places, is_exact=sharing == "exact")

    def _make_joint(self) -> Joint | None:
        """Return what joins requests; None where it is not plain which part of an output belongs to whom."""
        specs = self._contract.outputs if self._contract else ()
        if self._most == 1 or not specs or any(spec.shape[:1] != (BATCH,) for spec in specs):
            return None
        return Joint(
            lambda inputs, count, may_be_less: self._run_once(inputs, count, may_be_less=may_be_less),
            self._model_time,
            self._say_full,
        )

    def _run_once(
        self, inputs: Mapping[str, Tensor], count: int | None, *, may_be_less: bool = False
    ) -> dict[str, Tensor]:
        """Run a part of a batch, of so many items.

        Raises:
            DeviceFullError: it may be less, and needs more memory than there is.
        """
        binding = self._file.binding
        assert binding is not None
        assert self._contract is not None
        feeds = {
            info.name: np.ascontiguousarray(inputs[name], dtype=info.dtype)
            for name, info in binding.inputs.items()
            if name in inputs
        }
        names = [info.name for info in binding.outputs.values()]
        values = self._run_safely(names, feeds, may_be_less=may_be_less)
        named = dict(zip(binding.outputs, values, strict=True))
        for name, value in named.items():
            self._contract.check_output(name, value.shape, self._name, count)
            self._check_numbers(name, value)
        return {
            name: value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value
            for name, value in named.items()
        }

    def _check_numbers(self, name: str, value: Tensor) -> None:
        """Make sure that an output holds finite numbers: half precision overflows in some, which paints black."""
        if value.dtype.kind == "f" and value.size and not (np.isfinite(value.min()) and np.isfinite(value.max())):
            raise ModelUnfitError(
                f"Model {self._name} gave values that are no numbers, or infinite, as {name}",
                "Try --execution-precision fp32, or another model",
            )

    def _run_safely(
        self, outputs: Sequence[str], feeds: Mapping[str, Tensor], *, may_be_less: bool = False
    ) -> list[Tensor]:
        """Run on the best device that is left, when it is this network's turn."""
        has_made_room = False
        while True:
            with self._turn() as lane, self._loaded(lane) as runner:
                try:
                    with self._model_time.measure():
                        return runner.run(outputs, feeds)
                except RunFailedError as error:
                    self._leave(lane, runner, f"failed while it ran model {self._name} ({error})", is_broken=True)
                except DeviceFullError as error:
                    if may_be_less:
                        raise
                    if has_made_room:
                        problem = f"has not enough memory for model {self._name} ({error})"
                        self._leave(lane, runner, problem, is_broken=False)
            self._pool.clear()
            has_made_room = True

    def _leave(self, lane: Execution, runner: Runner, problem: str, *, is_broken: bool) -> None:
        """Go to another device, with all networks or with this one alone; errors as of `run`."""
        if runner.device == CPU:
            if is_broken:
                raise ModelUnfitError(f"The CPU {problem}", "Get the model anew, or take another")
            raise ProviderError(f"The CPU {problem}", "Free memory, or take a smaller model")
        if is_broken:
            self._lanes.give_up(lane, runner.device, problem)
        else:
            self._lanes.pass_over(lane, runner.device, problem)
        self._pool.discard(self._key(lane), runner)

    @contextmanager
    def _turn(self) -> Iterator[Execution]:
        """Wait until one of the devices has room; small networks need none."""
        if self._contract is None:
            yield self._lanes.first
            return
        lanes = {self._lanes.device(lane): lane for lane in self._lanes.left()}
        with self._pool.turns.at({device: lane.room(device) for device, lane in lanes.items()}) as device:
            yield lanes[device]

    def _key(self, lane: Execution) -> Hashable:
        return self._identity, lane, self._wish

    def _loaded(self, lane: Execution) -> AbstractContextManager[Runner]:
        # What takes over from another device may need less of it.
        copies = self._fallback.remaining(lane.devices)[0].provider.copies
        return self._pool.use(self._key(lane), lambda: self._open(lane), self._file.size * copies)

    def _open(self, lane: Execution) -> Runner:
        return open_runner(self._file.source(), lane, self._fallback, self._wish)

    def _best(self, item: int) -> int:
        """Return how many items of so many bytes of input are computed in one go, a power of two."""
        most = min(self._most, items_in_memory(self._file.binding, self._execution.work, item))
        return 1 << (most.bit_length() - 1)

    @property
    def _is_static(self) -> bool:
        return self._fallback.remaining(self._execution.devices)[0].provider.is_static

    def _make_wish(self) -> Wish:
        if self._contract is None:
            return Wish(self._name, is_small=True)
        is_exact = any(len(spec.shape) != _PICTURE for spec in self._contract.outputs)
        single = self._file.batch_names if self._is_static else ()
        return Wish(self._name, is_exact=is_exact, profile=self._file.profile(self.best_batch), single=single)


class _Needed(Mapping[str, Any]):
    """The adapters of models, each loaded when it is first asked for: not every job needs all of them.

    Args:
        names: of the models.
        load: returns an adapter; called as often as it is asked for.
    """

    def __init__(self, names: Sequence[str], load: Callable[[str], Any]) -> None:
        self._names = tuple(names)
        self._load = load

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class SessionFactory:
    """Opens models by name, each at most once. Safe to use from several threads.

    Args:
        providers: names people use (`auto`, `cuda`, `cpu`); what `runtime` says counts where it is given.
        catalogue: models by name; all that ship with the package when None.
        store: where the weights lie; the bundled pack when None.
        runtime: how networks shall run.
        pool: keeps networks loaded, perhaps those of other jobs too; one of its own when None.
        notify: called with one sentence where a device fails, or memory is short.
        kept: keeps what is made with the models, for jobs that follow; nothing when None.

    Attributes:
        catalogue, kept: as given.
        model_time: how long networks have run.
        company: the jobs that use the models at one time.

    Raises:
        ProviderError: a provider is not there.
    """

    def __init__(
        self,
        providers: Sequence[str] = ("auto",),
        *,
        catalogue: Catalogue | None = None,
        store: ModelStore | None = None,
        runtime: RuntimeOptions | None = None,
        pool: SessionPool | None = None,
        notify: Notify | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.kept = kept or Kept()
        self.model_time = ModelTime()
        runtime = runtime or RuntimeOptions(execution_providers=tuple(providers))
        self.company = Company(runtime.share_batches)
        self._execution = Execution.of(runtime)
        self._fallback = Fallback(self._execution.may_fall_back, notify)
        self._pool = pool or SessionPool(model_budget(runtime), notify)
        # The bundled networks, 30 MB together, are at work in every frame.
        self._always_loaded = SessionPool()
        self.catalogue = catalogue or Catalogue.known()
        self._store = store or ModelStore()
        self._families = Families()
        self._sessions: dict[str, Session] = {}
        self._adapters: dict[str, Any] = {}
        self._lock = threading.RLock()

    def keeping(self, kept: Kept) -> SessionFactory:
        """Return what opens the very same models, and keeps what is made with them elsewhere.

        Args:
            kept: where.
        """
        other = copy.copy(self)
        other.kept = kept
        return other

    def open(self, model: str) -> Session:
        """Return the session of a bundled model, verified and loaded on first use.

        Raises:
            ModelUnknownError: no such model.
            ModelDamagedError: its weights are missing or altered.
            ProviderError: a provider that was asked for by name cannot be started.
        """
        with self._lock:
            if model not in self._sessions:
                card = self.catalogue[model]
                self._sessions[model] = Session(
                    lambda: self._store.read(card),
                    self._execution,
                    name=card.name,
                    pool=self._always_loaded,
                    fallback=self._fallback,
                    model_time=self.model_time,
                )
            return self._sessions[model]

    def load(self, model: str, task: str) -> Any:
        """Return the adapter of a model, with the models that it requires, verified and loaded on first use.

        Args:
            model: its name.
            task: what it is to be used for; each task has a Protocol that its adapters follow.

        Raises:
            ModelUnknownError: no such model for this task.
            ModelError: it cannot be used; see `facefusion.errors`.
            ProviderError: a provider that was asked for by name cannot be started.
        """
        return self._load(model, task, ())

    def is_here(self, model: str) -> bool:
        """Return whether there are weights for a model that may be used; whether they are whole shows later.

        Raises:
            ModelUnknownError: no such model.
            ModelUnsafeError: the file is something that is never loaded.
            CatalogueError: a lock file is damaged.
        """
        return self._store.is_here(self.catalogue[model])

    def unload(self) -> None:
        """Unload all networks that are not in use; each is loaded anew at its next use.

        Models know the factory that knows them, so that without this the networks, which no collector sees the size of,
        would stay until one happened to come by.
        """
        for pool in (self._pool, self._always_loaded):
            pool.clear()

    def _load(self, model: str, task: str, within: tuple[str, ...]) -> Any:
        """Return an adapter for models that require it; `within` names these, the nearest last."""
        if model in within:
            raise CatalogueError(f"Model {model} requires itself", f"Mend the entries of {', '.join(within)}")
        card = self.catalogue.look_up(model, task)
        with self._lock:
            if model not in self._adapters:
                self._adapters[model] = self._adapter(card, (*within, model))
            return self._adapters[model]

    def _adapter(self, card: ModelCard, within: tuple[str, ...]) -> Any:
        family = self._families[card.family]
        settings = family.read_settings(card)
        self._store.locate(card)  # so that the command that gets the rest is that of the model itself
        needed = _Needed(card.requires, lambda name: self._required(name, within))
        session = Session(
            lambda: self._store.path(card),
            self._execution,
            contract=family.contract(settings),
            name=card.name,
            pool=self._pool,
            fallback=self._fallback,
            model_time=self.model_time,
            company=self.company,
        )
        return family.create(Model(card, settings, session, needed))

    def _required(self, name: str, within: tuple[str, ...]) -> Any:
        """Return the adapter of a model that another requires; errors say which."""
        try:
            return self._load(name, self.catalogue[name].task, within)
        except (LicenceError, ModelMissingError) as error:
            raise type(error)(f"{error.what}; model {within[-1]} requires it", error.hint) from error
