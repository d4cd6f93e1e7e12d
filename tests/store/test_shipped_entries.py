"""Every entry that ships with the package is whole, can be run by what is installed, and says what it is."""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources
from pathlib import Path

from benchmarks.models_table import written_into

from facefusion.inference.catalogue import Catalogue, ModelCard, read_cards
from facefusion.inference.families import Families

PAGES = (
    "https://github.com/facefusion/facefusion-assets/releases/download/{base}/{file}",
    "https://huggingface.co/facefusion/{base}/resolve/main/{file}",
    "https://hf-mirror.com/facefusion/{base}/resolve/main/{file}",
)
"""Where the files are published, and the order in which they are tried."""
PERMISSIVE = {"AGPL-3.0-only", "Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "GPL-3.0-only", "MIT", "WTFPL"}

PUBLISHED = {
    "age_modifier": "fran styleganex_age",
    "background_remover": "ben_2 birefnet_general birefnet_portrait corridor_key_1024 corridor_key_2048 isnet_general "
    "modnet ormbg rmbg_1.4 rmbg_2.0 silueta u2net_cloth u2net_general u2net_human u2netp",
    "content_classifier": "nsfw_2 nsfw_3",
    "content_detector": "nsfw_1",
    "expression_restorer": "live_portrait_feature_extractor live_portrait_motion_extractor live_portrait_generator",
    "face_classifier": "fairface",
    "face_detector": "retinaface_10g scrfd_2.5g yoloface_8n yunet_2023_mar",
    "face_editor": "live_portrait_eye_retargeter live_portrait_lip_retargeter live_portrait_stitcher",
    "face_embedding_converter": "crossface_ghost crossface_hififace crossface_simswap",
    "face_enhancer": "codeformer gfpgan_1.2 gfpgan_1.3 gfpgan_1.4 gpen_bfr_256 gpen_bfr_512 gpen_bfr_1024 "
    "gpen_bfr_2048 restoreformer_plus_plus",
    "face_landmarker": "2dfan4 fan_68_5 peppa_wutz",
    "face_occluder": "xseg_1 xseg_2 xseg_3",
    "face_parser": "bisenet_resnet_18 bisenet_resnet_34",
    "face_recogniser": "arcface_w600k_r50",
    "face_swapper": "blendswap_256 ghost_1_256 ghost_2_256 ghost_3_256 hififace_unofficial_256 hyperswap_1a_256 "
    "hyperswap_1b_256 hyperswap_1c_256 inswapper_128 inswapper_128_fp16 simswap_256 simswap_unofficial_512 uniface_256",
    "frame_colorizer": "ddcolor ddcolor_artistic deoldify deoldify_artistic deoldify_stable",
    "frame_enhancer": "clear_reality_x4 face_dat_x4 nomos8k_sc_x4 real_esrgan_x2 real_esrgan_x2_fp16 real_esrgan_x4 "
    "real_esrgan_x4_fp16 real_esrgan_x8 real_esrgan_x8_fp16 real_hatgan_x4 real_web_photo_x4 realistic_rescaler_x4 "
    "remacri_x4 siax_x4 span_kendata_x4 swin2_sr_x4 tghq_face_x8 ultra_sharp_x4 ultra_sharp_2_x4",
    "lip_syncer": "edtalk_256 wav2lip_96 wav2lip_gan_96",
    "voice_extractor": "kim_vocal_1 kim_vocal_2 uvr_mdxnet",
}
"""The openly published models, by the task that they are for."""


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


def test_each_says_what_describes_it():
    assert wrong(public(), lambda card: card.citation) == []


def test_addresses_are_those_of_the_published_files():
    """Of a file that is published with the others the origin names the release; the addresses follow from it."""

    def is_right(card):
        base = re.fullmatch(r"facefusion-assets, (models-\d\.\d\.\d)", card.origin[-1])
        return card.urls == (tuple(page.format(base=base[1], file=card.file) for page in PAGES) if base else ())

    assert wrong(public(), is_right) == []


def test_every_published_model_of_a_task_that_something_does_has_an_entry():
    files, tasks = {card.file for card in public()}, {card.task for card in public()}
    published = [name for task, names in PUBLISHED.items() if task in tasks for name in names.split()]
    assert [name for name in published if f"{name}.onnx" not in files] == []


def test_the_tables_in_the_documentation_are_those_of_the_catalogue():
    """`python -m benchmarks.models_table` writes them."""
    document = Path(__file__).parents[2] / "docs" / "models.md"
    text = document.read_text("utf-8")
    assert written_into(text, list(Catalogue.known())) == text


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
