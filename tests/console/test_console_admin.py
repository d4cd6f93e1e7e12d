"""What administrators do in the console: the system, models, keys, limits, the policy."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import until
from browsing import Visit
from playwright.sync_api import expect

from facefusion.service.gateway.keys import read_key

pytestmark = pytest.mark.slow
PAGES = {
    "system": ("System", "系统"),
    "models": ("Models", "模型"),
    "keys": ("API keys", "API 密钥"),
    "limits": ("Usage and limits", "用量与限额"),
    "policy": ("Policy", "策略"),
}
Visits = Callable[..., Visit]


@pytest.fixture(scope="module")
def service_flags() -> Iterator[list[str]]:
    """None; but the policy is the usual one, as it is seen and set here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FACEFUSION_POLICY", raising=False)
        yield []


@pytest.fixture(scope="module")
def api(service: str) -> Iterator[httpx.Client]:
    """The API as this user has it."""
    with httpx.Client(base_url=service, trust_env=False, timeout=60) as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_of_administrators_speak_both_languages_and_keep_nobody_out(
    visit: Visits, path: str, language: str
) -> None:
    seen = visit(f"/admin/{path}", language=language, theme="dark" if language == "zh" else "light")
    expect(seen.page.get_by_role("heading", level=1)).to_have_text(PAGES[path][language == "zh"])
    expect(seen.page.get_by_text("Loading…")).to_have_count(0)
    assert seen.serious() == []
    assert not re.search(r"undefined|NaN|\[object", seen.page.locator("main").inner_text())


def test_a_key_is_made_replaced_and_taken_back(visit: Visits, service: str, api: httpx.Client) -> None:
    page = visit("/admin/keys").page
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New key").click()
    expect(dialog.get_by_text("Say what it is for")).to_be_visible()
    dialog.get_by_label("Name").fill("render-farm")
    dialog.get_by_text("Operator").click()
    dialog.get_by_label("Days that it lives").fill("0")
    expect(dialog.get_by_text("From 1 to 3650 days")).to_be_visible()
    dialog.get_by_label("Days that it lives").fill("30")
    dialog.get_by_role("button", name="New key").click()
    shown = page.get_by_role("dialog", name="Your new key").locator("code")
    expect(shown).to_have_text(re.compile("^ff_"))
    secret = shown.inner_text()
    assert read_key(secret) is not None
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("cell", name="render-farm ff_")).to_be_visible()
    assert secret[16:] not in page.content()

    with httpx.Client(base_url=service, trust_env=False, headers={"Authorization": f"Bearer {secret}"}) as holder:
        assert holder.get("/v1/jobs").status_code == 200
        assert holder.get("/v1/keys").status_code == 403
        page.get_by_role("button", name="Replace: render-farm").click()
        page.get_by_role("dialog").get_by_role("button", name="Replace").click()
        page.get_by_role("button", name="I have kept it").click()
        expect(page.get_by_text("Being replaced")).to_be_visible()
        page.get_by_role("row").filter(has_text=secret[:15]).get_by_role("button", name="Take back").click()
        page.get_by_role("dialog").get_by_role("button", name="Take back").click()
        expect(page.get_by_text(secret[:15])).to_have_count(0)
        until(lambda: holder.get("/v1/jobs").status_code == 401)
    page.get_by_label("Show those that do not hold any more").click()
    expect(page.get_by_role("row").filter(has_text=secret[:15])).to_contain_text("Taken back")
    assert len(api.get("/v1/keys").json()["keys"]) == 1


