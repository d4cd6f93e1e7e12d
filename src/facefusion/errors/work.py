"""What is wrong with models, devices and processors."""

from __future__ import annotations

from facefusion.errors.base import FaceFusionError


class ModelError(FaceFusionError):
    """A model cannot be used."""


class ModelUnknownError(ModelError):
    """No model of this name is in the catalogue."""

    exit_code = 40


class ModelDamagedError(ModelError):
    """The weights are missing or not the ones the catalogue describes."""

    exit_code = 41


class ModelMissingError(ModelError):
    """The weights of a model are not in the store."""

    exit_code = 45


class ModelUnfitError(ModelError):
    """The weights are not those of a network of their family: inputs, outputs or their shapes are others."""

    exit_code = 46


class ModelUnsafeError(ModelError):
    """The file is something that is never loaded: no ONNX, with data outside of it, or with operators of its own."""

    exit_code = 47


class LicenceError(ModelError):
    """The licence policy does not allow these weights."""

    exit_code = 48


class CatalogueError(ModelError):
    """An entry of a catalogue is not what it should be."""

    exit_code = 49


class DownloadError(ModelError):
    """The weights could not be fetched."""

    exit_code = 50


class ModelUntrustedError(ModelError):
    """A file lies where the weights should, but neither the catalogue nor the user has said that these are they."""

    exit_code = 51


class ProviderError(FaceFusionError):
    """The execution provider is not there, or failed and was asked for by name."""

    exit_code = 42


class ProcessorError(FaceFusionError):
    """A processor cannot be used."""


class ProcessorUnknownError(ProcessorError):
    """No processor of this name is installed."""

    exit_code = 43


class HookError(ProcessorError):
    """A pre- or post-processor returned something that is not a frame."""

    exit_code = 44
