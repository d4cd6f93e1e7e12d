"""Pages of trust: consents that people sign, results that somebody reviews, the audit log."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import until
from browsing import Visit
from playwright.sync_api import Page, expect

from material import ASTRONAUT, CAPTAIN, read, write_clip

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def service_flags() -> list[str]:
    """Every result needs a review."""
    return ["--review", "all"]


@pytest.fixture(scope="module")
def client(service: str) -> Iterator[httpx.Client]:
    """This user, who may do everything."""
    with httpx.Client(base_url=service, trust_env=False, timeout=120) as made:
        yield made


@pytest.fixture(scope="module")
def operator(service: str, client: httpx.Client) -> Iterator[httpx.Client]:
    """Somebody else, who asks for jobs."""
    order = {"name": "render farm", "role": "operator", "days": 1}
    answer = client.post("/v1/keys", json=order)
    assert answer.status_code == 201, answer.text
    key = answer.json()["secret"]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=service, trust_env=False, timeout=120, headers=headers) as made:
        yield made


def sent(client: httpx.Client, path: Path) -> str:
    answer = client.post(f"/v1/uploads?name={path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def consented(client: httpx.Client, person: str) -> str:
    order = {"pictures": [sent(client, ASTRONAUT)], "granted_by": person, "person": person}
    answer = client.post("/v1/consents", json=order)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def make_job(client: httpx.Client) -> Callable[..., str]:
    """Makes a job whose result waits for a review."""

    def made(who: httpx.Client, target: Path = CAPTAIN, output: str = "out.png") -> str:
        order = {"sources": [f"upload:{sent(who, ASTRONAUT)}"], "target": f"upload:{sent(who, target)}"}
        answer = who.post("/v1/jobs", json=order | {"output": output, "options": {"processors": ["face_swapper"]}})
        assert answer.status_code == 201, answer.text
        job = str(answer.json()["id"])

        def is_made() -> bool:
            shown = client.get(f"/v1/jobs/{job}").json()
            assert shown["state"] != "failed", shown["error"]
            return bool(shown["state"] == "review")

        until(is_made, seconds=120)
        return job

    return made


def fits(page: Page) -> bool:
    """Whether nothing stands out of the page at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def choose_photo(page: Page) -> None:
    page.locator("input[type=file]").first.set_input_files(ASTRONAUT)
    expect(page.get_by_text("Can be used").or_(page.get_by_text("可以使用"))).to_be_visible()


def sign(page: Page) -> None:
    pad = page.get_by_role("img", name="Field for the signature")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 40 + 4 * step, box["y"] + box["height"] * (0.5 + 0.2 * math.sin(step / 3)))
    page.mouse.up()


def agreement_of(client: httpx.Client, consent: str) -> str:
    """Return the text that somebody agreed to, as it is on record: the first of the evidence."""
    exported = client.get(f"/v1/consents/{consent}/export?evidence=true").json()
    return base64.b64decode(exported["evidence"][0]).decode()


def test_a_person_reads_and_signs_on_a_phone(visit: Callable[..., Visit], client: httpx.Client) -> None:
    seen = visit("/consents/new", **PHONE)
    page = seen.page
    choose_photo(page)
    page.get_by_label("Name of the person").fill("Mae Jemison")
    page.get_by_label("Only in these countries").fill("de fr")
    page.get_by_label("putting the face in place of another").check()
    page.reload()  # nothing is lost
    expect(page.get_by_label("Name of the person")).to_have_value("Mae Jemison")
    page.get_by_role("button", name="Continue to signing").click()
    text = page.get_by_test_id("statement")
    expect(text).to_contain_text("I, Mae Jemison, agree")
    expect(text).to_contain_text("Germany (DE) and France (FR)")
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("alert")).to_have_text("Sign in the field, or choose to type the name")
    sign(page)
    assert fits(page)
    assert seen.serious() == []
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mae Jemison")
    signature = page.get_by_role("img", name="Signature of Mae Jemison")
    expect(signature).to_be_visible()
    assert signature.evaluate("image => image.naturalWidth") > 100
    made = client.get(f"/v1/consents/{page.url.rsplit('/', 1)[1]}").json()
    assert made["scope"]["territories"] == ["DE", "FR"] and made["scope"]["processors"] == ["face_swapper"]
    assert (made["signature"]["signer"], [each["kind"] for each in made["evidence"]]) == (
        "Mae Jemison",
        ["agreement", "signature"],
    )
    text_kept = agreement_of(client, made["id"])
    assert "I, Mae Jemison, agree" in text_kept and "Signed by hand on a screen by Mae Jemison." in text_kept


