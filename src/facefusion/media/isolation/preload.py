"""Importing now what libraries would import when they first need it, when no file can be opened any more."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

_PACKAGES: Final = ("av", "facefusion.media")
_LEFT_OUT: Final = ("av.__main__", "av.datasets")
_MODULES: Final = (
    *("PIL.ExifTags", "PIL.ImageCms", "PIL.ImageFile", "PIL.ImageMode", "PIL.ImageOps", "PIL.ImagePalette"),
    *("PIL.ImageSequence", "PIL.JpegPresets", "PIL.MpoImagePlugin", "PIL.TiffTags"),
    *("encodings.ascii", "encodings.latin_1", "encodings.utf_16", "encodings.utf_16_be", "encodings.utf_16_le"),
    *("encodings.utf_8_sig", "encodings.idna", "encodings.cp1252", "encodings.raw_unicode_escape"),
    *("numpy.lib.stride_tricks", "unicodedata", "traceback", "linecache", "tempfile"),
)


def preload() -> None:
    """Import every module that decoding may come to need."""
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if module.name not in _LEFT_OUT:
                importlib.import_module(module.name)
    for name in _MODULES:
        importlib.import_module(name)
