"""Pictures of every common kind become RGB, upright, and keep what belongs to them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from media_clips import LIMITS, picture
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.ExifTags import IFD, Base

from facefusion.errors import InputDamagedError, InputLimitError, InputTypeError, OutputTypeError
from facefusion.media.info import PictureInfo
from facefusion.media.picture import Picture, read_picture, write_picture
from facefusion.media.probe import probe
from facefusion.options import LimitOptions

RGB = picture(0, 96, 64)
RAMP = np.linspace(0, 255, 96 * 64).reshape(64, 96).astype(np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(path: Path, image: Pillow.Image, **settings: object) -> Path:
    image.save(path, **settings)
    return path


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


FORMS = {"a.png": "PNG", "a.bmp": "BMP", "a.tiff": "TIFF", "a.webp": "WebP", "a.jpg": "JPEG", "a.avif": "AVIF"}
SHARPEST = {
    "a.webp": {"lossless": True},
    "a.jpg": {"quality": 100, "subsampling": 0},
    "a.avif": {"quality": 100, "subsampling": "4:4:4"},
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_told_by_their_bytes(tmp_path: Path, name: str) -> None:
    settings = SHARPEST.get(name, {})
    path = saved(tmp_path / name, Pillow.fromarray(RGB), **settings).rename(tmp_path / "misnamed.mp4")
    assert probe(path, LIMITS) == PictureInfo(path, FORMS[name], 96, 64)
    assert error(read_picture(path, LIMITS).image, RGB) < 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_exif_orientations_are_applied_once(tmp_path: Path, orientation: int) -> None:
    back = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_90,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_270,
    }
    upright = Pillow.fromarray(RGB)
    stored = upright.transpose(back[orientation]) if orientation > 1 else upright
    exif = Pillow.Exif()
    exif[Base.Orientation] = orientation
    path = saved(tmp_path / "a.png", stored, exif=exif)
    assert probe(path, LIMITS) == PictureInfo(path, "PNG", 96, 64)
    read = read_picture(path, LIMITS)
    assert np.array_equal(read.image, RGB)
    write_picture(tmp_path / "b.png", read, quality=95)
    assert np.array_equal(read_picture(tmp_path / "b.png", LIMITS).image, RGB)
    assert Base.Orientation not in Pillow.open(tmp_path / "b.png").getexif()


def test_exif_is_kept_without_the_old_thumbnail_and_with_true_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    saved(path, Pillow.fromarray(RGB), exif=exif_with_thumbnail())
    assert b"thumbnail-of-the-old-face" in path.read_bytes()
    write_picture(tmp_path / "b.jpg", read_picture(path, LIMITS), quality=95)
    assert b"thumbnail-of-the-old-face" not in (tmp_path / "b.jpg").read_bytes()
    with Pillow.open(tmp_path / "b.jpg") as image:
        exif = image.getexif()
        details = exif.get_ifd(IFD.Exif)
        assert exif[Base.Make] == "Camera"
        assert (details[Base.ExifImageWidth], details[Base.ExifImageHeight]) == image.size == (64, 96)


def exif_with_thumbnail() -> bytes:
    """An EXIF block: make, orientation 6, stored size, and a second directory with a thumbnail."""
    exif = Pillow.Exif()
    exif[Base.Make], exif[Base.Orientation] = "Camera", 6
    exif[IFD.Exif] = {Base.ExifImageWidth: 96, Base.ExifImageHeight: 64}
    block = exif.tobytes()[6:]
    order = "<" if block[:2] == b"II" else ">"
    first = struct.unpack(f"{order}I", block[4:8])[0]
    count = struct.unpack(f"{order}H", block[first : first + 2])[0]
    link = first + 2 + 12 * count
    thumbnail = b"\xff\xd8thumbnail-of-the-old-face\xff\xd9"
    at = len(block)
    second = struct.pack(f"{order}HHHIIHHIII", 2, 0x0201, 4, 1, at + 30, 0x0202, 4, 1, len(thumbnail), 0)
    return b"Exif\0\0" + block[:link] + struct.pack(f"{order}I", at) + block[link + 4 :] + second + thumbnail


def test_a_gif_of_one_picture_is_a_picture(tmp_path: Path) -> None:
    few = Pillow.fromarray(RGB).quantize(64)
    path = saved(tmp_path / "a.gif", few)
    assert probe(path, LIMITS) == PictureInfo(path, "GIF", 96, 64)
    assert np.array_equal(read_picture(path, LIMITS).image, np.array(few.convert("RGB")))


@pytest.mark.parametrize("name", ["b.png", "b.webp", "b.tiff", "b.avif"])
def test_alpha_is_carried_through(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / "a.png", Pillow.fromarray(np.dstack([RGB, RAMP])))
    read = read_picture(path, LIMITS)
    assert read.alpha is not None
    assert np.array_equal(read.image, RGB), "colours under transparent parts are kept"
    write_picture(tmp_path / name, read, quality=100)
    again = read_picture(tmp_path / name, LIMITS)
    assert again.alpha is not None
    assert error(again.alpha, RAMP) < (1 if name == "b.avif" else 1e-9)
    seen = RAMP > 16
    assert error(again.image[seen], RGB[seen]) < 3


def test_jpeg_shows_transparent_parts_on_white(tmp_path: Path) -> None:
    half = np.zeros((64, 96), np.uint8)
    half[:, 48:] = 255
    write_picture(tmp_path / "b.jpg", Picture(RGB, half), quality=100)
    again = read_picture(tmp_path / "b.jpg", LIMITS)
    assert again.alpha is None
    assert (again.image[:, :40] > 250).all()
    assert error(again.image[:, 56:], RGB[:, 56:]) < 2


def test_png_and_tiff_keep_every_value_and_jpeg_and_avif_keep_colour_at_full_resolution(tmp_path: Path) -> None:
    sharp = np.zeros((64, 64, 3), np.uint8)
    sharp[:, ::2, 0] = 255
    sharp[:, 1::2, 2] = 255
    for name in ("b.png", "b.tiff", "b.tif"):
        write_picture(tmp_path / name, Picture(sharp), quality=1)
        assert np.array_equal(read_picture(tmp_path / name, LIMITS).image, sharp)
    for name in ("b.jpg", "b.avif"):
        write_picture(tmp_path / name, Picture(sharp), quality=95)
        assert error(read_picture(tmp_path / name, LIMITS).image, sharp) < 5, "4:2:0 would blur red and blue together"


def test_an_icc_profile_is_kept(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.webp", "a.tiff", "a.avif"):
        read = read_picture(saved(tmp_path / name, Pillow.fromarray(RGB), icc_profile=SRGB), LIMITS)
        assert read.icc_profile == SRGB
        write_picture(tmp_path / f"b{name}", read, quality=95)
        assert read_picture(tmp_path / f"b{name}", LIMITS).icc_profile == SRGB


@pytest.mark.parametrize(
    "image",
    [
        Pillow.fromarray(RAMP),
        Pillow.fromarray(RAMP.astype(np.uint16) * 257),
        Pillow.fromarray(RAMP).convert("LA"),
        Pillow.fromarray(RAMP).convert("P"),
    ],
    ids=["grey", "16-bit grey", "grey and alpha", "grey palette"],
)
def test_grey_becomes_rgb(tmp_path: Path, image: Pillow.Image) -> None:
    for name in ("a.png", "a.tiff"):
        read = read_picture(saved(tmp_path / name, image), LIMITS)
        assert np.array_equal(read.image, np.dstack([RAMP] * 3))


def test_other_colour_models_become_rgb(tmp_path: Path) -> None:
    palette = Pillow.fromarray(RGB).quantize(256)
    assert error(read_picture(saved(tmp_path / "p.png", palette), LIMITS).image, RGB) < 6
    seen_through = saved(tmp_path / "t.png", palette, transparency=0)
    assert read_picture(seen_through, LIMITS).alpha is not None
    one_bit = Pillow.fromarray(RAMP > 127)
    assert set(np.unique(read_picture(saved(tmp_path / "1.png", one_bit), LIMITS).image)) == {0, 255}
    for name in ("c.jpg", "c.tiff"):
        cmyk = saved(tmp_path / name, Pillow.fromarray(RGB).convert("CMYK"))
        assert error(read_picture(cmyk, LIMITS).image, RGB) < 4


def test_16_bit_colour_is_read(assets: Path) -> None:
    read = read_picture(assets / "pictures" / "derived" / "rgb16.png", LIMITS)
    assert read.image.dtype == np.uint8
    assert 20 < read.image.mean() < 235


def test_real_edge_cases_are_read(assets: Path) -> None:
    derived = assets / "pictures" / "derived"
    lying, alpha = (
        read_picture(derived / name, LIMITS) for name in ("exif_orientation6.jpg", "rgba_ellipse_alpha.png")
    )
    assert lying.image.shape[2] == 3
    assert alpha.alpha is not None
    with pytest.raises(InputDamagedError, match="truncated"):
        read_picture(derived / "truncated.jpg", LIMITS)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tiff", "a.avif", "a.gif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    random = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    content = saved(tmp_path / name, Pillow.fromarray(random)).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputDamagedError):
        read_picture(tmp_path / name, LIMITS)


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(30_000))), (b"IEND", b"")]
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )
    for read in (read_picture, probe):
        with pytest.raises(InputLimitError, match=r"10000x10000 = 100000000 pixels.*64000000.*--max-pixels"):
            read(path, LIMITS)
    with pytest.raises(InputDamagedError):
        read_picture(path, LimitOptions(max_pixels=200_000_000))


def test_animations_and_floating_point_are_refused(tmp_path: Path) -> None:
    frames = [Pillow.fromarray(picture(i, 96, 64)) for i in range(3)]
    for name in ("a.webp", "a.png", "a.gif", "a.avif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        with pytest.raises(InputTypeError, match="animated"):
            read_picture(tmp_path / name, LIMITS)
    light = saved(tmp_path / "f.tiff", Pillow.fromarray(RAMP.astype(np.float32)))
    with pytest.raises(InputTypeError, match="mode F"):
        read_picture(light, LIMITS)


def test_a_way_of_storing_pixels_that_is_not_read_is_not_called_damage(tmp_path: Path) -> None:
    deep = tmp_path / "12 bits.jpg"
    content = bytearray(saved(deep, Pillow.fromarray(RGB)).read_bytes())
    content[content.index(b"\xff\xc0\x00\x11\x08") + 4] = 12
    deep.write_bytes(content)
    light = tmp_path / "floating point.tiff"
    light.write_bytes(floating_point_tiff(RGB))
    for path in (deep, light):
        for read in (read_picture, probe):
            with pytest.raises(InputTypeError, match=r"in a way that is not read.*Save it as PNG with 8 or 16 bits"):
                read(path, LIMITS)


def floating_point_tiff(image: np.ndarray) -> bytes:
    """A TIFF file of three 32-bit floating-point channels, uncompressed (TIFF 6.0, tags of baseline RGB images)."""
    height, width = image.shape[:2]
    pixels = (image / np.float32(255)).astype("<f4").tobytes()
    short, long = 3, 4
    after = 8 + 2 + 12 * 9 + 4
    tags = [
        *((256, long, 1, width), (257, long, 1, height), (258, short, 3, after), (259, short, 1, 1)),
        *((262, short, 1, 2), (273, long, 1, after + 12), (277, short, 1, 3), (279, long, 1, len(pixels))),
        (339, short, 3, after + 6),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<6H", 32, 32, 32, 3, 3, 3) + pixels


def test_a_video_is_no_picture(tmp_path: Path) -> None:
    from media_clips import make_clip

    with pytest.raises(InputTypeError, match=r"is a video \(MP4\), not a picture"):
        read_picture(make_clip(tmp_path / "a.mp4"), LIMITS)


@pytest.mark.parametrize("name", ["b.bmp", "b.heic", "b"])
def test_forms_that_are_not_written_are_refused_with_a_list_of_those_that_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputTypeError, match=r"\.png, \.jpg, \.jpeg, \.webp"):
        write_picture(tmp_path / name, Picture(RGB), quality=95)


def test_quality_reaches_the_encoder(tmp_path: Path) -> None:
    sizes = []
    for quality in (30, 95):
        for suffix in (".jpg", ".webp", ".avif"):
            path = tmp_path / f"{quality}{suffix}"
            write_picture(path, Picture(np.array(Pillow.effect_noise((96, 64), 80).convert("RGB"))), quality=quality)
            sizes.append(path.stat().st_size)
    assert all(small < large for small, large in zip(sizes[:3], sizes[3:], strict=True))


def test_a_webp_that_would_be_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputTypeError, match=r"16384.*\.png"):
        write_picture(tmp_path / "b.webp", Picture(np.zeros((1, 16384, 3), np.uint8)), quality=95)


def test_damaged_exif_does_not_hinder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(RGB).save(buffer, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff", quality=95)
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue())
    assert read_picture(path, LIMITS).image.shape == RGB.shape


def test_a_jpeg_that_goes_over_its_picture_thousands_of_times_is_refused(tmp_path: Path) -> None:
    """Each scan costs the decoder as much as the whole picture, and the file a few bytes."""
    content = saved(tmp_path / "a.jpg", Pillow.new("RGB", (64, 64)), progressive=True).read_bytes()
    scan = content[content.rindex(b"\xff\xda") : -2]
    (tmp_path / "bomb.jpg").write_bytes(content[:-2] + 2000 * scan + content[-2:])

    assert read_picture(tmp_path / "a.jpg", LIMITS).image.shape == (64, 64, 3)
    with pytest.raises(InputDamagedError, match=r"has 20\d\d scans"):
        read_picture(tmp_path / "bomb.jpg", LIMITS)


def test_what_stands_beside_a_jpegs_picture_is_not_counted_as_scans(tmp_path: Path) -> None:
    """Thumbnails in EXIF, and the clip that phones append, hold every sequence of bytes there is."""
    exif = Pillow.Exif()
    exif[0x9286] = b"\xff\xda" * 500  # UserComment
    content = saved(tmp_path / "a.jpg", Pillow.new("RGB", (64, 64)), exif=exif.tobytes()).read_bytes()
    (tmp_path / "motion.jpg").write_bytes(content + b"ftyp" + b"\xff\xda\x00\x02" * 500)

    assert content.count(b"\xff\xda") > 500
    assert read_picture(tmp_path / "motion.jpg", LIMITS).image.shape == (64, 64, 3)


def test_exif_too_long_for_a_jpeg_is_left_out_and_said(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x9286] = b"x" * 70_000  # UserComment
    source = saved(tmp_path / "a.png", Pillow.new("RGB", (64, 64)), exif=exif.tobytes())
    picture = read_picture(source, LIMITS)

    assert write_picture(tmp_path / "b.png", picture, quality=90) == ()
    (note,) = write_picture(tmp_path / "b.jpg", picture, quality=90)
    assert note.startswith("JPEG files do not hold EXIF of 70")
    assert read_picture(tmp_path / "b.jpg", LIMITS).exif is None
