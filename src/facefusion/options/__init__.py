"""The vocabulary: every parameter of the software, defined once.

The command line's flags, the environment variables, the TOML file and the keys of `set_options` all derive from the
tree in `tree.py`.
"""

from facefusion.options.base import Names
from facefusion.options.execution import Precision, RuntimeOptions, ShareBatches
from facefusion.options.expression_restorer import ExpressionRestorerOptions
from facefusion.options.face_editor import FaceEditorOptions
from facefusion.options.face_enhancer import FaceEnhancerOptions
from facefusion.options.imaging import (
    AgeModifierOptions,
    BackgroundRemoverOptions,
    FaceTranslatorOptions,
    FrameColorizerOptions,
    FrameEnhancerOptions,
)
from facefusion.options.leaves import Leaf, iter_leaves
from facefusion.options.lip_syncer import LipSyncerOptions
from facefusion.options.live import LiveOptions
from facefusion.options.masks import FaceMaskOptions
from facefusion.options.media import InputOptions, LimitOptions, OutputOptions
from facefusion.options.models import LicensePolicy, ModelOptions
from facefusion.options.people import MapEntry
from facefusion.options.serving import JobsOptions, ServiceOptions, ServingOptions, StorageOptions, WorkerOptions
from facefusion.options.sources import (
    canonical,
    current_options,
    find_config,
    load_options,
    load_serving,
    set_options,
    settled_values,
)
from facefusion.options.tree import FaceSelectionOptions, FaceSwapperOptions, Options

__all__ = [
    "AgeModifierOptions",
    "BackgroundRemoverOptions",
    "ExpressionRestorerOptions",
    "FaceEditorOptions",
    "FaceEnhancerOptions",
    "FaceMaskOptions",
    "FaceSelectionOptions",
    "FaceSwapperOptions",
    "FaceTranslatorOptions",
    "FrameColorizerOptions",
    "FrameEnhancerOptions",
    "InputOptions",
    "JobsOptions",
    "Leaf",
    "LicensePolicy",
    "LimitOptions",
    "LipSyncerOptions",
    "LiveOptions",
    "MapEntry",
    "ModelOptions",
    "Names",
    "Options",
    "OutputOptions",
    "Precision",
    "RuntimeOptions",
    "ServiceOptions",
    "ServingOptions",
    "ShareBatches",
    "StorageOptions",
    "WorkerOptions",
    "canonical",
    "current_options",
    "find_config",
    "iter_leaves",
    "load_options",
    "load_serving",
    "set_options",
    "settled_values",
]
