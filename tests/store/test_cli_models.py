"""`models`: what can run now, and how to get, check, pass on and add the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from store_toys import HUB, toy_card, toy_network

from facefusion.cli.downloads import BarDownloads, LineDownloads
from facefusion.cli.main import main
from facefusion.cli.terminal import Terminal
from facefusion.engine.doctor import examine
from facefusion.inference.store.pull import Transfer
from material import ASTRONAUT

CONTENT = toy_network()
PUBLIC, PAIR, RESEARCH = (f"{HUB}/toy_{name}.onnx" for name in ("public", "pair", "research"))


@pytest.fixture
def offered(web):
    """All public models can be had."""
    for url in (PUBLIC, PAIR, RESEARCH):
        web.offer(url, CONTENT)
    return web


class TestList:
    def test_shows_what_can_run_and_the_command_that_gets_the_rest(self, models, offered, own, capsys):
        assert models("list") == 0
        out, err = capsys.readouterr()
        assert "iris_landmarker: 1 of 1 can run now\n  iris  Apache-2.0, commercial use allowed, 2.7 MB, comes" in out
        assert f"toy_task: 0 of 3 can run now\n  -> facefusion models pull toy_task --models-dir {own}\n" in out
        assert err == f"\nAll that can be fetched: facefusion models pull all --models-dir {own}\n"
        assert models("pull", "toy_public", "toy_research", "--quiet") == 0
        capsys.readouterr()
        models("list")
        out = capsys.readouterr().out
        assert "toy_task: 2 of 3 can run now\n  toy_public    MIT, commercial use allowed, 0.0 MB\n" in out
        assert (
            "  toy_research  LicenseRef-Research, no commercial use, 0.0 MB\n  -> facefusion models pull toy_task"
            in out
        )

    def test_of_a_task_shows_each_model_and_why_it_cannot_run(self, models, offered, own, capsys):
        models("pull", "toy_pair", "toy_research", "--quiet")
        (own / "toy_public.onnx").unlink()
        (own / "toy_research.onnx").write_bytes(CONTENT + b"more")
        capsys.readouterr()
        assert models("list", "toy_task") == 0
        assert capsys.readouterr().out.splitlines() == [
            "toy_task: 0 of 3 can run now",
            "  toy_pair      MIT, commercial use allowed, 0.0 MB: lacks a model that it requires: toy_public (MIT)",
            "  toy_public    MIT, commercial use allowed, 0.0 MB: not here",
            "  toy_research  LicenseRef-Research, no commercial use, 0.0 MB: the file is not the model",
            f"  -> facefusion models pull toy_task --models-dir {own}",
        ]

    def test_keeps_to_the_licence_policy(self, models, own, capsys):
        assert models("list", "toy_task", "--license-policy", "commercial") == 0
        assert (
            "toy_research  LicenseRef-Research, no commercial use, size not known: not allowed"
            in capsys.readouterr().out
        )

    def test_names_the_required_model_that_the_policy_does_not_allow(self, models, plug_in, capsys):
        entries = plug_in / "toys.toml"
        entries.write_text(entries.read_text().replace('requires = ["toy_public"]', 'requires = ["toy_research"]'))
        assert models("list", "toy_task", "--license-policy", "commercial") == 0
        expected = "MIT, commercial use allowed, size not known: not allowed by the licence policy: toy_research (Lic"
        assert f"  toy_pair      {expected}" in capsys.readouterr().out

    def test_names_files_that_nobody_vouches_for_links_and_families_that_are_not_there(
        self, models, own, plug_in, capsys
    ):
        own.mkdir()
        (own / "toy_public.onnx").write_bytes(CONTENT)
        (own / "toy_pair.onnx").symlink_to(Path(__file__))
        entries = plug_in / "toys.toml"
        entries.write_text(
            entries.read_text().replace('family = "toy"\nfile = "toy_research', 'family = "x"\nfile = "toy_research')
        )
        models("list", "toy_task")
        out = capsys.readouterr().out
        assert "0.0 MB: here, but nobody has said what the file is" in out
        assert "size not known: the file is a link that leaves its folder" in out
        assert "size not known: nothing installed can run it" in out

    def test_as_json(self, models, own, capsys):
        assert models("list", "--json") == 0
        out, err = capsys.readouterr()
        report = json.loads(out)
        [task] = [task for task in report["tasks"] if task["task"] == "toy_task"]
        assert report["command"] == f"facefusion models pull all --models-dir {own}"
        assert task["command"] == f"facefusion models pull toy_task --models-dir {own}"
        first = task["models"][0]
        assert (first["name"], first["state"], first["licence"], first["commercial"]) == (
            "toy_pair",
            "missing",
            "MIT",
            True,
        )
        assert err == ""

    def test_of_an_unknown_task(self, models, capsys):
        assert models("list", "toys") == 40
        assert "There is no task 'toys'. There are age_modifier, " in capsys.readouterr().err


class TestShow:
    def test_tells_all_that_is_known(self, models, offered, own, capsys):
        assert models("show", "toy_pair") == 0
        out = capsys.readouterr().out
        assert "requires:      toy_public\n" in out
        assert "state:         missing\n" in out
        assert "inputs:" not in out
        models("pull", "toy_pair", "--quiet")
        capsys.readouterr()
        assert models("show", "toy_pair") == 0
        out = capsys.readouterr().out
        assert "state:         ready\n" in out
        assert "inputs:        input [batch,3,8,8] float32\noutputs:       output [batch,3,8,8] float32\n" in out
        assert f"recorded in:   {own / 'models.lock'}\n" in out
        assert "problem" not in out

    def test_tells_what_is_wrong_with_a_file(self, models, own, capsys):
        own.mkdir()
        (own / "toy_public.onnx").write_bytes(toy_network(size=9))
        assert models("show", "toy_public", "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["state"] == "untrusted"
        assert "input [batch,3,9,9] float32 does not fit" in facts["problem"]
        assert facts["inputs"] == ["input [batch,3,9,9] float32"]

    def test_of_an_unknown_model(self, models, capsys):
        assert models("show", "inswapper") == 40


class TestPull:
    def test_says_what_was_recorded_and_prints_the_paths(self, models, offered, own, capsys):
        assert models("pull", "toy_public") == 0
        out, err = capsys.readouterr()
        digest = toy_card(content=CONTENT).sha256
        assert out == f"{own / 'toy_public.onnx'}\n"
        assert "toy_public: pulled, 0.0 MB, MIT, commercial use allowed\n" in err
        assert (
            f"its entry names no digest, so that of this file was recorded in {own / 'models.lock'}: {digest}\n" in err
        )
        assert models("pull", "toy_public") == 0
        assert "toy_public: is there already" in capsys.readouterr().err

    def test_ends_with_the_code_of_what_failed_first(self, models, offered, capsys):
        offered.offer(RESEARCH, status=500)
        assert models("pull", "toy_task") == 50
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 2
        assert (
            f"facefusion: toy_research: The weights of model toy_research could not be fetched: {RESEARCH}: 500" in err
        )

    def test_of_what_the_policy_does_not_allow(self, models, offered, capsys):
        assert models("pull", "toy_research", "--license-policy", "commercial") == 48
        assert "toy_research is under LicenseRef-Research" in capsys.readouterr().err
        assert models("pull", "toy_task", "--license-policy", "commercial") == 0
        assert "facefusion: toy_research: left out: Model toy_research is under" in capsys.readouterr().err

    def test_stopped_by_ctrl_c(self, models, offered, capsys, monkeypatch):
        def stop(*arguments, **named):
            raise KeyboardInterrupt

        monkeypatch.setattr("facefusion.inference.store.download._write", stop)
        assert models("pull", "toy_public") == 130
        assert capsys.readouterr().err.endswith("facefusion: error: stopped\n")


class TestVerify:
    def test_reads_all_that_is_there(self, models, offered, own, capsys):
        models("pull", "toy_public", "toy_research", "--quiet")
        capsys.readouterr()
        assert models("verify") == 0
        lines = capsys.readouterr().out.splitlines()
        assert "toy_public: as it should be, 0.0 MB" in lines
        assert any(line.startswith("iris: as it should be, 2.7 MB") for line in lines)
        (own / "toy_public.onnx").write_bytes(CONTENT[::-1])
        assert models("verify", "toy_task", "--json") == 41
        report = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
        assert [name for name, model in report.items() if model["ok"]] == ["toy_research"]
        assert "not those recorded" in report["toy_public"]["found"]

    def test_vouches_for_files_that_are_named(self, models, own, capsys):
        own.mkdir()
        (own / "toy_public.onnx").write_bytes(CONTENT)
        assert models("verify") == 51
        assert "toy_public: Nobody has said that" in capsys.readouterr().out
        assert models("verify", "--trust") == 2
        assert models("verify", "--trust", "toy_public") == 0
        assert capsys.readouterr().out == f"toy_public: recorded as sha256 {toy_card(content=CONTENT).sha256}\n"
        assert models("verify", "toy_public") == 0


def test_a_bundle_brings_models_to_another_machine(models, offered, own, tmp_path, capsys):
    models("pull", "all", "--quiet")
    capsys.readouterr()
    assert models("export", "all.zip") == 0
    out, err = capsys.readouterr()
    assert out == "all.zip\n"
    assert "toy_research: LicenseRef-Research, no commercial use\n" in err
    assert models("export", "all.zip") == 33
    assert models("export", "all.zip", "toy_pair", "--overwrite") == 0
    capsys.readouterr()
    assert main(["models", "import", "all.zip", "--models-dir", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out == "toy_pair\ntoy_public\n"
    assert main(["models", "import", str(own / "toy_public.onnx"), "--models-dir", str(tmp_path / "new")]) == 41


def test_commands_that_are_advised_are_for_the_same_folder(models, own, quiet_place, capsys):
    where = f" --models-dir {own}"
    assert models("list") == 0
    out, err = capsys.readouterr()
    assert f"-> facefusion models pull toy_task{where}\n" in out
    assert f"facefusion models pull all{where}\n" in err
    own.mkdir()
    (own / "gfpgan_1.4.onnx").write_bytes(CONTENT)
    job = ["--processors", "face_enhancer", "-t", str(ASTRONAUT), "-o", "out.png"]
    assert main([*job, "--face-enhancer-model", "gfpgan_1.4", "--models-dir", str(own)]) == 51
    assert f"run `facefusion models verify gfpgan_1.4 --trust{where}`" in capsys.readouterr().err
    assert main([*job, "--face-enhancer-model", "gfpgan_1.3", "--models-dir", str(own)]) == 45
    assert f"Run `facefusion models pull gfpgan_1.3{where}`." in capsys.readouterr().err
    assert main([*job, "--face-enhancer-model", "gfpgan_1.3"]) == 45
    assert "Run `facefusion models pull gfpgan_1.3`." in capsys.readouterr().err


def test_a_bundle_of_all_leaves_out_what_nobody_vouches_for_and_says_so(models, offered, own, capsys):
    models("pull", "toy_pair", "--quiet")
    (own / "toy_research.onnx").write_bytes(CONTENT)
    capsys.readouterr()
    assert models("export", "all.zip") == 0
    err = capsys.readouterr().err
    assert "toy_research: left out: here, but nobody has said what the file is" in err
    assert "toy_pair: MIT" in err
    assert models("export", "named.zip", "toy_research") == 51
    assert models("export", "no/such/folder.zip", "toy_pair") == 31
    assert "Write the bundle elsewhere" in capsys.readouterr().err


def test_a_model_of_ones_own_is_added_listed_and_removed(models, own, capsys):
    Path("net.onnx").write_bytes(CONTENT)
    entry = 'name = "mine"\ntask = "toy_task"\nfamily = "toy"\nfile = "mine.onnx"\nlicence = "MIT"\ncommercial = true\n'
    Path("net.toml").write_text(entry)
    assert models("add", "net.onnx", "--entry", "net.toml") == 0
    assert capsys.readouterr().out == f"{own / 'mine.onnx'}\n"
    models("list", "toy_task")
    assert "mine          MIT, commercial use allowed, 0.0 MB: ready" in capsys.readouterr().out
    assert models("remove", "mine") == 0
    assert capsys.readouterr().out == f"{own / 'mine.onnx'}\n{own / 'mine.toml'}\n"
    assert models("remove", "iris") == 45


def test_a_verb_that_there_is_not(models, capsys):
    assert models("pul") == 2
    assert "There is no command 'models pul'. Perhaps you meant pull" in capsys.readouterr().err
    assert main(["models"]) == 0
    assert "  import      read such a file" in capsys.readouterr().out


def test_a_job_refuses_a_model_that_the_policy_does_not_allow(models, offered, own, capsys):
    models("pull", "toy_research", "--quiet")
    assert models("show", "toy_research", "--license-policy", "commercial", "--json") == 0
    assert "which is not known to allow commercial use" in capsys.readouterr().out


def test_doctor_has_a_line_for_each_task_that_has_more_models(quiet_place, plug_in, monkeypatch, own):
    monkeypatch.setenv("FACEFUSION_MODELS_DIR", str(own))
    [check] = [check for check in examine() if check.name == "weights for toy_task"]
    assert check.status == "ok"
    assert check.found == "0 of 3 further models can run"
    assert check.advice == f"facefusion models pull toy_task --models-dir {own}"
    own.mkdir()
    (own / "bad.toml").write_text("[")
    [check] = [check for check in examine() if check.name.startswith("weights")]
    assert (check.status, check.name) == ("fail", f"weights in {own}")


class TestProgress:
    def test_a_line_now_and_then(self, capsys):
        import sys

        moments = iter([0.0, 1.0, 6.0, 6.0, 7.0])
        lines = LineDownloads(Terminal(sys.stdout, sys.stderr), clock=lambda: next(moments))
        lines(Transfer("a", 10**6, 2 * 10**6))
        lines(Transfer("a", 15 * 10**5, 2 * 10**6))
        lines(Transfer("a", 2 * 10**6, None))
        assert capsys.readouterr().err == "a: 1.5 of 2.0 MB\n"

    def test_a_bar_for_each_file(self):
        from rich.progress import Progress

        bars = Progress(disable=True)
        show = BarDownloads(bars)
        for done in (0, 50):
            show(Transfer("a", done, 100))
        show(Transfer("b", 7, None))
        assert [(task.description, task.completed, task.total) for task in bars.tasks] == [
            ("a", 50, 100),
            ("b", 7, None),
        ]
