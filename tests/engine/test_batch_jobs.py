"""Which jobs a batch is made of, and what is told before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.engine.batch.names import NamePattern
from facefusion.engine.batch.order import BatchOrder
from facefusion.engine.batch.table import read_table
from facefusion.engine.batch.targets import Target, find_targets
from facefusion.errors import BatchError, InputMissingError, InputTypeError, OptionsError
from facefusion.options import Options, load_options

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


@pytest.fixture
def place(quiet_place):
    """A folder `clips` with videos, pictures and other things."""
    for name in ("a.mp4", "b.MOV", "sub/a.mp4", "sub/deep/c.avi", "notes.txt", ".hidden.mp4", "a.problem.jpg"):
        path = quiet_place / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no video at all")
    (quiet_place / "clips" / "picture").write_bytes(PNG)
    (quiet_place / "me.jpg").write_bytes(b"me")
    return quiet_place


def names(targets):
    return [str(target.path) for target in targets.found]


def make(**order):
    values = order.pop("values", {"source_paths": "me.jpg"})
    return BatchOrder(**order).batch(values, load_options)


def outputs(batch):
    return {str(job.target): str(job.output) for job in batch.jobs}


def table(text, name="jobs.csv"):
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Path(name)


def test_a_folder_stands_for_its_pictures_and_videos(place):
    found = find_targets(["clips"])
    assert names(found) == ["clips/a.mp4", "clips/b.MOV", "clips/picture"]
    assert found.notes == ("Left out of clips, as neither picture nor video: 1 file",)


def test_folders_within_are_looked_into_when_asked_for(place):
    found = names(find_targets(["clips"], recursive=True))
    assert found == ["clips/a.mp4", "clips/b.MOV", "clips/picture", "clips/sub/a.mp4", "clips/sub/deep/c.avi"]


def test_globs_match_files_and_each_file_counts_once(place):
    found = names(find_targets(["clips/*.mp4", "clips/a.mp4", "clips/**/c.*", "nothing*"]))
    assert found == ["clips/a.mp4", "clips/sub/deep/c.avi"]
    assert find_targets(["nothing*"]).notes == ("nothing* matches no file",)


def test_a_file_that_is_named_is_taken_though_it_is_not_there(place):
    assert names(find_targets(["gone.mp4"])) == ["gone.mp4"]


def test_a_name_with_brackets_is_a_file_where_there_is_one(place):
    Path("clip [1].mp4").write_bytes(b"x")
    assert names(find_targets(["clip [1].mp4"])) == ["clip [1].mp4"]


def test_outputs_keep_their_names_and_their_place_below_the_folder(place):
    batch = make(targets=("clips",), output_dir=Path("out"), recursive=True)
    assert outputs(batch) == {
        "clips/a.mp4": "out/a.mp4",
        "clips/b.MOV": "out/b.MOV",
        "clips/picture": "out/picture.png",
        "clips/sub/a.mp4": "out/sub/a.mp4",
        "clips/sub/deep/c.avi": "out/sub/deep/c.mp4",
    }
    assert all(job.options.source_paths == (Path("me.jpg"),) for job in batch.jobs)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}-new{suffix}", "b-new.MOV"),
        ("{number:03}_{source}.mkv", "007_me.mkv"),
        ("{folder} {name}", "clips b.MOV"),
    ],
)
def test_names_are_made_of_fields(place, template, name):
    pattern = NamePattern.parse(Path("out"), template)
    assert pattern.of(Target(Path("clips/b.MOV")), 7, [Path("me.jpg")]) == Path("out") / name


@pytest.mark.parametrize("template", ["{stem", "{stam}", "{stem.real.imag}", "{number:q}", "{}", "{0}", "out.mp4"])
def test_a_template_that_cannot_be_filled_is_told_at_once(template):
    with pytest.raises(OptionsError, match="The name template"):
        NamePattern.parse(None, template)


def test_two_targets_with_one_output_are_told(place):
    with pytest.raises(BatchError, match=r"its output out/a\.mp4 is also that of clips/a\.mp4"):
        make(targets=("clips/a.mp4", "clips/sub/a.mp4"), output_dir=Path("out"))


def test_an_output_that_another_job_reads_is_told(place):
    with pytest.raises(BatchError, match=r"is one of its own inputs"):
        make(targets=("clips/a.mp4",), output_dir=Path("clips"))
    with pytest.raises(BatchError, match=r"its output clips/a.mp4 is an input of"):
        make(jobs=({"target": "x.mp4", "output": "clips/a.mp4"}, {"target": "clips/a.mp4", "output": "y.mp4"}))


def test_what_an_earlier_run_wrote_is_no_target(place):
    for name in ("a-new.mp4", "b-new.MOV", "picture-new.png"):
        (place / "clips" / name).write_bytes(PNG)
    batch = make(targets=("clips",), name="{stem}-new{suffix}")
    assert list(outputs(batch)) == ["clips/a.mp4", "clips/b.MOV", "clips/picture"]
    assert "Left out, as this batch writes it: 3 files" in batch.notes


def test_a_folder_of_outputs_within_that_of_targets_is_left_out(place):
    (place / "clips" / "out" / "sub").mkdir(parents=True)
    (place / "clips" / "out" / "sub" / "old.mp4").write_bytes(b"x")
    batch = make(targets=("clips",), output_dir=Path("clips/out"), recursive=True)
    assert "clips/out/sub/old.mp4" not in outputs(batch)
    assert len(batch.jobs) == 5


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({}, "made of targets or of a table"),
        ({"targets": ("clips",), "table": Path("x.csv")}, "made of targets or of a table"),
        ({"targets": ("clips",)}, "would replace their targets"),
        ({"targets": ("nothing*",), "output_dir": Path("out")}, "There is nothing to do: nothing"),
    ],
)
def test_what_is_asked_for_must_be_a_batch(place, order, message):
    with pytest.raises(OptionsError, match=message):
        make(**order)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_has_one_job_a_row(place, sign):
    text = "target,--blend-ratio,output\nclips/a.mp4,0.5,one.mp4\n\nclips/b.MOV,,two.mp4\n".replace(",", sign)
    batch = make(table=table("\ufeff" + text), values={"source_paths": "me.jpg", "blend_ratio": 0.7})
    assert [(job.row, job.output.name, job.options.face_swapper.blend_ratio) for job in batch.jobs] == [
        (2, "one.mp4", 0.5),
        (4, "two.mp4", 0.7),
    ]


def test_cells_hold_lists_as_the_command_line_has_them(place):
    batch = make(table=table('target,output,source\na.mp4,o.mp4,"a.jpg,b.jpg"\n'))
    assert batch.jobs[0].options.source_paths == (Path("a.jpg"), Path("b.jpg"))


def test_rows_without_an_output_get_one_in_the_folder_for_them(place):
    batch = make(table=table("target\nclips/a.mp4\n"), output_dir=Path("out"))
    assert (batch.jobs[0].output, batch.jobs[0].makes) == (Path("out/a.mp4"), Path("out"))


def test_all_rows_that_are_wrong_are_told_by_their_numbers(place):
    text = "target,output,blend_ratio\na.mp4,x.mp4,7\n,y.mp4,\nb.mp4,,\nc.mp4,z.mp4,1,2\nd.mp4,w.mp4,1\ne.mp4,w.mp4,1\n"
    with pytest.raises(BatchError) as caught:
        make(table=table(text))
    beginnings = [problem.split(". ")[0] for problem in caught.value.problems]
    assert beginnings == [
        "jobs.csv, row 2: Option blend-ratio: input should be less than or equal to 1, got '7'",
        "jobs.csv, row 3: There is no target",
        "jobs.csv, row 4: There is no output",
        "jobs.csv, row 5: 4 cells, but 3 columns",
        "jobs.csv, row 7: its output w.mp4 is also that of jobs.csv, row 6",
    ]
    assert "5 jobs cannot be begun; the first: jobs.csv, row 2" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("target,sauce\na,b\n", OptionsError, "row 1: column 2, 'sauce', is no option. Did you mean 'source'"),
        ("target,target_path\na,b\n", OptionsError, "row 1: option target_path is there twice"),
        ("target,output\n", OptionsError, "has no jobs"),
        ("", OptionsError, "column|no jobs"),
        (b"target\na\n\xff\xfe\n", InputTypeError, "row 3: no text in UTF-8"),
        ('target,output\n"a,b\n', OptionsError, "row 2"),
    ],
)
def test_a_table_that_cannot_be_understood_is_told_by_row(quiet_place, text, error, message):
    with pytest.raises(error, match=message):
        make(table=table(text))


def test_a_table_that_is_not_there_is_told(quiet_place):
    with pytest.raises(InputMissingError, match=r"The table gone\.csv cannot be read"):
        read_table(Path("gone.csv"))


def test_jobs_of_a_call_are_told_by_number(quiet_place):
    with pytest.raises(BatchError, match="job 2: There is no option 'sauce'"):
        make(jobs=({"target": "a.mp4", "output": "b.mp4"}, {"sauce": 1}))


def test_options_are_those_of_all_jobs_but_for_what_each_says(quiet_place):
    batch = make(jobs=({"target": "a.mp4", "output": "b.mp4", "shape": 0.1},), values={"shape": 0.9, "source": "x.jpg"})
    assert isinstance(batch.jobs[0].options, Options)
    assert batch.jobs[0].options.face_swapper.shape == 0.1
