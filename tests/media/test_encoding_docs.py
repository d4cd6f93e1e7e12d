"""The tables of docs/encoding.md are those of the encoders."""

from __future__ import annotations

from pathlib import Path

from facefusion.media import forms
from facefusion.media.encoding.encoders import ENCODERS, EncoderSpec
from facefusion.options.media import VideoPreset

PAGE = Path(__file__).parents[2] / "docs" / "encoding.md"


def row(spec: EncoderSpec) -> str:
    endings = [form.suffixes[0] for form in forms.FORMS if form.writer in spec.muxers and form.kind == "video"]
    quality = f"`{spec.quality_option}` 0–{round(51 * spec.quality_scale)}" if spec.quality_option else "none"
    rate = "two passes" if spec.has_passes else "one pass" if spec.has_bit_rate else "no"
    return (
        f"| `{spec.name}` | {spec.title} | {' '.join(endings)} | {quality} | {rate} "
        f"| {'yes' if spec.has_fields else 'no'} | {spec.needs or '—'} |"
    )


def presets() -> list[str]:
    with_presets = [spec for spec in ENCODERS.values() if spec.presets]
    columns = {
        spec.name: spec for spec in with_presets if spec.name in ("libsvtav1", "libvpx-vp9", "h264_nvenc", "h264_qsv")
    }
    names: tuple[VideoPreset, ...] = tuple(ENCODERS["libx264"].presets)
    return [
        f"| `{name}` | " + " | ".join(f"`{spec.presets[name]}`" for spec in columns.values()) + " |" for name in names
    ]


def test_every_encoder_has_its_row() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for spec in ENCODERS.values():
        assert row(spec) in page


def test_every_preset_has_its_row() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for line in presets():
        assert line in page
