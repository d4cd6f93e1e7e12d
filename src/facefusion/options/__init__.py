"""The vocabulary: every parameter of the software, defined once.

The command line's flags, the environment variables, the TOML file and the keys of `set_options` all derive from the
tree in `tree.py`.

Who needs a few of the names imports but their parts: each brings its own in on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefusion.options.base import Names
    from facefusion.options.chains import Link
    from facefusion.options.execution import Precision, RuntimeOptions, ShareBatches
    from facefusion.options.expression_restorer import ExpressionRestorerOptions
    from facefusion.options.face_editor import FaceEditorOptions
    from facefusion.options.face_enhancer import FaceEnhancerOptions
    from facefusion.options.face_swapper import FaceSwapperOptions
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
    from facefusion.options.makeup import MakeupOptions
    from facefusion.options.masks import FaceMaskOptions
    from facefusion.options.media import InputOptions, LimitOptions, OutputOptions
    from facefusion.options.models import LicensePolicy, ModelOptions
    from facefusion.options.people import MapEntry
    from facefusion.options.portrait_animator import PortraitAnimatorOptions
    from facefusion.options.selection import FaceSelectionOptions
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
    from facefusion.options.stylizer import StylizerOptions
    from facefusion.options.tree import Options

_HOMES = {
    "AgeModifierOptions": "facefusion.options.imaging",
    "BackgroundRemoverOptions": "facefusion.options.imaging",
    "ExpressionRestorerOptions": "facefusion.options.expression_restorer",
    "FaceEditorOptions": "facefusion.options.face_editor",
    "FaceEnhancerOptions": "facefusion.options.face_enhancer",
    "FaceMaskOptions": "facefusion.options.masks",
    "FaceSelectionOptions": "facefusion.options.selection",
    "FaceSwapperOptions": "facefusion.options.face_swapper",
    "FaceTranslatorOptions": "facefusion.options.imaging",
    "FrameColorizerOptions": "facefusion.options.imaging",
    "FrameEnhancerOptions": "facefusion.options.imaging",
    "InputOptions": "facefusion.options.media",
    "JobsOptions": "facefusion.options.serving",
    "Leaf": "facefusion.options.leaves",
    "LicensePolicy": "facefusion.options.models",
    "LimitOptions": "facefusion.options.media",
    "Link": "facefusion.options.chains",
    "LipSyncerOptions": "facefusion.options.lip_syncer",
    "LiveOptions": "facefusion.options.live",
    "MakeupOptions": "facefusion.options.makeup",
    "MapEntry": "facefusion.options.people",
    "ModelOptions": "facefusion.options.models",
    "Names": "facefusion.options.base",
    "Options": "facefusion.options.tree",
    "OutputOptions": "facefusion.options.media",
    "PortraitAnimatorOptions": "facefusion.options.portrait_animator",
    "Precision": "facefusion.options.execution",
    "RuntimeOptions": "facefusion.options.execution",
    "ServiceOptions": "facefusion.options.serving",
    "ServingOptions": "facefusion.options.serving",
    "ShareBatches": "facefusion.options.execution",
    "StorageOptions": "facefusion.options.serving",
    "StylizerOptions": "facefusion.options.stylizer",
    "WorkerOptions": "facefusion.options.serving",
    "canonical": "facefusion.options.sources",
    "current_options": "facefusion.options.sources",
    "find_config": "facefusion.options.sources",
    "iter_leaves": "facefusion.options.leaves",
    "load_options": "facefusion.options.sources",
    "load_serving": "facefusion.options.sources",
    "set_options": "facefusion.options.sources",
    "settled_values": "facefusion.options.sources",
}

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
    "Link",
    "LipSyncerOptions",
    "LiveOptions",
    "MakeupOptions",
    "MapEntry",
    "ModelOptions",
    "Names",
    "Options",
    "OutputOptions",
    "PortraitAnimatorOptions",
    "Precision",
    "RuntimeOptions",
    "ServiceOptions",
    "ServingOptions",
    "ShareBatches",
    "StorageOptions",
    "StylizerOptions",
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


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
