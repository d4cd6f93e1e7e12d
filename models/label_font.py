"""Make the font of the visible label: a part of Noto Sans CJK SC Bold.

    python -m models.label_font /usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc

The collection is that of Debian's package fonts-noto-cjk; fontTools (requirements/models.in) takes from it the letters
and signs of European languages and the 3,755 most common Chinese characters (GB 2312, level 1), which covers what is
asked of a label in a file of less than 2 MB.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

FAMILY = "Noto Sans CJK SC"
TARGET = Path(__file__).parents[1] / "src/facefusion/trust/label/data/NotoSansCJKsc-Bold-part.otf"
_LATIN = (range(0x20, 0x7F), range(0xA0, 0x180), range(0x2010, 0x2028), range(0x20AC, 0x20AD), range(0x2122, 0x2123))
_FULL_WIDTH = (range(0x3000, 0x3012), range(0xFF01, 0xFF5F))
_LEVEL_1 = range(0xB0, 0xD8)  # first bytes of GB 2312's level 1
_CELLS = range(0xA1, 0xFF)


def characters() -> set[int]:
    """Return the code points that the font covers."""
    plain = {point for points in (*_LATIN, *_FULL_WIDTH) for point in points}
    pairs = (bytes((row, cell)) for row in _LEVEL_1 for cell in _CELLS)
    return plain | {ord(text) for pair in pairs if (text := pair.decode("gb2312", "ignore"))}


def part_of(font: TTFont) -> TTFont:
    """Return the font with these characters alone, without alternatives and without vertical setting."""
    options = subset.Options()
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.name_languages = [0x409]
    options.desubroutinize = False
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "GDEF", "DSIG"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=characters())
    chosen.subset(font)
    return font


def main() -> None:
    """Read the collection, write the part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path, help="NotoSansCJK-Bold.ttc")
    collection = TTCollection(parser.parse_args().collection)
    font = next(font for font in collection.fonts if font["name"].getDebugName(1) == FAMILY)
    font.recalcTimestamp = False  # the same input gives the same bytes
    part_of(font).save(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters")


if __name__ == "__main__":
    main()
