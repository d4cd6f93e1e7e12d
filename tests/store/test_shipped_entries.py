"""Every entry that ships with the package is whole, can be run by what is installed, and says what it is."""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources

from facefusion.inference.catalogue import Catalogue, ModelCard, read_cards
from facefusion.inference.families import Families

PAGES = (
    r"https://github\.com/facefusion/facefusion-assets/releases/download/(?P<base>models-[\d.]+)/(?P<file>[^/]+)",
    r"https://(?:huggingface\.co|hf-mirror\.com)/facefusion/(?P<base>models-[\d.]+)/resolve/main/(?P<file>[^/]+)",
)
PERMISSIVE = {"Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "GPL-3.0-only", "MIT", "WTFPL"}


def public() -> list[ModelCard]:
    """The entries of weights that do not come with the package, as the files have them."""
    folder = resources.files("facefusion.inference.catalogue") / "public"
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")] if folder.is_dir() else []
    return [card for file in files for card in read_cards(file.read_text("utf-8"), file.name)]


def wrong(cards, is_right):
    """The names of the entries that are not right."""
    return [card.name for card in cards if not is_right(card)]


def test_names_and_files_are_used_once():
    cards = [*public(), *Catalogue.bundled()]
    for counted in (Counter(card.name for card in cards), Counter(card.file for card in cards)):
        assert [name for name, times in counted.items() if times > 1] == []


def test_each_says_where_it_is_from():
    assert wrong(public(), lambda card: card.origin and all(card.origin)) == []


def test_addresses_are_those_of_the_published_files():
    def is_right(card):
        found = [re.fullmatch(page, url) for url in card.urls for page in PAGES if re.fullmatch(page, url)]
        bases = {match["base"] for match in found if match}
        return len(found) == len(card.urls) and len(bases) <= 1 and {m["file"] for m in found if m} <= {card.file}

    assert wrong(public(), is_right) == []


def test_its_family_is_installed_for_its_task_and_knows_its_settings():
    families = Families()
    for card in public():
        family = families[card.family]
        assert (card.name, family.task) == (card.name, card.task)
        assert family.contract(family.read_settings(card)).inputs, card.name


def test_what_it_requires_is_there():
    catalogue = Catalogue.known()
    assert wrong(public(), lambda card: all(name in catalogue for name in card.requires)) == []


def test_commercial_use_is_claimed_only_for_licences_that_allow_it():
    assert wrong(public(), lambda card: not card.commercial or card.licence in PERMISSIVE) == []
    verdicts = {(card.licence, card.commercial) for card in public()}
    assert len({licence for licence, _ in verdicts}) == len(verdicts), "one licence has one verdict"


def test_a_licence_has_one_spelling():
    licences = {card.licence for card in (*public(), *Catalogue.bundled())}
    assert wrong(public(), lambda card: card.licence in PERMISSIVE or card.licence.startswith("LicenseRef-")) == []
    assert len({re.sub("[^a-z0-9]", "", licence.lower()) for licence in licences}) == len(licences)


def test_there_is_no_model_of_a_named_person():
    """Such are published as `.dfm` files, apart from the others; none of them may be entered."""
    assert wrong(public(), lambda card: card.task != "deep_swapper" and "dfm" not in card.family) == []
    assert wrong(public(), lambda card: "deepfacelive" not in str((*card.urls, *card.origin)).lower()) == []