def test_limits_of_tenants_are_set(visit: Visits, api: httpx.Client) -> None:
    page = visit("/admin/limits").page
    page.get_by_role("button", name="New tenant").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("-film")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("beginning with a letter or digit")).to_be_visible()
    dialog.get_by_label("Name").fill("film")
    dialog.get_by_label("Jobs that are not finished, at most").fill("7")
    dialog.get_by_label("Storage in GB, at most").fill("1.5")
    dialog.get_by_label("Paused").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="film")).to_contain_text("/ 7")
    [film] = api.get("/v1/tenants?after=fil&limit=1").json()["tenants"]
    assert (film["limits"]["max_queued"], film["limits"]["max_bytes"], film["limits"]["paused"]) == (7, 1.5e9, True)
    page.get_by_role("button", name="Change: limits of film").click()
    expect(dialog.get_by_label("Storage in GB, at most")).to_have_value("1.5")
    dialog.get_by_label("Storage in GB, at most").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert api.get("/v1/tenants?after=fil&limit=1").json()["tenants"][0]["limits"]["max_bytes"] is None


def test_a_rule_of_the_policy_is_changed_and_changed_back(visit: Visits, api: httpx.Client) -> None:
    page = visit("/admin/policy").page
    expect(page.get_by_text("Not signed")).to_be_visible()
    expect(page.get_by_role("button", name="Change: Sources are looked at")).to_have_count(0)
    page.get_by_role("button", name="Change: Youngest age in years").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Value").fill("12")
    expect(dialog.get_by_text("A number from 18 to 120")).to_be_visible()
    dialog.get_by_label("Value").fill("21")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Why").fill("The house is stricter")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Changed here")).to_be_visible()
    expect(page.get_by_text("The house is stricter")).to_be_visible()
    shown = api.get("/v1/policy").json()
    assert (shown["origin"], shown["extends"]) == ("place", "personal")
    assert {"value": 21}.items() <= next(each for each in shown["rules"] if each["name"] == "content.youngest").items()
    page.get_by_role("button", name="Change: Youngest age in years").click()
    page.get_by_role("button", name="As in the profile").click()
    expect(page.get_by_text("Changed here")).to_have_count(0)
    page.get_by_role("button", name="Begin from another profile").click()
    dialog.get_by_label("Begin from a profile").select_option("eu")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Begins from the profile eu")).to_be_visible()
    assert api.get("/v1/policy").json()["extends"] == "eu"


def test_graphs_are_read_as_tables_too(visit: Visits, api: httpx.Client) -> None:
    until(lambda: len(api.get("/v1/system/history").json()["points"]) >= 2, seconds=60)
    page = visit("/admin/system").page
    expect(page.get_by_text("Everything works")).to_be_visible()
    graph = page.get_by_role("figure").filter(has_text="Processor and memory")
    graph.get_by_text("As a table").press("Enter")
    table = graph.get_by_role("table", name="Processor and memory")
    expect(table.get_by_role("columnheader", name="Memory")).to_be_visible()
    expect(table.get_by_role("row").last).to_contain_text("%")
    expect(page.get_by_role("meter", name="Memory").first).to_have_attribute("aria-valuetext", re.compile(" of "))
    page.get_by_text("15 minutes").click()
    expect(graph.get_by_text("not known")).to_have_count(1)  # of the processor, at the first look


def test_models_are_found_by_their_terms_and_a_bundle_that_is_none_is_refused(visit: Visits, tmp_path: Path) -> None:
    seen = visit("/admin/models")
    page = seen.page
    page.get_by_label("Name").fill("inswapper")
    expect(page.get_by_role("button", name="inswapper_128", exact=True)).to_be_visible()
    page.get_by_role("button", name="Fetch inswapper_128", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("does not allow commercial use")
    expect(page.get_by_role("dialog")).to_contain_text("arcface_w600k_r50")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="inswapper_128", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("InsightFace")
    page.keyboard.press("Escape")
    page.get_by_label("For commercial use only").check()
    expect(page.get_by_text("No model is called so")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("inswapper")

    bundle = tmp_path / "models.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("a.txt", "no model")
    page.get_by_role("button", name="Import a bundle").click()
    page.get_by_label("Choose a bundle").set_input_files(bundle)
    going = page.get_by_role("region", name="On their way")
    expect(going).to_contain_text("models.zip")
    expect(going).to_contain_text("Failed")
    going.get_by_role("button", name="Hide").click()
    expect(going).to_have_count(0)
    assert seen.serious() == []
