"""What links of a chain say for themselves holds wherever a job is looked at: models, files, sound, counts."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import c2pa
import numpy as np
import pytest

from facefusion.engine.batch.jobs import jobs_of_rows
from facefusion.engine.batch.names import NamePattern
from facefusion.engine.batch.table import Row
from facefusion.engine.doors.models import models_of
from facefusion.engine.live.session import LiveSession
from facefusion.engine.plan import make_plan
from facefusion.engine.preview.aim import aim
from facefusion.engine.preview.preview import Preview
from facefusion.engine.run import run
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.errors import BatchError, ConsentMissingError, OptionsError, OutputIsInputError
from facefusion.options import Options
from facefusion.trust.provenance.facts import EDIT_LABEL
from generated.builder import Shelf
from generated.face_enhancer import restorer
from generated.installed import install
from material import ASTRONAUT, CAPTAIN, read, read_clip, save

RATE = 48000
STILL = {"target_path": ASTRONAUT, "output_path": "out.png"}
WARM = "LUT_1D_SIZE 2\n0.1 0 0\n1 0.9 0.7\n"

pytestmark = pytest.mark.usefixtures("kept_warm", "quiet_place")


def options(*chain, **values):
    return Options.parse(STILL | {"chain": list(chain)} | values)


def planned(*chain, **values):
    return make_plan(options(*chain, **values), has_hooks=False)


def fingerprint(*chain, **values):
    return Fingerprint.of(planned(*chain, **values), has_hooks=False, place={}).digest


# Faces that are counted


@pytest.fixture
def clip(moving_portrait):
    return {"target_path": moving_portrait, "output_path": "out.mkv", "output_video_encoder": "ffv1", "trim_end": "6f"}


@pytest.mark.parametrize(
    ("chain", "faces"),
    [
        ([{"when": "1f-3f"}], 2),
        ([{"when": "1f-3f"}, {"when": "2f-4f"}], 3),
        ([{"when": "1f-3f"}, {}], 6),
        ([{"when": "4f-", "region": [0, 0, 0.5, 1]}], 2),
        ([{"when": "1f-3f"}, {"processor": "stylizer"}], 2),
    ],
)
def test_those_faces_count_that_a_link_worked_on(clip, chain, faces):
    links = [{"processor": "face_enhancer"} | link for link in chain]
    assert run(options(*links, **clip)).faces == faces


def test_a_face_beside_the_region_does_not_count():
    for region, faces in (([0.9, 0.9, 0.1, 0.1], 0), ([0.4, 0.2, 0.1, 0.1], 1)):
        links = options({"processor": "face_enhancer", "region": region}, output_path=f"{faces}.png")
        assert run(links).faces == faces


def test_a_preview_and_live_frames_count_the_same(clip, warm):
    link = {"processor": "face_enhancer"}
    with Preview(options(link | {"when": "1f-3f"}, **clip), warm=warm) as preview:
        assert [len(preview.show(number).edited) for number in range(5)] == [0, 1, 1, 0, 0]
    picture = read(ASTRONAUT)
    for region, faces in (([0.8, 0.8, 0.2, 0.2], 0), ([0, 0, 1, 1], 1)):
        chain = Options.parse({"chain": [link | {"region": region}]})
        with LiveSession(chain, (picture.shape[1], picture.shape[0]), warm=warm) as session:
            assert session.edit(picture, 0.0).faces == faces


# Models


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put("other", "face_enhancer", "face_restorer", restorer(512))
    return install(shelf)


def test_the_model_that_a_link_leaves_to_us_is_named(shelf):
    links = [{"processor": "face_enhancer"} | said for said in ({}, {"face_enhancer_model": "auto"})]
    values = shelf | {"face_enhancer_model": "other"}
    plan = planned(*links, **values)
    assert [link.options.face_enhancer.face_enhancer_model for link in plan.links] == ["other", "clarity"]
    plan = planned(links[0], links[0] | {"face_enhancer_model": "other"}, **shelf)
    assert [link.options.face_enhancer.face_enhancer_model for link in plan.links] == ["clarity", "other"]
    assert "other" in dict(models_of(plan)) and "other" not in dict(models_of(planned(links[1], **values)))


def test_the_weights_that_auto_finds_are_told_of_a_preview_too(monkeypatch):
    plan = aim(options({"processor": "face_enhancer", "face_enhancer_model": "auto"}))
    monkeypatch.setattr("facefusion.engine.automatic.first_ready", lambda models, is_ready: models[0])
    monkeypatch.setattr("facefusion.engine.doors.models.open_store", lambda _: Store())
    assert dict(models_of(plan))["gfpgan_1.4"] == "ab" * 32


class Store:
    """Has every model."""

    def look(self, card):
        return SimpleNamespace(sha256="ab" * 32)


def test_the_manifest_says_what_each_link_did_and_where(monkeypatch):
    rules = f'extends = "{Path(__file__).parents[1] / "policy.toml"}"\nname = "own"\ndescription = "own"\n'
    Path("own.toml").write_text(
        f'schema = 1\n{rules}disclosure.provenance = {{ value = "required", why = "We say so" }}\n'
    )
    monkeypatch.setenv("FACEFUSION_POLICY", "own.toml")
    said = []
    for number, region in enumerate([{}, {"region": [0.25, 0, 0.5, 1]}]):
        link = {"processor": "face_enhancer"}
        run(options(link, link | region, output_path=f"{number}.png"))
        with Path(f"{number}.png").open("rb") as file, c2pa.Reader("image/png", file) as reader:
            found = json.loads(reader.json())
        assertions = found["manifests"][found["active_manifest"]]["assertions"]
        said += [each["data"] for each in assertions if each["label"] == EDIT_LABEL]
    assert all(each["processors"] == ["face_enhancer", "face_enhancer"] for each in said)
    assert "limits" not in said[0] and said[1]["limits"] == [{}, {"region": "0.25,0,0.5,1"}]


# Files


def test_a_file_of_a_link_is_an_input_like_any_other():
    for name in ("out.png", "other.cube"):
        Path(name).write_text(WARM)
    link = {"processor": "stylizer", "stylizer_look": "lut", "stylizer_lut": "out.png"}
    with pytest.raises(OutputIsInputError):
        planned({"processor": "stylizer"}, link, overwrite=True)
    before = fingerprint(link | {"stylizer_lut": "other.cube"}, output_path="r.png")
    Path("renamed.cube").write_text(WARM)
    assert fingerprint(link | {"stylizer_lut": "renamed.cube"}, output_path="r.png") == before
    Path("other.cube").write_text(WARM.replace("0.9", "0.8"))
    assert fingerprint(link | {"stylizer_lut": "other.cube"}, output_path="r.png") != before


def test_a_job_of_a_batch_writes_over_no_file_of_anothers_link():
    Path("warm.cube").write_text(WARM)
    look = {"processor": "stylizer", "stylizer_look": "lut", "stylizer_lut": "warm.cube"}
    rows = [
        Row(1, {"target_path": str(ASTRONAUT), "output_path": "a.png", "chain": [look]}),
        Row(2, {"target_path": str(CAPTAIN), "output_path": "warm.cube", "processors": "stylizer"}),
    ]
    with pytest.raises(BatchError, match="an input of job 1"):
        jobs_of_rows(rows, "", NamePattern.parse(None, "{name}"), {}, Options.parse)


def test_each_link_wears_the_make_up_of_its_own_reference():
    made = {}
    painted = read(CAPTAIN)
    painted[:, :, 0] = np.minimum(255, painted[:, :, 0].astype(int) + 60)
    red = save(Path("red.png"), painted)
    wearing = {"processor": "makeup", "makeup_wrinkles": 100}
    for name, references in {"one": [CAPTAIN], "other": [red], "both": [CAPTAIN, red]}.items():
        links = [wearing | {"makeup_reference": str(each)} for each in references]
        assert run(options(*links, output_path=f"{name}.png")).faces == 1
        made[name] = read(Path(f"{name}.png")).astype(int)
    assert all(np.abs(made[name] - read(ASTRONAUT)).max() > 20 for name in made)
    assert np.abs(made["one"] - made["other"]).max() > 5 and np.abs(made["both"] - made["one"]).max() > 5
    run(Options.parse(STILL | {"processors": "makeup", "makeup_reference": CAPTAIN, "makeup_wrinkles": 100}))
    np.testing.assert_array_equal(read(Path("out.png")), made["one"])


def test_a_link_without_a_reference_has_nobody_elses():
    with pytest.raises(OptionsError, match="No face is given whose make-up is taken"):
        planned({"processor": "makeup", "makeup_reference": str(CAPTAIN)}, {"processor": "makeup"})


def test_the_reference_of_a_link_is_asked_for_like_a_source(monkeypatch):
    rules = f'extends = "{Path(__file__).parents[1] / "policy.toml"}"\nname = "own"\ndescription = "own"\n'
    Path("own.toml").write_text(f'schema = 1\n{rules}consent.require = {{ value = "sources", why = "We say so" }}\n')
    monkeypatch.setenv("FACEFUSION_POLICY", "own.toml")
    with pytest.raises(ConsentMissingError, match="the reference of the make-up"):
        run(options({"processor": "makeup", "makeup_reference": str(CAPTAIN)}))
    assert not Path("out.png").exists()


def test_a_preview_shows_another_reference(warm):
    link = {"processor": "makeup", "makeup_wrinkles": 100, "makeup_reference": str(CAPTAIN)}
    run(options(link))
    with Preview(options(link | {"makeup_reference": str(ASTRONAUT)}), warm=warm) as preview:
        before = preview.show().after
        preview.change(chain=[link])
        after = preview.show().after
    np.testing.assert_array_equal(after, read(Path("out.png")))
    assert np.abs(before.astype(int) - after).max() > 5


def test_who_restores_expressions_is_not_the_first_behind_another_of_its_kind(moving_portrait):
    bare = {"processor": "expression_restorer", "expression_restorer_model": "mesh"}
    driven = bare | {"expression_restorer_driving": str(moving_portrait)}
    for links, says in (((bare, driven), "is the first processor"), ((driven, bare), "and restores none")):
        with pytest.raises(OptionsError, match=says):
            run(options(*links, target_path=moving_portrait, output_path="out.mkv"))


# Sound


@pytest.fixture
def tone(astronaut):
    """A clip of 20 frames in two seconds in which a tone is heard."""
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE).astype(np.float32)
    with av.open("tone.mkv", "w") as container:
        stream, sound = (
            container.add_stream("ffv1", rate=10),
            container.add_stream("pcm_s16le", rate=RATE, layout="mono"),
        )
        stream.width = stream.height = 192
        for number in range(20):
            picture = np.ascontiguousarray(astronaut[30:222, 120 + number : 312 + number])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")))
        container.mux(stream.encode(None))
        for start in range(0, len(wave), 1024):
            values = (wave[None, start : start + 1024] * 32767).astype(np.int16)
            piece = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = RATE, start, Fraction(1, RATE)
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return "tone.mkv"


def heard(path):
    with av.open(path) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        return np.concatenate(
            [r.to_ndarray()[0] for frame in container.decode(audio=0) for r in resampler.resample(frame)]
        )


def pitch(sound, start, end):
    part = sound[round(start * RATE) : round(end * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum) * RATE / len(part))


@pytest.mark.parametrize("when", ["0.5-1.2", "5f-12f", "5f-0:01,1-12f"])
def test_a_voice_is_changed_by_the_link_that_says_so_where_it_works(tone, when):
    covered = {"processor": "anonymizer", "anonymizer_method": "pixelate"}
    voice = covered | {"anonymizer_voice": 7, "when": when}
    run(options(covered, voice, target_path=tone, output_path="out.mkv"))
    with av.open("out.mkv") as container:
        assert len(container.streams.audio) == 1
    sound = heard("out.mkv")
    assert pitch(sound, 0.05, 0.45) == pytest.approx(440, rel=0.02)
    assert pitch(sound, 0.6, 1.1) == pytest.approx(440 * 2 ** (7 / 12), rel=0.02)
    assert pitch(sound, 1.3, 1.9) == pytest.approx(440, rel=0.02)


def test_links_change_a_voice_one_after_the_other(tone):
    link = {"processor": "anonymizer", "anonymizer_method": "pixelate", "anonymizer_voice": 3}
    run(options(link, link | {"anonymizer_voice": 4}, target_path=tone, output_path="out.mkv"))
    assert pitch(heard("out.mkv"), 0.3, 1.7) == pytest.approx(440 * 2 ** (7 / 12), rel=0.02)
    assert len(read_clip(Path("out.mkv"))) == 20
