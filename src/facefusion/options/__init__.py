"""The vocabulary: every parameter of the software, defined once.

The command line's flags, the environment variables, the TOML file and the keys of `set_options` all derive from the
tree in `tree.py`.
"""

from facefusion.options.base import Names
from facefusion.options.expression_restorer import ExpressionRestorerOptions
from facefusion.options.face_editor import FaceEditorOptions
from facefusion.options.leaves import Leaf, iter_leaves
from facefusion.options.media import InputOptions, LimitOptions, OutputOptions
from facefusion.options.people import MapEntry
from facefusion.options.sources import canonical, current_options, find_config, load_options, set_options
from facefusion.options.tree import (
    FaceSelectionOptions,
    FaceSwapperOptions,
    Options,
    RuntimeOptions,
)

__all__ = [
    "ExpressionRestorerOptions",
    "FaceEditorOptions",
    "FaceSelectionOptions",
    "FaceSwapperOptions",
    "InputOptions",
    "Leaf",
    "LimitOptions",
    "MapEntry",
    "Names",
    "Options",
    "OutputOptions",
    "RuntimeOptions",
    "canonical",
    "current_options",
    "find_config",
    "iter_leaves",
    "load_options",
    "set_options",
]
