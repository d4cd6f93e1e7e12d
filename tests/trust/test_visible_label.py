"""The visible label, measured on the pixels."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import files

import cv2
import numpy as np
import pytest

from facefusion.cli.window import mirrored
from facefusion.errors import DisclosureError
from facefusion.media.colour import ColourTags
from facefusion.media.frame import Frame
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.region import Rectangle
from facefusion.trust.label import Label, LabelSettings, disclosure
from facefusion.trust.label.lettering import Lettering

SIZES = [
    *((64, 64), (96, 64), (64, 128), (100, 100), (320, 240), (640, 360), (360, 640)),
    *((720, 720), (1280, 720), (1080, 1920), (3840, 2160), (64, 2000), (2000, 64)),
]
PLACES = ("top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right")


def ground(kind, width, height):
    """Return a picture to draw on."""
    if kind == "noise":
        return np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return np.full((height, width, 3), {"white": 255, "grey": 128, "black": 0}[kind], np.uint8)


def rows_of(picture):
    """Return the runs of rows in which there are pixels that text covers by half: a line each."""
    lit = (picture.min(axis=2) >= 128).any(axis=1).astype(int)
    edges = np.diff(np.pad(lit, 1))
    return list(zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True))


@pytest.mark.parametrize("language", ["en", "zh", "both"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_line_is_at_least_five_per_cent_of_the_short_side(width, height, language):
    label = Label.of(LabelSettings(language=language), (width, height))
    lines = rows_of(label.drawn(ground("black", width, height), 0.0))
    assert len(lines) == len(disclosure(language))
    assert min(end - start for start, end in lines) >= 0.05 * min(width, height)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (3840, 2160), (360, 640)])
def test_capitals_are_hardly_higher_than_they_must_be(width, height):
    label = Label.of(LabelSettings(), (width, height))
    ((start, end),) = rows_of(label.drawn(ground("black", width, height), 0.0))
    assert end - start <= 0.06 * min(width, height)


@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(8, 9), Fraction(4, 3), Fraction(2), Fraction(1, 2)])
@pytest.mark.parametrize(("width", "height"), [(720, 576), (576, 720), (1440, 1080)])
def test_pixels_that_are_not_square_show_the_same_letters(width, height, aspect):
    label = Label.of(LabelSettings(), (width, height), pixel_aspect=aspect)
    drawn = label.drawn(ground("black", width, height), 0.0)
    ((start, end),) = rows_of(drawn)
    shown = min(float(width * aspect), height)
    assert end - start >= 0.05 * max(shown, min(width, height))
    columns = np.flatnonzero((drawn.min(axis=2) >= 128).any(axis=0))
    lettering = Lettering(label.height)
    expected = lettering.drawn(disclosure("en"), "center").shape[1] / float(aspect)
    assert np.ptp(columns) + 1 == pytest.approx(expected, abs=6)


@pytest.mark.parametrize("kind", ["white", "grey", "black", "noise"])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (640, 360), (1080, 1920)])
def test_text_stands_out_from_every_ground(kind, width, height):
    label = Label.of(LabelSettings(), (width, height))
    drawn = label.drawn(ground(kind, width, height), 0.0)[label.region.slices].astype(float) / 255
    light = np.where(drawn <= 0.04045, drawn / 12.92, ((drawn + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
    text, plate = light.max(), np.percentile(light[:2], 95)
    assert (text + 0.05) / (plate + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_label_lies_inside_at_its_place_on_even_pixels(width, height, place):
    label = Label.of(LabelSettings(place=place, language="both"), (width, height))
    region = label.region
    assert region.fits(width, height)
    assert region.x % 2 == region.y % 2 == 0
    middle = region.x + region.width / 2, region.y + region.height / 2
    assert (middle[1] < height / 2) == place.startswith("top")
    if place.endswith("left") and region.width < width * 0.8:
        assert middle[0] < width / 2
    if place.endswith("right") and region.width < width * 0.8:
        assert middle[0] > width / 2


def test_only_the_region_changes_and_only_in_a_copy():
    picture = ground("noise", 640, 360)
    kept = picture.copy()
    picture.flags.writeable = False
    label = Label.of(LabelSettings(), (640, 360))
    drawn = label.drawn(picture, 1.0)
    assert (picture == kept).all()
    changed = (drawn != kept).any(axis=2)
    inside = np.zeros_like(changed)
    inside[label.region.slices] = True
    assert not (changed & ~inside).any()
    assert (changed & inside).mean() > 0.5 * inside.mean()


def test_the_label_is_shown_for_two_seconds_and_frames_after_that_are_the_same_objects():
    picture = ground("grey", 64, 64)
    label = Label.of(LabelSettings(), (64, 64), length=10.0)
    assert [label.is_shown(seconds) for seconds in (0.0, 1.0, 1.999, 2.0, 9.9)] == [True, True, True, False, False]
    assert label.drawn(picture, 2.0) is picture
    assert label.drawn(picture, 1.9) is not picture


@pytest.mark.parametrize(
    ("settings", "more", "shown"),
    [
        (LabelSettings(timing="throughout"), {}, (True, True, True)),
        (LabelSettings(timing="ends"), {"length": 10.0}, (True, False, True)),
        (LabelSettings(timing="ends"), {}, (True, True, True)),
        (LabelSettings(seconds=6.0), {"length": 10.0}, (True, True, False)),
        (LabelSettings(), {"is_still": True}, (True, True, True)),
    ],
    ids=["throughout", "ends", "ends unknown", "six seconds", "still"],
)
def test_how_long_it_is_shown(settings, more, shown):
    label = Label.of(settings, (64, 64), **more)
    assert tuple(label.is_shown(seconds) for seconds in (0.0, 5.0, 8.5)) == shown


@pytest.mark.parametrize("change", [{"seconds": 1.9}, {"seconds": float("nan")}, {"text": "x" * 41}, {"text": "a\nb"}])
def test_settings_that_no_rule_allows_are_refused(change):
    with pytest.raises(ValueError, match="label"):
        LabelSettings(**change)


def test_words_of_the_users_own_stand_below_the_disclosure():
    alone = Label.of(LabelSettings(), (640, 640))
    more = Label.of(LabelSettings(text="春季发布会 Spring"), (640, 640))
    first, second = rows_of(more.drawn(ground("black", 640, 640), 0.0))
    ((start, end),) = rows_of(alone.drawn(ground("black", 640, 640), 0.0))
    assert first[1] - first[0] == end - start
    assert second[1] - second[0] >= end - start


@pytest.mark.parametrize("text", ["我" * 40, "W" * 40, "a long line of words that has to be broken"[:40]])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 2000), (100, 640), (720, 720), (1080, 1920)])
def test_long_words_are_broken_and_stay_inside(width, height, text):
    label = Label.of(LabelSettings(text=text), (width, height))
    assert label.region.fits(width, height)
    lines = rows_of(label.drawn(ground("black", width, height), 0.0))
    assert len(lines) >= 2
    assert lines[0][1] - lines[0][0] >= 0.05 * min(width, height)


@pytest.mark.parametrize("character", ["ع", "\u202e", "\u2003", "😀"])
def test_a_character_that_the_font_lacks_is_named(character):
    with pytest.raises(DisclosureError, match=f"has no {character}"):
        Label.of(LabelSettings(text=f"hello {character}"), (640, 360))


def test_signs_and_spaces_of_both_scripts_can_be_drawn():
    label = Label.of(LabelSettings(text="“Façade” — №1 €5 ©\u3000《春》，好！"[:40].replace("№", "No")), (640, 360))
    assert len(rows_of(label.drawn(ground("black", 640, 360), 0.0))) >= 2


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 2), (3, 500), (500, 3), (16, 16)])
def test_pictures_too_small_for_letters_are_drawn_on_all_the_same(width, height):
    label = Label.of(LabelSettings(language="both", text="more"), (width, height))
    assert label.region.fits(width, height)
    assert (label.drawn(ground("white", width, height), 0.0) != 255).any()


def test_a_frame_bears_the_label_and_says_which_part_has_to_be_seen():
    label = Label.of(LabelSettings(), (640, 360))
    frame = Frame(0, 0, 1, Fraction(1, 25), ground("noise", 640, 360), opacity=np.zeros((360, 640), np.uint8))
    shown = label.on(frame, 0.0)
    assert shown.opaque == label.region
    assert (shown.image == label.drawn(frame.image, 0.0)).all()
    assert label.on(frame, 5.0) is frame


@pytest.mark.parametrize("pixel_format", ["yuv420p", "rgba", "rgb24"])
def test_a_label_is_seen_where_a_frame_is_transparent(pixel_format):
    label = Label.of(LabelSettings(), (640, 360))
    frame = Frame(0, 0, 1, Fraction(1, 25), ground("black", 640, 360), opacity=np.zeros((360, 640), np.uint8))
    fitter = FrameFitter(Pixels(640, 360, pixel_format, ColourTags(1, 1, 1, False)))
    written = fitter.fit(label.on(frame, 0.0)).reformat(format="rgba").to_ndarray()[label.region.slices]
    assert written[..., 0].max() > 240
    assert np.percentile(written[..., 0], 20) < 15
    assert (written[..., 3] == 255).all()


def test_the_label_survives_what_video_does_to_it():
    label = Label.of(LabelSettings(), (320, 240))
    drawn = label.drawn(ground("noise", 320, 240), 0.0)
    coded = cv2.imdecode(cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    text = drawn[label.region.slices].min(axis=2) > 240
    assert coded[label.region.slices].min(axis=2)[text].mean() > 180


def test_the_font_is_small_and_its_licence_lies_beside_it():
    folder = files("facefusion.trust.label") / "data"
    fonts = [entry for entry in folder.iterdir() if entry.name.endswith(".otf")]
    assert [len(font.read_bytes()) < 2_000_000 for font in fonts] == [True]
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "OFL-1.1.txt").read_text()


def test_in_a_mirror_the_label_is_read_from_left_to_right():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, 0] = 200
    part = Rectangle(30, 4, 20, 10)
    image[part.slices] = np.arange(20, dtype=np.uint8)[None, :, None]
    seen = mirrored(image, part)
    assert (seen[:, -1] == 200).all()
    assert (seen[4:14, 10:30] == image[part.slices]).all()
    assert not seen[4:14, 30:50].any()
