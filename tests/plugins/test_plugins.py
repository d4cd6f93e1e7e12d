"""What other packages bring: found, named when broken, and never in the way of other work."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import textwrap

import numpy as np
import pytest

from facefusion.cli.main import main
from facefusion.engine import doctor
from facefusion.errors import CatalogueError, OptionsError, ProcessorUnknownError
from facefusion.inference.catalogue import full_catalogue
from facefusion.inference.families import Families
from facefusion.inference.opening import open_sessions
from facefusion.inference.plugins import plug_in_versions
from facefusion.options import Options
from facefusion.processors.face_swapper import SPEC as SWAPPER
from facefusion.processors.face_swapper.base import Portrait
from facefusion.processors.registry import found_processors, installed_processors, resolve_processors
from generated.face_recogniser import arcface
from generated.face_swapper import embedding_swapper
from material import ASTRONAUT

NOTHING = """\
    from facefusion.options.base import OptionGroup
    from facefusion.processors.base import ProcessorSpec
    from pydantic import Field

    class Kept:
        def process(self, batch):
            return list(batch)
        def state(self):
            return {}
        def restore(self, state):
            pass

    class Own(OptionGroup):
        strength: int = Field(default=3, ge=1, le=9, description="how much")
        sides: tuple[str, ...] = Field(default=(), description="which")
        keep: bool = Field(default=True, description="whether")
        their_model: str = Field(default="their_net", description="model")

    MADE = []

    def create(context):
        MADE.append(context.own_options("nothing", Own))
        return Kept()

    SPEC = ProcessorSpec("nothing", "does nothing", False, create, options=Own)
    MODEL = {"model_option": "their_model", "task": "face_detector"}
    WITH_MODEL = ProcessorSpec("modelled", "asks for weights", False, create, options=Own, **MODEL)
    OTHER = ProcessorSpec("another", "has another name", False, create)
    NUMBER = 3
    """


@pytest.fixture
def broken(installed):
    installed(
        {
            "thing.py": NOTHING,
            "raises.py": "raise ValueError('no luck')",
            "cat/__init__.py": "",
            "cat/a.toml": "[[model",
        },
        {
            "processors": """\
                face_swapper = theirs.thing:SPEC
                gone = theirs.gone:SPEC
                misnamed = theirs.thing:OTHER
                nothing = theirs.thing:SPEC
                number = theirs.thing:NUMBER
                raises = theirs.raises:SPEC
                """,
            "families": "scrfd = theirs.thing:NUMBER\nodd = theirs.thing:NUMBER\n",
            "catalogues": "bad = theirs.cat\nnone = no_such_package\n",
        },
    )


def test_modules_that_end_the_program_or_print_when_they_are_imported_harm_nobody(installed, quiet_place, capsys):
    installed(
        {
            "ends.py": "import sys\nsys.exit(3)\n",
            "prints.py": "print('noise')\n" + textwrap.dedent(NOTHING),
            "cat/__init__.py": "import sys\nsys.exit(3)\n",
        },
        {
            "processors": "ends = theirs.ends:SPEC\nnothing = theirs.prints:SPEC\n",
            "families": "ends = theirs.ends:FAMILY\n",
            "catalogues": "ends = theirs.cat\n",
        },
    )
    assert main(["processors", "--json"]) == 0
    out, err = capsys.readouterr()
    reasons = {each["name"]: each["reason"] for each in json.loads(out)["processors"]}
    assert reasons["ends"] == "cannot be imported (SystemExit: 3)"
    assert "The models of plug-in ends of theirs are left out: theirs.cat cannot be read (SystemExit: 3)" in err
    assert "noise" in err
    with pytest.raises(CatalogueError, match=r"'ends' of theirs: cannot be imported \(SystemExit: 3\)"):
        Families()["ends"]


@pytest.mark.usefixtures("broken")
class TestBrokenOnes:
    def test_each_is_named_with_the_reason_and_its_package(self):
        problems = {found.name: found.problem for found in found_processors() if found.spec is None}
        assert problems == {
            "gone": "cannot be imported (ModuleNotFoundError: No module named 'theirs.gone')",
            "misnamed": "theirs.thing:OTHER calls itself 'another'",
            "number": "theirs.thing:NUMBER is no ProcessorSpec, but of type int",
            "raises": "cannot be imported (ValueError: no luck)",
        }
        with pytest.raises(ProcessorUnknownError, match=r"'raises' of theirs: cannot be imported .* Update theirs"):
            resolve_processors(["raises"])
        with pytest.raises(CatalogueError, match=r"'odd' of theirs: theirs\.thing:NUMBER is no Family"):
            Families()["odd"]

    def test_what_is_not_broken_works_on(self):
        assert {"face_swapper", "nothing"} <= installed_processors().keys()
        assert [spec.name for spec in resolve_processors(["nothing", "face_swapper"])] == ["nothing", "face_swapper"]

    def test_a_name_of_the_package_cannot_be_taken(self):
        assert resolve_processors(["face_swapper"]) == [SWAPPER]
        assert Families()["scrfd"].task == "face_detector"
        assert (
            "'scrfd' that theirs brings (facefusion.families) is left out: facefusion has one" in Families().faults[0]
        )

    def test_a_catalogue_that_cannot_be_read_is_left_out(self):
        bad, none = full_catalogue().faults
        assert bad.startswith("The models of plug-in bad of theirs are left out: a.toml is no TOML")
        assert "plug-in none of theirs are left out: no_such_package cannot be read (ModuleNotFoundError" in none
        assert "inswapper_128" in full_catalogue()

    def test_a_job_without_them_is_done_and_says_what_was_left_out(self, quiet_place, capsys):
        assert main(["--processors", "nothing", "-t", str(ASTRONAUT), "-o", "out.png"]) == 0
        out, err = capsys.readouterr()
        assert out == "out.png\n"
        assert err.count("The models of plug-in bad of theirs are left out") == 1

    def test_a_job_with_one_is_refused_before_any_work(self, quiet_place, capsys):
        assert main(["--processors", "gone", "-t", str(ASTRONAUT), "-o", "out.png"]) == 43
        assert "The processor 'gone' of theirs: cannot be imported" in capsys.readouterr().err

    def test_processors_lists_them_beside_the_others(self, quiet_place, capsys):
        assert main(["processors"]) == 0
        out, err = capsys.readouterr()
        assert "gone (from theirs): cannot run: cannot be imported (ModuleNotFoundError" in out
        assert "face_swapper: can run now with mesh" in out
        assert "-> Update theirs, or `pip uninstall theirs`" in out
        assert "The 'face_swapper' that theirs brings (facefusion.processors) is left out" in err

    def test_doctor_warns_and_finds_the_machine_fit(self, quiet_place):
        found = {check.name: check for check in doctor.examine()}
        assert found["processor gone of theirs"].status == found["family odd"].status == "warn"
        assert found["processor nothing of theirs"].status == "ok"
        assert [check.name for check in found.values() if check.status == "fail"] == []


FAILING = """\
    from facefusion.processors.base import ProcessorSpec

    class Failing:
        def process(self, batch):
            return batch[1:] if LOSES else 1 / 0
        def state(self):
            return {}
        def restore(self, state):
            pass

    LOSES = False
    SPEC = ProcessorSpec("failing", "fails", False, lambda context: Failing(), needs_faces=False)
    """


@pytest.mark.parametrize(
    ("loses", "said"),
    [
        (
            "False",
            "The processor 'failing' of theirs failed (ZeroDivisionError: division by zero). Tell the authors of",
        ),
        ("True", "The processor 'failing' of theirs gave back 0 frames for 1, or others. Tell the authors of theirs"),
    ],
)
def test_what_goes_wrong_in_one_at_work_is_told_as_theirs(installed, quiet_place, capsys, loses, said):
    text = FAILING.replace("LOSES = False", f"LOSES = {loses}")
    installed({"thing.py": text}, {"processors": "failing = theirs.thing:SPEC"})
    assert main(["--processors", "failing", "-t", str(ASTRONAUT), "-o", "out.png"]) == 1
    assert said in capsys.readouterr().err
    assert not (quiet_place / "out.png").exists()


class TestOptionsOfTheirOwn:
    @pytest.fixture(autouse=True)
    def plug_in(self, installed, quiet_place):
        points = "nothing = theirs.thing:SPEC\nmodelled = theirs.thing:WITH_MODEL\n"
        installed({"thing.py": NOTHING}, {"processors": points})

    def made(self, *texts):
        words = [word for text in texts for word in ("--processor-options", text)]
        assert main(["--processors", "nothing", "-t", str(ASTRONAUT), "-o", "out.png", "--quiet", *words]) == 0
        return sys.modules["theirs.thing"].MADE[-1]

    def test_they_have_defaults(self):
        assert self.made().model_dump() == {"strength": 3, "sides": (), "keep": True, "their_model": "their_net"}

    def test_they_are_given_by_the_processors_name(self):
        own = self.made("nothing.strength=5", "nothing.sides=left", "nothing.sides=right", "nothing.keep=no")
        assert (own.strength, own.sides, own.keep) == (5, ("left", "right"), False)

    def test_they_may_stand_in_the_environment_or_a_file(self, monkeypatch, quiet_place):
        monkeypatch.setenv("FACEFUSION_PROCESSOR_OPTIONS", "nothing.strength=7,nothing.keep=false")
        assert self.made().strength == 7
        monkeypatch.delenv("FACEFUSION_PROCESSOR_OPTIONS")
        (quiet_place / "facefusion.toml").write_text('processor_options = ["nothing.strength=8"]\n')
        assert self.made().strength == 8

    def test_python_callers_may_give_a_mapping(self):
        texts = Options.parse({"processor_options": {"nothing": {"strength": 4, "keep": False, "sides": ["a", "b"]}}})
        wanted = ("nothing.strength=4", "nothing.keep=false", "nothing.sides=a", "nothing.sides=b")
        assert texts.processor_options == wanted

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("nothing.strength=0", r"Option nothing\.strength: input should be greater than or equal to 1, got '0'"),
            ("nothing.strenght=1", r"Processor nothing: there is no option 'strenght'\. It has strength, sides"),
            ("nowhere.strength=1", "there is no processor 'nowhere'"),
            ("strength=1", r"'strength=1' is not NAME\.OPTION=VALUE"),
            ("face_swapper.shape=1", "face_swapper has no options of this kind"),
        ],
    )
    def test_a_wrong_one_is_refused_before_any_work(self, capsys, text, said):
        words = ["-s", str(ASTRONAUT), "-t", str(ASTRONAUT), "-o", "out.png", "--processor-options", text]
        assert main(["--processors", "nothing", "face_swapper", *words]) == OptionsError.exit_code
        assert re.search(said, capsys.readouterr().err)

    def test_processors_shows_them_and_the_model_that_they_name(self, capsys):
        assert main(["processors", "--json", "--processor-options", "modelled.their_model=scrfd_2.5g"]) == 0
        listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)["processors"]}
        assert listed["nothing"]["can_run"] is True
        strength = {"name": "strength", "default": 3, "limits": "1 to 9", "description": "how much"}
        assert listed["nothing"]["options"][0] == strength
        modelled = listed["modelled"]
        assert (modelled["can_run"], modelled["model"]) == (False, "scrfd_2.5g")
        assert modelled["command"] == "facefusion models pull scrfd_2.5g"


THEIR_FAMILIES = """\
    from facefusion.faces.recognisers.arcface import ArcFaceSettings
    from facefusion.inference.contract import Contract, TensorSpec
    from facefusion.inference.family import Family
    import numpy as np

    class Grey:
        def __init__(self, model):
            self.session = model.session
            self.crops = 0
        def cut(self, image, landmarks5):
            return np.full((112, 112, 3), image[landmarks5[2].astype(int)[1], landmarks5[2].astype(int)[0]], np.uint8)
        def embed_crops(self, crops):
            self.crops += len(crops)
            return self.session.run(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32))["vector"]

    def contract(settings):
        return Contract((TensorSpec("crop", ("batch", 3, 112, 112)),), (TensorSpec("vector", ("batch", 512)),))

    FAMILY = Family("nose_colour", "face_recogniser", ArcFaceSettings, contract, Grey)
    """


def _entry(name, task, family, content, more=""):
    digest = hashlib.sha256(content).hexdigest()
    return (
        f'[[model]]\nname = "{name}"\ntask = "{task}"\nfamily = "{family}"\nfile = "{name}.onnx"\n'
        f'sha256 = "{digest}"\nlicence = "MIT"\ncommercial = true\n{more}\n'
    )


def test_a_recogniser_of_theirs_serves_a_swapper_that_requires_it(installed, tmp_path, captain, captain_face):
    nets = {"theirs_vector": arcface(), "theirs_swapper": embedding_swapper(128, matrix=True)}
    contents = {name: net.SerializeToString() for name, net in nets.items()}
    for name, content in contents.items():
        (tmp_path / f"{name}.onnx").write_bytes(content)
    entries = _entry("theirs_vector", "face_recogniser", "nose_colour", contents["theirs_vector"]) + _entry(
        "theirs_swapper", "face_swapper", "inswapper", contents["theirs_swapper"], 'requires = ["theirs_vector"]'
    )
    modules = {"family.py": THEIR_FAMILIES, "cat/__init__.py": "", "cat/a.toml": entries}
    installed(modules, {"families": "nose_colour = theirs.family:FAMILY", "catalogues": "theirs = theirs.cat"})
    sessions = open_sessions(Options.parse({"models_dir": tmp_path, "execution_providers": "cpu"}))
    recogniser = sessions.load("theirs_vector", "face_recogniser")
    vector = sessions.load("theirs_swapper", "face_swapper").observe([Portrait(captain, captain_face.landmarks5, 1.0)])
    assert recogniser.crops == 1
    alone = recogniser.embed_crops([recogniser.cut(captain, captain_face.landmarks5)])[0]
    assert np.allclose(vector, alone, atol=1e-4)


def test_of_two_models_with_one_name_that_of_the_package_counts(installed):
    entry = _entry("inswapper_128", "face_swapper", "inswapper", b"") + _entry("theirs_own", "a_task", "a_family", b"")
    installed({"cat/__init__.py": "", "cat/a.toml": entry}, {"catalogues": "theirs = theirs.cat"})
    catalogue = full_catalogue()
    [fault] = catalogue.faults
    assert fault.startswith("Model inswapper_128 of plug-in theirs of theirs is left out: it is in the catalogue that")
    assert catalogue["inswapper_128"].licence != "MIT"
    assert catalogue["theirs_own"].task == "a_task"


def test_versions_of_packages_that_touch_pixels_count(installed):
    installed({"thing.py": NOTHING}, {"processors": "nothing = theirs.thing:SPEC"})
    assert plug_in_versions()["theirs"] == "1.5"
    assert "facefusion" not in plug_in_versions()
