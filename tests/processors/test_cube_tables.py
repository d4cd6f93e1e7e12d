"""Tables of colours: what is read, what is refused, and what colours become."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from facefusion.errors import InputDamagedError, InputLimitError, InputMissingError
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.stylizer import SPEC
from facefusion.processors.stylizer.cube import read_cube
from facefusion.processors.stylizer.grading import Grading
from facefusion.testing import check_processor

IMAGE = np.random.default_rng(5).integers(0, 256, (70, 61, 3), np.uint8)
TWO = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))


@pytest.fixture
def cube(tmp_path):
    def write(text):
        path = tmp_path / "look.cube"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def table(points, colour, head=""):
    """A table of three dimensions of a function of colours."""
    side = np.linspace(0, 1, points)
    rows = [" ".join(f"{value:.6f}" for value in colour(r, g, b)) for b in side for g in side for r in side]
    return f"LUT_3D_SIZE {points}\n{head}" + "\n".join(rows) + "\n"


def graded(path, image=IMAGE):
    return Grading(read_cube(path)).graded(image)


def tetrahedral(values, image):
    """The reference, colour by colour: the path from the point below to that above, along the largest share first."""
    points = len(values)
    result = np.empty(image.shape, np.float64)
    for place in np.ndindex(image.shape[:2]):
        along = image[place] / 255 * (points - 1)
        corner = np.minimum(along.astype(int), points - 2)
        shares = along - corner
        order = np.argsort(-shares, kind="stable")
        bounds, colour, at = [1.0, *shares[order], 0.0], np.zeros(3), corner.copy()
        for step, (high, low) in enumerate(pairwise(bounds)):
            colour += (high - low) * values[at[2], at[1], at[0]]
            if step < 3:
                at[order[step]] += 1
        result[place] = colour * 255
    return result


def test_a_table_that_changes_nothing_changes_nothing(cube):
    for points in (2, 17, 33):
        assert np.array_equal(graded(cube(table(points, lambda r, g, b: (r, g, b)))), IMAGE)


def test_colours_between_points_are_those_of_their_tetrahedron(cube):
    values = np.random.default_rng(7).random((4, 4, 4, 3))
    rows = "\n".join(" ".join(f"{value:.8f}" for value in row) for row in values.reshape(-1, 3))
    result = graded(cube(f"LUT_3D_SIZE 4\n{rows}"))
    assert np.abs(result - tetrahedral(values, IMAGE)).max() <= 0.51


def test_red_is_what_changes_fastest(cube):
    result = graded(cube(table(2, lambda r, g, b: (r, 0, 0))))
    assert np.array_equal(result[:, :, 0], IMAGE[:, :, 0]) and not result[:, :, 1:].any()


def test_greys_stay_grey_where_the_table_has_them_so(cube):
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    values = np.random.default_rng(8).random((3, 3, 3, 3))
    for k in range(3):
        values[k, k, k] = (k / 2) ** 2
    rows = "\n".join(" ".join(f"{value:.8f}" for value in row) for row in values.reshape(-1, 3))
    assert np.ptp(graded(cube(f"LUT_3D_SIZE 3\n{rows}"), grey), axis=2).max() == 0


def test_a_table_of_one_dimension_is_a_curve_for_each_channel(cube):
    result = graded(cube("LUT_1D_SIZE 3\n0 0 1\n0.25 0.5 0.5\n1 1 0\n"))
    assert np.array_equal(result[:, :, 1], IMAGE[:, :, 1]) and np.array_equal(result[:, :, 2], 255 - IMAGE[:, :, 2])
    dark = IMAGE[:, :, 0] < 127
    assert np.abs(result[:, :, 0][dark] - IMAGE[:, :, 0][dark] / 2).max() <= 1


@pytest.mark.parametrize(
    "domain", ["DOMAIN_MIN 0.25 0.25 0.25\nDOMAIN_MAX 0.75 0.75 0.75\n", "LUT_3D_INPUT_RANGE 0.25 0.75\n"]
)
def test_what_is_outside_the_domain_is_taken_for_its_border(cube, domain):
    result = graded(cube(table(2, lambda r, g, b: (r, g, b), domain)))
    wanted = np.clip((IMAGE / 255 - 0.25) / 0.5, 0, 1) * 255
    assert np.abs(result - wanted).max() <= 0.51


def test_values_beyond_white_are_white(cube):
    result = graded(cube(table(2, lambda r, g, b: (r + 1, g - 1, b))))
    assert (result[:, :, 0] == 255).all() and not result[:, :, 1].any()


def test_comments_titles_and_empty_lines_are_passed_over(cube):
    text = f'\ufeff# made by hand\r\nTITLE "A # title"\r\n\r\n  LUT_3D_SIZE 2\r\n# now\r\n{TWO}\r\n# end\r\n\r\n'
    assert np.array_equal(graded(cube(text)), IMAGE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither LUT_1D_SIZE nor LUT_3D_SIZE"),
        ("# nothing\n0 0 0\n", "neither LUT_1D_SIZE nor LUT_3D_SIZE"),
        (f"LUT_3D_SIZE 2\n{TWO}\n1 1 1\n", "line 10 is one colour too many: 8"),
        (f"LUT_3D_SIZE 3\n{TWO}\n", "8 colours, and says that they are 27"),
        (f"LUT_3D_SIZE 2\n{TWO[:-5]}nan 1 1\n", "line 9 holds other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\n{TWO[:-5]}1e30 1 1\n", "line 9 holds other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\n# so\n\n{TWO[:-5]}1 1\n", "line 11 holds other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\n{TWO[:-5]}1 1 one\n", "line 9 holds something that is no number"),
        (f"LUT_3D_SIZE 2\n{TWO[:-5]}1 1 １\n", "line 9 holds something that is no number"),
        (f"LUT_3D_SIZE 2\n{TWO}".replace("\n1 ", "\n1 0 "), "line 3 holds other than 3 finite numbers"),
        ("LUT_3D_SIZE 2\n" + TWO.replace("\n", " 1\n") + " 1\n", "line 2 holds other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\n#{'x' * 5000}\n{TWO}", "line 2 has more than 4096 characters"),
        (f"LUT_3D_SIZE 2\nLUT_3D_SIZE 2\n{TWO}", "line 2 says LUT_3D_SIZE once more"),
        (f"LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n{TWO}", "one dimension and one of three"),
        (f"LUT_3D_SIZE 1\n{TWO}", "2 points a side at least"),
        (f"LUT_3D_SIZE two\n{TWO}", "a size is a whole number"),
        (f"LUT_3D_SIZE 2 2\n{TWO}", "a size is a whole number"),
        (f"LUT_3D_SIZE ２\n{TWO}", "a size is a whole number"),
        (f"LUT_3D_SIZE 2\nDOMAIN_MAX 0 1 1\n{TWO}", "ends where it begins"),
        (f"LUT_3D_SIZE 2\nDOMAIN_MAX 1 1\n{TWO}", "other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\nDOMAIN_MAX 1 1 inf\n{TWO}", "other than 3 finite numbers"),
        (f"LUT_3D_SIZE 2\nDOMAIN_MAX 1 1 1\nLUT_3D_INPUT_RANGE 0 1\n{TWO}", "twice"),
        (f"LUT_3D_SIZE 2\nSHAPER 1\n{TWO}", "line 2 begins with 'SHAPER'"),
        (f"LUT_3D_SIZE 2\n{TWO}\nTITLE x\n", "stands before its numbers"),
        (b"\x89PNG\r\n\x1a\n\xff\xff", "it is no text"),
    ],
)
def test_anything_else_is_refused_with_the_reason(cube, text, reason):
    with pytest.raises(InputDamagedError, match=reason):
        read_cube(cube(text))


@pytest.mark.parametrize("head", ["LUT_3D_SIZE 257", "LUT_3D_SIZE 999999999", "LUT_1D_SIZE 65537"])
def test_tables_of_a_huge_size_are_refused_before_their_numbers(cube, head):
    with pytest.raises(InputLimitError, match="points a side; the most is"):
        read_cube(cube(f"{head}\n0 0 0\n"))


@pytest.mark.parametrize("head", ["LUT_3D_SIZE 256", "LUT_1D_SIZE 65536"])
def test_the_largest_sizes_of_the_specification_are_read(cube, head):
    with pytest.raises(InputDamagedError, match=r"it holds 1 colours, and says that they are (16777216|65536)"):
        read_cube(cube(f"{head}\n0 0 0\n"))


def test_a_long_table_is_read_whole(cube):
    """Its lines are read in several parts, with all line ends that there are."""
    rows = np.random.default_rng(3).random((20_001, 3)).astype(np.float32)
    for end in ("\n", "\r\n", "\r"):
        text = end.join(" ".join(f"{value:.9g}" for value in row) for row in rows)
        assert np.array_equal(read_cube(cube(f"LUT_1D_SIZE 20001{end}{text}")).values, rows)
    broken = text.replace("\r", "\n").splitlines()
    broken[17_000] = "0.5 0.5 half"
    with pytest.raises(InputDamagedError, match="line 17002 holds something that is no number"):
        read_cube(cube("LUT_1D_SIZE 20001\n" + "\n".join(broken)))


def test_a_known_function_is_met_as_nearly_as_its_points_allow(cube):
    """Between points a table is off by no more than the bend of the function, which a quarter of the step quarters.

    Of a function that is linear in a channel, and in greys, nothing is lost but by rounding.
    """
    gamma, grey = (lambda v: v**0.6), (0.2126, 0.7152, 0.0722)

    def mixed(r, g, b):
        light = r * grey[0] + g * grey[1] + b * grey[2]
        return tuple(0.6 * light + 0.4 * value for value in (r, g, b))

    def bent(r, g, b):
        return tuple(gamma(0.25 + 0.75 * value) for value in mixed(r, g, b))

    colours = IMAGE.reshape(-1, 3).T / 255
    for function, points, most in ((mixed, 2, 0.501), (mixed, 33, 0.501), (bent, 9, 1.0), (bent, 33, 0.57)):
        wanted = 255 * np.stack(function(*colours), -1).reshape(IMAGE.shape)
        assert np.abs(graded(cube(table(points, function))) - wanted).max() <= most, (function, points)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputMissingError, match=r"none\.cube"):
        read_cube(tmp_path / "none.cube")


def test_the_processor_grades_frames_in_any_order(cube):
    path = cube(table(5, lambda r, g, b: (b, r, g)))
    options = Options.parse({"stylizer_look": "lut", "stylizer_lut": path})
    batch = [FaceFrame(Frame(n, n, 1, Fraction(1, 25), IMAGE[n : n + 50]), ()) for n in range(3)]

    def create():
        return SPEC.create(ProcessorContext(options, (), SessionFactory(("cpu",))))

    check_processor(create, batch)
    assert create().is_concurrent
    assert np.array_equal(create().process(batch)[1].frame.image, graded(path, IMAGE[1:51]))
    grey = FrameFormat(64, 64, has_colour=False)
    assert SPEC.format(grey, options, None).has_colour and not SPEC.format(grey, Options.parse({}), None).has_colour
