"""High dynamic range: what its tags say, and how it looks in 8 bits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hdr_curves import view_of_signal
from plane_frames import HLG, PQ, SDR, scene

from facefusion.media.colour import ColourTags
from facefusion.media.hdr import ContentLight, HdrMetadata, Mastering
from facefusion.media.planes.tone import Tone

SCREEN = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


@pytest.fixture
def hdr10(tmp_path: Path) -> av.VideoFrame:
    """The first frame of an HDR10 clip."""
    path = tmp_path / "in.mp4"
    # Of a clip that ends before x265 has looked ahead for B-frames, it leaves the time of decoding as memory was.
    parameters = f"log-level=none:pools=none:frame-threads=1:bframes=0:hdr10=1:master-display={SCREEN}:max-cll=1000,400"
    with av.open(path, "w") as output:
        stream = output.add_stream("libx265", rate=25, options={"x265-params": parameters})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p10le"
        frame = scene("yuv420p10le")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open(path) as clip:
        return next(clip.decode(video=0))


def test_the_mastering_screen_and_the_brightest_light_are_read(hdr10: av.VideoFrame) -> None:
    found = HdrMetadata.of(hdr10)
    assert found is not None
    assert found.mastering == Mastering(
        red=(Fraction(34, 50), Fraction(16, 50)),
        green=(Fraction(265, 1000), Fraction(69, 100)),
        blue=(Fraction(15, 100), Fraction(6, 100)),
        white=(Fraction(3127, 10000), Fraction(329, 1000)),
        darkest=Fraction(5, 1000),
        brightest=Fraction(1000),
    )
    assert found.light == ContentLight(most=1000, average=400)
    assert HdrMetadata.of(scene("yuv420p10le")) is None


def test_encoders_get_it_in_their_own_words(hdr10: av.VideoFrame) -> None:
    found = HdrMetadata.of(hdr10)
    assert found is not None
    assert found.x265() == f"hdr10=1:master-display={SCREEN}:max-cll=1000,400"
    assert found.svt() == (
        "mastering-display=G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)"
        "L(1000.0000,0.0050):content-light=1000,400"
    )
    assert HdrMetadata(light=ContentLight(9, 5)).x265() == "hdr10=1:max-cll=9,5"


@pytest.mark.parametrize("colour", [PQ, HLG], ids=["pq", "hlg"])
def test_the_view_follows_the_curves(colour: ColourTags) -> None:
    tone = Tone.of(colour)
    assert tone is not None
    random = np.random.default_rng(5)
    signals = random.integers(0, 4096, (8, 8, 3)).astype(np.uint16)
    expected = np.apply_along_axis(view_of_signal, 2, signals / 4095, colour.transfer)
    assert np.abs(tone.view(signals) - expected).max() <= 1.0


@pytest.mark.parametrize("colour", [PQ, HLG, ColourTags(9, 9, 14, False)], ids=["pq", "hlg", "sdr 2020"])
def test_the_inverse_brings_every_view_back(colour: ColourTags) -> None:
    tone = Tone.of(colour)
    assert tone is not None
    view = np.random.default_rng(5).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    signals = np.rint(tone.signal(view) * 4095).astype(np.uint16)
    # Twelve bits of signal tell more than eight of view apart everywhere but close to black.
    difference = np.abs(tone.view(signals).astype(int) - view)
    assert difference[view.min(axis=2) > 20].max() <= 2
    assert difference.mean() < 0.2


def test_diffuse_white_and_skin_lie_where_a_normal_picture_has_them() -> None:
    for colour, white, skin in ((PQ, 0.58, 0.44), (HLG, 0.75, 0.5)):
        tone = Tone.of(colour)
        assert tone is not None
        shown = tone.view(np.rint(np.array([[[white] * 3, [skin] * 3]]) * 4095).astype(np.uint16))[0, :, 0]
        assert 195 <= shown[0] <= 225
        assert 105 <= shown[1] <= 140


def test_standard_range_needs_no_curves() -> None:
    assert Tone.of(SDR) is None
    assert Tone.of(ColourTags()) is None
