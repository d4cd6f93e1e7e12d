"""Getting weights, from a real web server on this machine that has its moods."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import threading
from pathlib import Path

import pytest
from store_toys import HUB, toy_card, toy_network
from weights_server import Offer, serve

from facefusion.errors import (
    CatalogueError,
    DiskFullError,
    DownloadError,
    LicenceError,
    ModelDamagedError,
    ModelUnknownError,
    ModelUnsafeError,
    ModelUntrustedError,
    OutputUnwritableError,
)
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.store import ModelStore
from facefusion.inference.store.download import Downloader
from facefusion.inference.store.lock import LockFile
from facefusion.inference.store.pull import Puller, chosen_cards

CONTENT, OTHER = toy_network(), toy_network(3.0)
FIRST, MIRROR = f"{HUB}/toy_public.onnx", "https://mirror.example/toy_public.onnx"
KNOWN = toy_card(content=CONTENT, urls=[FIRST, MIRROR])
UNKNOWN = toy_card(urls=[FIRST, MIRROR])


@pytest.fixture
def pull(own, web):
    """Pull the models of cards; what became of each."""

    def run(*cards, words=("all",), policy="any", timeout=30, **listeners):
        with Downloader(web.transport, timeout=timeout) as downloader:
            puller = Puller(Catalogue(cards), ModelStore(own=own, policy=policy), downloader, **listeners)
            return {done.name: done for done in puller.pull(words)}

    return run


@pytest.fixture
def get(pull):
    """Pull one model; raises why it failed."""

    def run(card=KNOWN, **arguments):
        done = pull(card, words=[card.name], **arguments)[card.name]
        if done.error:
            raise done.error
        return done

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_weights_come_checked_and_are_there_the_next_time(get, web, own):
    web.offer(FIRST, CONTENT)
    told = []
    done = get(listener=told.append)
    assert (done.outcome, done.pin) == ("pulled", None)
    assert (own / KNOWN.file).read_bytes() == CONTENT
    assert names(own) == [KNOWN.file], "the catalogue knows the digest, so there is nothing to record"
    assert (told[0].done, told[-1].done, told[-1].total) == (0, len(CONTENT), len(CONTENT))
    assert get().outcome == "there"
    assert len(web.requests) == 1


def test_a_digest_that_nobody_knows_is_recorded_and_held_to(get, web, own, store):
    web.offer(FIRST, CONTENT)
    done = get(UNKNOWN)
    assert done.pin is not None
    assert (done.pin.sha256, done.pin.bytes, done.pin.source) == (KNOWN.sha256, KNOWN.bytes, FIRST)
    assert LockFile(own).pins() == {UNKNOWN.name: done.pin}
    assert store.read(UNKNOWN) == CONTENT
    (own / UNKNOWN.file).unlink()
    web.offer(FIRST, OTHER)
    with pytest.raises(ModelDamagedError, match=f"its SHA-256 is .*, not {KNOWN.sha256}") as caught:
        get(UNKNOWN)
    assert "`facefusion models remove toy_public` forgets the old digest" in caught.value.hint


def test_the_next_mirror_is_asked_when_one_fails(get, web):
    web.offer(FIRST, status=503)
    web.offer(MIRROR, CONTENT)
    assert get().outcome == "pulled"
    assert [path for path, _ in web.requests] == ["hub.example/toy_public.onnx", "mirror.example/toy_public.onnx"]


def test_when_all_fail_each_is_named_with_its_reason(get, web, own):
    web.offer(FIRST, status=503)
    with pytest.raises(DownloadError) as caught:
        get()
    assert f"{FIRST}: 503 Service Unavailable; {MIRROR}: 404 Not Found" in str(caught.value)
    assert caught.value.exit_code == 50
    assert names(own) == []


def test_a_wrong_file_is_set_aside_with_the_reason_and_the_mirror_asked(get, web, own):
    web.offer(FIRST, bytes(reversed(CONTENT)))
    web.offer(MIRROR, CONTENT)
    assert get().outcome == "pulled"
    assert (own / KNOWN.file).read_bytes() == CONTENT
    assert (own / f"{KNOWN.file}.refused").read_bytes() == bytes(reversed(CONTENT))
    assert f"not {KNOWN.sha256}; it came from {FIRST}" in (own / f"{KNOWN.file}.refused.txt").read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>log in first</html>", "is a web page, not an ONNX file, as it came from"),
        (gzip.compress(CONTENT), "is a gzip archive"),
        (CONTENT[:-20], "is cut off"),
    ],
)
def test_what_is_no_network_is_set_aside_where_no_digest_can_tell(get, web, own, content, reason):
    web.offer(FIRST, content)
    with pytest.raises(ModelUnsafeError, match=reason):
        get(UNKNOWN)
    assert names(own) == [f"{KNOWN.file}.refused", f"{KNOWN.file}.refused.txt"]
    assert LockFile(own).pins() == {}


def test_another_size_than_the_catalogues_is_not_even_fetched(get, web, own):
    web.offer(FIRST, CONTENT + b"more")
    with pytest.raises(DownloadError, match=f"it has {len(CONTENT) + 4} bytes, not {len(CONTENT)}"):
        get()
    assert names(own) == []


def test_an_endless_answer_is_cut(get, web):
    web.offer(FIRST, CONTENT, headers={"Content-Length": str(2**40)})
    with pytest.raises(DownloadError, match=f"it has {2**40} bytes"):
        get(UNKNOWN)


def test_an_answer_that_is_packed_is_not_taken(get, web):
    web.offer(FIRST, CONTENT, headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadError, match="it comes packed"):
        get(UNKNOWN)


class TestGoingOn:
    def test_after_a_break_only_the_rest_is_fetched(self, get, web, own):
        offer = web.offer(FIRST, CONTENT, cut_after=[100, 50])
        assert get(UNKNOWN).outcome == "pulled"
        first, second, third = web.asked(FIRST)
        assert "range" not in first
        assert (second["range"], second["if-range"]) == ("bytes=100-", offer.etag)
        assert third["range"] == "bytes=150-"
        assert (own / KNOWN.file).read_bytes() == CONTENT

    def test_a_connection_that_breaks_at_once_is_not_tried_for_ever(self, get, web, own):
        web.offer(FIRST, CONTENT, cut_after=[100, *[0] * 9])
        with pytest.raises(DownloadError, match="toy_public could not be fetched") as caught:
            get(UNKNOWN)
        assert "goes on where it ended" in caught.value.hint
        assert len(web.asked(FIRST)) == 2
        assert (own / f"{KNOWN.file}.part").stat().st_size == 100
        web.offer(FIRST, CONTENT)
        assert get(UNKNOWN).outcome == "pulled"
        assert web.asked(FIRST)[-1]["range"] == "bytes=100-"
        assert names(own) == ["models.lock", KNOWN.file]

    def test_a_file_that_has_changed_meanwhile_is_fetched_anew(self, get, web, own):
        web.offer(FIRST, OTHER, cut_after=[100, 0])
        with pytest.raises(DownloadError):
            get(UNKNOWN)
        web.offer(FIRST, CONTENT)
        assert get(UNKNOWN).outcome == "pulled"
        assert (own / KNOWN.file).read_bytes() == CONTENT

    def test_a_server_without_ranges_sends_all_again(self, get, web, own):
        web.offer(FIRST, CONTENT, cut_after=[100], has_ranges=False)
        assert get(UNKNOWN).outcome == "pulled"
        assert (own / KNOWN.file).read_bytes() == CONTENT

    def test_a_mirror_goes_on_where_a_digest_will_tell(self, get, web, own):
        web.offer(FIRST, CONTENT, cut_after=[100, 0])
        web.offer(MIRROR, CONTENT)
        assert get(KNOWN).outcome == "pulled"
        assert web.asked(MIRROR)[0]["range"] == "bytes=100-"

    def test_a_mirror_begins_anew_where_none_can(self, get, web):
        web.offer(FIRST, CONTENT, cut_after=[100, 0])
        web.offer(MIRROR, CONTENT)
        assert get(UNKNOWN).outcome == "pulled"
        assert "range" not in web.asked(MIRROR)[0]

    def test_parts_that_do_not_fit_are_set_aside_and_the_whole_is_fetched(self, get, web, own):
        own.mkdir()
        (own / f"{KNOWN.file}.part").write_bytes(bytes(100))
        web.offer(FIRST, CONTENT)
        assert get(KNOWN).outcome == "pulled"
        assert (own / f"{KNOWN.file}.refused").read_bytes() == bytes(100) + CONTENT[100:]

    def test_a_part_that_is_whole_already_needs_only_to_be_checked(self, get, web, own):
        own.mkdir()
        (own / f"{KNOWN.file}.part").write_bytes(CONTENT)
        web.offer(FIRST, CONTENT)
        assert get(KNOWN).outcome == "pulled"
        (own / KNOWN.file).rename(own / f"{KNOWN.file}.part")
        (own / f"{KNOWN.file}.part").write_bytes(CONTENT + b"too long")
        with pytest.raises(DownloadError, match="it has become shorter"):
            get(toy_card(content=CONTENT, urls=[FIRST]))
        assert get(KNOWN).outcome == "pulled"

    def test_ctrl_c_leaves_what_has_come(self, get, web, own):
        def stop(transfer):
            if transfer.done:
                raise KeyboardInterrupt

        web.offer(FIRST, CONTENT)
        with pytest.raises(KeyboardInterrupt):
            get(UNKNOWN, listener=stop)
        assert names(own) == [f"{KNOWN.file}.part", f"{KNOWN.file}.part.json"]
        assert get(UNKNOWN).outcome == "pulled"
        assert names(own) == ["models.lock", KNOWN.file]


class TestAddresses:
    def test_redirects_are_followed(self, get, web):
        web.offer(FIRST, status=302, location="https://cdn.example/blob?signed=1")
        web.offer("https://cdn.example/blob?signed=1", CONTENT)
        assert get(KNOWN).outcome == "pulled"

    @pytest.mark.parametrize("location", ["http://cdn.example/blob", "ftp://cdn.example/blob", "file:///etc/passwd"])
    def test_but_never_away_from_https(self, get, web, location):
        web.offer(FIRST, status=302, location=location)
        with pytest.raises(DownloadError, match=r"not HTTPS|could not be fetched"):
            get(KNOWN)
        assert [path.split("/")[0] for path, _ in web.requests] == ["hub.example", "mirror.example"]

    def test_circles_end(self, get, web):
        web.offer(FIRST, status=302, location=FIRST)
        with pytest.raises(DownloadError, match="redirects"):
            get(KNOWN)

    def test_a_server_that_says_nothing_counts_as_gone(self, get, web):
        never = threading.Event()
        web.offer(FIRST, CONTENT, hold=never)
        web.offer(MIRROR, CONTENT)
        try:
            assert get(KNOWN, timeout=0.2).outcome == "pulled"
        finally:
            never.set()

    def test_the_proxy_of_the_environment_is_asked(self, own, web, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{web.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with Downloader() as downloader:
            puller = Puller(Catalogue([KNOWN]), ModelStore(own=own), downloader)
            [done] = puller.pull([KNOWN.name])
        assert web.connects == ["hub.example:443", "mirror.example:443"]
        assert isinstance(done.error, DownloadError)

    def test_a_proxy_that_cannot_be_used_is_told(self, own, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "nonsense://127.0.0.1:1")
        with Downloader() as downloader:
            [done] = Puller(Catalogue([KNOWN]), ModelStore(own=own), downloader).pull([KNOWN.name])
        assert "No connection can be set up" in str(done.error)


class TestTheStore:
    def test_that_cannot_be_written(self, pull, own, web):
        own.parent.joinpath("a file").touch()
        with pytest.raises(OutputUnwritableError, match="Nothing can be written into"), Downloader() as downloader:
            store = ModelStore(own=own.parent / "a file" / "store")
            list(Puller(Catalogue([KNOWN]), store, downloader).pull(["all"]))
        with pytest.raises(OutputUnwritableError, match="no folder of your own"):
            Puller(Catalogue([KNOWN]), ModelStore(), Downloader())

    def test_on_a_full_disk(self, get, web, own, monkeypatch):
        web.offer(FIRST, CONTENT)
        usage = shutil.disk_usage(own.parent)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
        with pytest.raises(DiskFullError, match="0 MB free"):
            get()
        monkeypatch.undo()

    def test_on_a_disk_that_fills_up(self, get, web, own, monkeypatch):
        def full(transfer):
            if transfer.done:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        web.offer(FIRST, CONTENT)
        with pytest.raises(DiskFullError, match="No space is left"):
            get(listener=full)
        assert get().outcome == "pulled"

    def test_with_a_file_that_nobody_vouches_for(self, pull, web, own):
        own.mkdir()
        (own / KNOWN.file).write_bytes(CONTENT)
        web.offer(FIRST, CONTENT)
        done = pull(UNKNOWN)[UNKNOWN.name]
        assert isinstance(done.error, ModelUntrustedError)
        assert (own / KNOWN.file).read_bytes() == CONTENT
        assert web.requests == []

    def test_with_a_damaged_file_sets_it_aside(self, get, web, own):
        own.mkdir()
        (own / KNOWN.file).write_bytes(OTHER)
        web.offer(FIRST, CONTENT)
        assert get().outcome == "pulled"
        assert (own / f"{KNOWN.file}.refused").read_bytes() == OTHER

    def test_two_runs_at_once_fetch_a_file_once(self, own, web):
        gate = threading.Event()
        web.offer(FIRST, CONTENT, hold=gate)
        told, done = [], []

        def waiting(text):
            told.append(text)
            gate.set()

        def run():
            with Downloader(web.transport) as downloader:
                puller = Puller(Catalogue([KNOWN]), ModelStore(own=own), downloader, notify=waiting)
                done.extend(each.outcome for each in puller.pull(["all"]))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == ["pulled", "there"]
        assert len(web.requests) == 1
        assert told == ["toy_public: waiting for another run that fetches it"]


class TestWhatIsPulled:
    CARDS = (
        KNOWN,
        toy_card("toy_pair", CONTENT, urls=[f"{HUB}/toy_pair.onnx"], requires=["toy_public"]),
        toy_card("toy_private", CONTENT),
        toy_card("toy_research", CONTENT, urls=[f"{HUB}/toy_research.onnx"], commercial=False),
        toy_card("toy_needy", CONTENT, urls=[f"{HUB}/toy_needy.onnx"], requires=["toy_research"]),
    )

    @pytest.fixture(autouse=True)
    def everything(self, web):
        for card in self.CARDS:
            for url in card.urls:
                web.offer(url, CONTENT)

    def test_a_model_comes_after_those_that_it_requires(self, pull, own):
        assert list(pull(*self.CARDS, words=["toy_pair"])) == ["toy_public", "toy_pair"]

    def test_a_task_means_all_its_models_that_can_be_had(self, pull):
        done = pull(*self.CARDS, words=["toy_task"])
        assert {name: each.outcome for name, each in done.items()} == {
            **dict.fromkeys(("toy_needy", "toy_pair", "toy_public", "toy_research"), "pulled"),
            "toy_private": "left out",
        }

    def test_a_policy_leaves_out_what_it_does_not_allow(self, pull, web):
        done = pull(*self.CARDS, policy="commercial")
        assert {name for name, each in done.items() if each.outcome == "pulled"} == {"toy_pair", "toy_public"}
        assert "toy_research is under MIT, which is not known" in str(done["toy_needy"].error)
        assert not web.asked(f"{HUB}/toy_research.onnx")

    @pytest.mark.parametrize("name", ["toy_research", "toy_needy"])
    def test_and_refuses_what_is_named(self, pull, web, name):
        with pytest.raises(LicenceError, match="toy_research is under MIT"):
            pull(*self.CARDS, words=[name], policy="commercial")
        assert web.requests == []

    def test_one_that_fails_does_not_keep_the_others_away(self, pull, web):
        web.offer(f"{HUB}/toy_research.onnx", status=500)
        done = pull(*self.CARDS)
        assert done["toy_research"].outcome == "failed"
        assert done["toy_public"].outcome == "pulled"

    def test_one_without_an_address_says_what_to_do(self, pull, own):
        done = pull(*self.CARDS, words=["toy_private"])["toy_private"]
        assert done.outcome == "failed"
        assert f"Put toy_private.onnx into {own}" in str(done.error)

    def test_an_unknown_word_is_answered_with_the_tasks(self, pull):
        with pytest.raises(ModelUnknownError, match=r"no model and no task 'tyo_task'\. The tasks are toy_task"):
            pull(*self.CARDS, words=["tyo_task"])

    def test_what_comes_with_the_package_is_not_pulled(self, own):
        words = [card.name for card in chosen_cards(Catalogue.bundled(), ["all"])]
        with Downloader() as downloader:
            puller = Puller(Catalogue.known(), ModelStore(own=own), downloader)
            assert [done.outcome for done in puller.pull(words[:1])] == ["there"]


def test_nothing_is_fetched_but_by_pull():
    """The module that has the network client is imported by the command alone, and the client by that module alone."""
    source = Path(__file__).parents[2] / "src" / "facefusion"
    of_the_service = (source / "client", source / "service", source / "jobs")  # which no job of this machine imports
    importers = {
        path.name
        for path in source.rglob("*.py")
        if "import httpx" in path.read_text("utf-8") and not any(map(path.is_relative_to, of_the_service))
    }
    assert importers == {"download.py", "context.py", "main.py"}, "the last two for the type alone"
    users = {path.name for path in source.rglob("*.py") if "store.download import" in path.read_text("utf-8")}
    assert users == {"pull.py", "models.py"}


def test_the_server_of_these_tests_is_gone_afterwards():
    with serve() as server:
        server.offers["x"] = Offer()
    assert not any(thread.name.startswith("process_request") for thread in threading.enumerate() if thread.is_alive())


@pytest.mark.parametrize("url", ["https://[::1", "https://a\u200b..b/x.onnx"])
def test_an_address_that_cannot_be_is_a_failure_like_others(get, web, url):
    with pytest.raises(DownloadError, match="could not be fetched"):
        get(toy_card(content=CONTENT, urls=[url]))
    web.offer(MIRROR, CONTENT)
    assert get(toy_card(content=CONTENT, urls=[url, MIRROR])).outcome == "pulled"


def test_an_entry_that_requires_what_there_is_not_keeps_no_other_away(pull, web):
    web.offer(FIRST, CONTENT)
    lacking = toy_card("toy_lacking", requires=("toy_none",))
    done = pull(KNOWN, lacking)
    assert (done["toy_public"].outcome, done["toy_lacking"].outcome) == ("pulled", "failed")
    with pytest.raises(CatalogueError, match="Model toy_lacking requires 'toy_none', which there is not"):
        pull(KNOWN, lacking, words=["toy_lacking"])