def test_whoever_has_no_pointer_types_their_name_in_chinese(visit: Callable[..., Visit], client: httpx.Client) -> None:
    seen = visit("/consents/new", language="zh")
    page = seen.page
    choose_photo(page)
    page.get_by_label("本人姓名").fill("王亚平")
    page.get_by_role("button", name="继续签名").press("Enter")
    page.get_by_text("输入姓名", exact=True).click()
    page.get_by_role("button", name="我同意").press("Enter")
    expect(page.get_by_text("请确认您已阅读并同意")).to_be_visible()
    page.get_by_label("您的全名").fill("王亚平")
    page.get_by_label("我已阅读以上文本并同意").press("Space")
    page.get_by_role("button", name="我同意").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("王亚平")
    assert seen.serious() == []
    made = client.get(f"/v1/consents/{page.url.rsplit('/', 1)[1]}").json()
    assert (made["granted_by"], made["signature"]) == ("王亚平", None)
    assert "王亚平 以输入姓名代替签名" in agreement_of(client, made["id"])


def test_what_is_missing_is_said_where_it_is(visit: Callable[..., Visit]) -> None:
    page = visit("/consents/new").page
    page.get_by_label("Only in these countries").fill("Germany")
    page.get_by_role("button", name="Continue to signing").click()
    for said in ("At least one photo of the person is needed", "Write a name", "“GERMANY” is no code of a country"):
        expect(page.get_by_text(said)).to_be_visible()


def test_a_consent_is_found_and_revoked_with_a_reason(visit: Callable[..., Visit], client: httpx.Client) -> None:
    consent = consented(client, "Sally Ride")
    seen = visit("/consents")
    page = seen.page
    page.get_by_label("Name or project").fill("sally")
    expect(page.get_by_role("listitem").filter(has_text="In force")).to_have_count(1)
    page.get_by_text("Sally Ride").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_label("Reason").fill("she asked for it on the phone")
    assert seen.serious() == []
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked on")).to_be_visible()
    expect(page.get_by_text("she asked for it on the phone")).to_be_visible()
    assert client.get(f"/v1/consents/{consent}").json()["revocation"]["reason"] == "she asked for it on the phone"


def test_a_reviewer_compares_and_approves_by_keyboard(
    visit: Callable[..., Visit],
    client: httpx.Client,
    operator: httpx.Client,
    make_job: Callable[..., str],
    tmp_path: Path,
) -> None:
    clip = write_clip(tmp_path / "film.mp4", [read(CAPTAIN)[:600, :480]] * 5)
    job = make_job(operator, clip, "film-made.mp4")
    seen = visit(f"/review/{job}")
    page = seen.page
    for name in ("Before", "After"):
        expect(page.locator(f"video[aria-label={name}]")).to_be_visible()
        page.wait_for_function("name => document.querySelector(`video[aria-label=${name}]`).readyState > 1", arg=name)
    assert seen.serious() == []
    page.locator("#main").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("0:00.1 /")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("video[aria-label=After]")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "succeeded"


def test_a_reviewer_rejects_on_a_phone_and_says_why(
    visit: Callable[..., Visit], client: httpx.Client, operator: httpx.Client, make_job: Callable[..., str]
) -> None:
    job = make_job(operator, output="to reject.png")
    seen = visit("/review", theme="dark", **PHONE)
    page = seen.page
    assert fits(page) and seen.serious() == []
    page.get_by_role("link", name="to reject.png").click()
    for name in ("Before", "After"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Say why it is rejected")).to_be_visible()
    assert fits(page) and seen.serious() == []
    page.get_by_label("Reason").fill("the mouth is blurred")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Rejected.")).to_be_visible()
    review = client.get(f"/v1/jobs/{job}").json()["review"]
    assert (review["approves"], review["reason"]) == (False, "the mouth is blurred")


def test_nobody_reviews_what_they_asked_for(
    visit: Callable[..., Visit], client: httpx.Client, make_job: Callable[..., str]
) -> None:
    job = make_job(client, output="mine.png")
    page = visit("/review").page
    expect(page.get_by_role("listitem").filter(has_text="mine.png")).to_contain_text("so somebody else reviews it")
    assert page.locator(f"img[src*='{job}']").count() == 0
    page.get_by_role("link", name="mine.png").click()
    expect(page.get_by_text("Whoever asks for a job does not review it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_an_auditor_searches_checks_and_exports(visit: Callable[..., Visit], client: httpx.Client) -> None:
    consent = consented(client, "Audited Person")
    assert client.post(f"/v1/consents/{consent}/revoke", json={"reason": ""}).status_code == 200
    seen = visit("/audit")
    page = seen.page
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("As it was written")).to_be_visible()
    page.get_by_label("What").select_option("changed")
    page.get_by_role("button", name="Search").click()
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("consent · revoked")
    expect(page.get_by_role("row").filter(has_text="Service used")).to_have_count(0)
    assert seen.serious() == []
    rows.nth(1).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text('"action": "revoked"')
    assert seen.serious() == []
    dialog.get_by_role("listitem").filter(has_text=consent).get_by_role("button").click()
    expect(page.get_by_role("row")).to_have_count(3)  # its head, added and revoked
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export").click()
    lines = downloading.value.path().read_text().splitlines()
    assert [json.loads(each)["entry"]["action"] for each in lines] == ["revoked", "added"]
    page.reload()
    expect(page.get_by_role("row")).to_have_count(3)  # the search stands in the address
