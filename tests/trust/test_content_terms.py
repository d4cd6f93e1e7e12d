"""Texts of users: what is refused however it is spelt, and what only looks like it."""

from __future__ import annotations

import pytest

from facefusion.errors import ContentRefusedError, ContentUncheckedError
from facefusion.trust.content import Term, TermList


@pytest.fixture(scope="module")
def terms():
    return TermList.read()


SPELT = (
    "porn",
    "Porn!",
    "PORN-clip",
    "my_porn_clip",
    "p0rn",
    "P0RN",
    "ｐｏｒｎ",
    "po\u200brn",
    "p\u00f3rn",
    "p.o.r.n",
    "p o r n",
    "p - o - r - n",
    "pooorn",
    "p\u043ern",
    "p@ed0phile and paed0ph1le",
    "child  porn",
    "kiddie\nporn",
    "deepnude",
    "未成年人色情",
    "兒童色情影片",
    "色 情-视 频",
    "换脸色情合集",
)


@pytest.mark.parametrize("text", SPELT)
def test_it_is_found_however_it_is_spelt(text, terms):
    assert terms.find(text) is not None


ORDINARY = (
    "",
    " ",
    "Summer film 2026",
    "Essex, Sussex and Scunthorpe",
    "unicorn popcorn corner",
    "Assassin's class of 1990",
    "Dr. A. B. C. Smith",
    "child protection campaign",
    "a teenager learns to drive",
    "AI generated",
    "Made with AI - synthetic media",
    "therapist",
    "grape juice",
    "Rapeseed fields",
    "Pedometer app",
    "Nude lipstick advert",
    "sex education for adults",
    "bombay kitchen",
    "人工智能生成",
    "儿童节晚会",
    "未成年人保护宣传片",
    "黄色的花",
    "成人高考",
    "情色与色彩",
    "Фильм о поездке",
    "映画のタイトル",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_pass(text, terms):
    assert terms.find(text) is None


def test_a_refusal_tells_the_topic_and_not_the_text(terms):
    with pytest.raises(ContentRefusedError, match=r"^The name of the project holds a term .*\(minors\)") as caught:
        terms.refuse("a secret lolicon project", "The name of the project")
    assert "lolicon" not in str(caught.value)
    assert caught.value.exit_code == 66
    terms.refuse("Summer film", "The name of the project")


def test_files_add_terms_of_their_own(tmp_path):
    path = tmp_path / "terms.txt"
    path.write_text("﻿# ours\nProject Condor\n\n[house rules]\n某某计划 # not this one\n", "utf-8")
    terms = TermList.read([path])
    assert terms.find("the PROJECT-condor trailer") == Term("Project Condor", "further terms")
    assert terms.find("关于某某计划的短片") == Term("某某计划", "house rules")
    assert terms.find("condor") is None
    assert terms.find("porn") is not None


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (2**20 + 1)])
def test_a_file_that_cannot_be_read_lets_nothing_pass(content, tmp_path):
    (tmp_path / "terms.txt").write_bytes(content)
    with pytest.raises(ContentUncheckedError, match=r"terms\.txt"):
        TermList.read([tmp_path / "terms.txt"])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ContentUncheckedError, match="cannot be read"):
        TermList.read([tmp_path / "terms.txt"])


@pytest.mark.parametrize("text", ["_ " * 20000, "a1" * 20000, "|" * 50000, "a b " * 20000, "\u0301" * 20000])
def test_long_texts_take_no_time_to_speak_of(text, terms):
    assert terms.find(text) is None


def test_every_bundled_term_finds_itself(terms):
    for plain, term in [*terms._as_words, *terms._anywhere]:
        assert plain.strip()
        assert terms.find(f"x {term.text} y") is not None
