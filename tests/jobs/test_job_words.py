"""Jobs are found by words of what people would type, within a tenant, on both databases."""

from __future__ import annotations

import pytest
from queue_material import BROKEN, Jobs
from sqlalchemy import text

from facefusion.jobs.database import writing
from facefusion.jobs.schema import WORDS
from facefusion.jobs.words import terms_of, words_of
from facefusion.service.jobs.listing import WantedJobs, jobs_page

REQUEST = {"output": "Wedding_final-2.mp4", "options": {"processors": ["face_swapper", "face_enhancer"]}}


@pytest.fixture
def jobs(jobs_engine, clock) -> Jobs:
    return Jobs.of(jobs_engine, clock, failures=0)


def found(jobs: Jobs, question: str, tenant: str = "studio", **more: object) -> list[str]:
    wanted = WantedJobs(tenant, question=question, **more)
    return [job.id for job in jobs_page(jobs.engine, wanted, beyond=None, limit=10)]


def test_words_are_whole_in_parts_and_of_any_script() -> None:
    assert words_of(["IMG1234 Anna.JPG"]) == ["img1234", "img", "1234", "anna", "jpg"]
    assert words_of(["婚礼视频.mp4"]) == ["婚礼视频", "礼视频", "视频", "频", "mp4", "mp", "4"]
    assert words_of(["Ｆｕｌｌ Straße", "full"]) == ["full", "strasse"]
    assert words_of(["", "..//--"]) == []
    assert max(map(len, words_of(["x" * 500]))) == 64
    assert len(words_of(" ".join(f"w{number}" for number in range(500)).split())) == 64


def test_a_question_is_taken_apart_as_names_are() -> None:
    assert terms_of("Wedding_final-2.mp4") == ["wedding", "final", "2", "mp4"]
    assert terms_of("视频2024") == ["视频", "2024"]
    assert terms_of(" %_*'\"; ") == []
    assert len(terms_of(" ".join(map(str, range(100))))) == 8


def test_a_job_is_found_by_its_files_its_processors_and_its_identifier(jobs: Jobs) -> None:
    names = {"upload:a": "Anna Portrait.jpg", "upload:b": "婚礼视频.mov"}
    job, other = jobs.submit(request=REQUEST, names=names), jobs.submit()
    for question in (
        "wedd",
        "WEDDING final",
        "anna",
        "portrait.jpg",
        "视频",
        "enhancer",
        job.id,
        job.id[:9],
        "wed ann",
    ):
        assert found(jobs, question) == [job.id], question
    assert found(jobs, "swapper") == [other.id, job.id], "the newest first"
    for question in ("edding", "anna berta", "%", "nobody", job.id[1:]):
        assert found(jobs, question) == [], question
    assert jobs.job(job).names == names and jobs.job(other).names == {}


def test_nobody_finds_what_is_another_tenants(jobs: Jobs) -> None:
    job = jobs.submit("theirs", request=REQUEST)
    assert found(jobs, "wedding") == found(jobs, job.id) == []
    assert found(jobs, "wedding", tenant="theirs") == [job.id]


def test_a_question_goes_with_the_other_filters_and_with_pages(jobs: Jobs) -> None:
    first, second, third = (jobs.submit(request=REQUEST, priority=number) for number in range(3))
    jobs.board.cancel(second.id, tenant="studio")
    assert found(jobs, "wedding", states=("queued",)) == [third.id, first.id]
    assert found(jobs, "wedding", priority=1) == [second.id]
    page = jobs_page(jobs.engine, WantedJobs("studio", question="wedding"), beyond=third.number, limit=1)
    assert [job.id for job in page] == [second.id, first.id], "and one more, which says that there is another page"


def test_a_failed_job_is_found_by_its_error_until_it_is_tried_again(jobs: Jobs) -> None:
    job = jobs.submit(request={"output": "no.png"})
    jobs.queue.failed(jobs.claim(), BROKEN)
    assert jobs.state(job) == "failed"
    for question in ("NoFaceError", "noface", "face", "no error"):
        assert found(jobs, question) == [job.id], question
    jobs.board.retry(job.id, tenant="studio")
    assert found(jobs, "NoFaceError") == found(jobs, "face") == []
    assert found(jobs, "no") == [job.id], "which is its output's name too"


def test_what_is_removed_is_found_no_more_and_leaves_no_words(jobs: Jobs) -> None:
    job = jobs.submit(request=REQUEST)
    jobs.board.cancel(job.id, tenant="studio")
    jobs.board.remove(job.id, tenant="studio")
    assert found(jobs, "wedding") == []
    with jobs.engine.connect() as connection:
        assert connection.execute(WORDS.select()).all() == []


def test_what_is_in_many_jobs_is_looked_for_by_the_rarest_word(jobs: Jobs) -> None:
    """With more rows than a word may have to lead to its jobs; they are written at once, as thousands of jobs would."""
    job = jobs.submit(request=REQUEST)
    many = jobs.submit(request={"output": "many.png"})
    rows = [{"tenant": "studio", "word": f"wedding{n:04}", "job": many.number, "is_error": False} for n in range(1200)]
    with writing(jobs.engine) as connection:
        connection.execute(WORDS.insert(), rows)
    assert found(jobs, "wedding final") == [job.id]
    assert found(jobs, "wedding") == [many.id, job.id]


def test_words_are_found_by_an_index(jobs: Jobs) -> None:
    if jobs.engine.dialect.name == "postgresql":
        pytest.skip("of few rows it reads all")
    asked = "SELECT job FROM job_words WHERE tenant = 'studio' AND word >= 'wed' AND word < 'wee'"
    with jobs.engine.connect() as connection:
        plan = str(connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all())
    assert "SEARCH job_words USING COVERING INDEX" in plan and "tenant=? AND word>? AND word<?" in plan
