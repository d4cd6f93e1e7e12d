"""People who sign in: by name or key, with a first password, and admins who look after them."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from argon2 import PasswordHasher
from browsing import Browsing, Visit
from playwright.sync_api import Browser, Page, expect

from facefusion.service.gateway.caller import Role
from facefusion.service.gateway.keys import KeyStore
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.gateway.users import Passwords, UserStore
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from material import ASTRONAUT, CAPTAIN
from whole_service import serving

pytestmark = pytest.mark.slow
PASSWORD = "rain on a tin roof"
ADMINS: Final[tuple[tuple[str, str, Role], ...]] = (
    ("film", "ada@film.example", "admin"),
    ("news", "eve@news.example", "admin"),
    ("house", "root@house.example", "platform"),
)
Visiting = Callable[..., Visit]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service that lets nobody in unnamed, with admins of two tenants; its address, and a key."""
    folder: Path = tmp_path_factory.mktemp("signing in")
    with serving(folder, "--local-access", "none", "--workers", "0", "--review-tenants", "film") as (_, address):
        engine = open_database(str(folder / "jobs.db"))
        users = UserStore(engine, Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)))
        for tenant, name, role in ADMINS:
            users.create(tenant=tenant, name=name, password=PASSWORD, role=role, by="test", must_change=False)
        keys = KeyStore(engine, KeyRing.open(trust_home(folder / "trust")).derived(PURPOSE))
        made = keys.create(tenant="film", name="render-farm", by="test", lives=timedelta(days=1), role="operator")
        engine.dispose()
        yield address, made[1].text


@pytest.fixture
def visit(browser: Browser, place: tuple[str, str]) -> Iterator[Visiting]:
    """Opens the console of that service."""
    with Browsing(browser, place[0]) as browsing:

        def made(*given: str, **more: object) -> Visit:
            found = browsing.visit(*given, **more)  # type: ignore[arg-type]
            found.expected += ["status of 401", "status of 409", "status of 422"]
            return found

        yield made


def sign_in(page: Page, name: str, tenant: str, password: str = PASSWORD) -> None:
    """Fill in the form as people do."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    if not page.get_by_label("Organisation", exact=True).is_visible():
        page.get_by_role("button", name="I belong to an organisation").click()
    page.get_by_label("Organisation", exact=True).fill(tenant)
    page.get_by_role("button", name="Sign in").click()


def test_a_name_and_a_password_lead_to_the_page_that_was_asked_for(visit: Visiting) -> None:
    page = visit("/jobs?q=x").page
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Please fill this in").first).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    sign_in(page, "ada@film.example", "film", "not the one")
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is not right")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    sign_in(page, "ADA@film.example", "film")
    expect(page).to_have_url(re.compile(r"/jobs\?q=x$"))
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    expect(page.get_by_role("definition").first).to_have_text("ada@film.example")
    page.evaluate("localStorage.setItem('facefusion.draft', 'of ada')")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []
    page.goto(page.url.replace("/signin", "/account"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_one_signs_out_in_all_browsers(visit: Visiting) -> None:
    one, other = (visit("/account").page for _ in range(2))
    for page in (one, other):
        sign_in(page, "eve@news.example", "news")
        expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    one.get_by_role("button", name="Sign out everywhere").click()
    expect(one.get_by_role("heading", name="Sign in")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_signs_in(visit: Visiting, place: tuple[str, str]) -> None:
    page = visit("/signin", language="zh").page
    page.get_by_text("密钥", exact=True).click()
    page.get_by_label("密钥", exact=True).last.fill("ff_000000000000_x")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("此密钥无法登录")
    page.get_by_label("密钥", exact=True).last.fill(place[1])
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("link", name="您的账户")).to_contain_text("render-farm")
    page.get_by_role("link", name="您的账户").click()
    expect(page.get_by_text("您不是用密码登录的")).to_be_visible()
    expect(page.get_by_role("link", name="用户", exact=True)).to_have_count(0)


def test_nobody_is_led_to_another_host(visit: Visiting) -> None:
    page = visit("/signin?back=//evil.example/x").page
    sign_in(page, "ada@film.example", "film")
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    assert "evil.example" not in page.url


def test_an_admin_makes_a_user_who_takes_a_password_of_their_own(visit: Visiting) -> None:
    admin = visit("/admin/users").page
    sign_in(admin, "ada@film.example", "film")
    admin.get_by_role("button", name="New user").click()
    form = admin.get_by_role("dialog")
    form.get_by_label("Name").fill("Grace")
    form.get_by_label("Role").select_option("reviewer")
    form.get_by_role("button", name="Make the user").click()
    expect(admin.get_by_role("heading", name="Grace can sign in now")).to_be_visible()
    first = admin.locator("[data-secret]").inner_text()
    admin.get_by_role("button", name="Done").click()
    grace = visit("/signin").page
    sign_in(grace, "grace", "film", first)
    expect(grace.get_by_role("heading", name="Choose your own password")).to_be_visible()
    grace.get_by_label("The password that you were given", exact=True).fill(first)
    for label in ("New password", "New password once more"):
        grace.get_by_label(label, exact=True).fill("qwertyuiop12")
    grace.get_by_role("button", name="Change the password").click()
    expect(grace.get_by_role("alert")).to_contain_text("tried first")
    for label in ("New password", "New password once more"):
        grace.get_by_label(label, exact=True).fill("hail on a tin roof")
    grace.get_by_role("button", name="Change the password").click()
    expect(grace.get_by_role("link", name="Your account")).to_contain_text("Grace")
    admin.reload()
    row = admin.get_by_role("row", name="Grace")
    expect(row).to_contain_text("Active")
    row.get_by_role("combobox").select_option("viewer")
    expect(admin.get_by_text("Grace: Viewer")).to_be_visible()
    row.get_by_role("button", name="Disable").click()
    admin.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Disabled")
    again = visit("/signin").page
    sign_in(again, "grace", "film", "hail on a tin roof")
    expect(again.get_by_role("alert")).to_contain_text("not right")
    own = admin.get_by_role("row", name="ada@film.example")
    own.get_by_role("button", name="Remove").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(admin.get_by_role("alert")).to_contain_text("last active admin")


def test_two_people_of_two_tenants_see_nothing_of_each_other(visit: Visiting) -> None:
    pages = {}
    for tenant, name in (("film", "ada@film.example"), ("news", "eve@news.example")):
        page = pages[tenant] = visit("/admin/users").page
        sign_in(page, name, tenant)
        page.get_by_role("button", name="New user").click()
        page.get_by_role("dialog").get_by_label("Name").fill(f"only of {tenant}")
        page.get_by_role("button", name="Make the user").click()
        page.get_by_role("button", name="Done").click()
    for tenant, other in (("film", "news"), ("news", "film")):
        page = pages[tenant]
        page.reload()
        expect(page.get_by_role("row", name=f"only of {tenant}")).to_be_visible()
        expect(page.get_by_text(f"only of {other}")).to_have_count(0)
        expect(page.get_by_role("link", name="Your account")).to_contain_text(tenant)
    cookies = [page.context.cookies()[0] for page in pages.values()]
    assert len({each["value"] for each in cookies}) == 2
    assert all(each["httpOnly"] and each["sameSite"] == "Strict" for each in cookies)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_nobody_is_kept_out_of_these_pages(visit: Visiting, theme: str, width: int) -> None:
    here = visit("/admin/users", theme=theme, width=width)
    page = here.page
    assert here.serious() == []
    sign_in(page, "ada@film.example", "film")
    expect(page.get_by_role("heading", level=1, name="Users")).to_be_visible()
    expect(page.get_by_role("row", name="ada@film.example")).to_be_visible()
    assert here.serious() == []
    page.get_by_role("button", name="New user").click()
    assert here.serious() == []
    page.goto(page.url.replace("/admin/users", "/account"))
    expect(page.get_by_role("button", name="Change the password")).to_be_visible()
    assert here.serious() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tenants_admin_sees_the_tenants_part_of_the_system(visit: Visiting) -> None:
    seen = visit("/admin/system")
    page = seen.page
    sign_in(page, "ada@film.example", "film")
    expect(page.get_by_text("Everything works")).to_be_visible()
    expect(page.get_by_text("Jobs of your tenant")).to_be_visible()
    expect(page.get_by_role("heading", level=2).filter(has_text="film")).to_be_visible()
    expect(page.get_by_role("heading", name="Workers", exact=True)).to_have_count(0)
    expect(page.get_by_role("figure").first).to_be_visible()
    shown = page.locator("main").inner_text()
    assert socket.gethostname() not in shown and "news" not in shown
    assert not re.search(r"undefined|NaN|\[object|Memory|Processor", shown)
    assert seen.serious() == []


def test_whoever_runs_the_service_sees_its_machine(visit: Visiting) -> None:
    page = visit("/admin/system").page
    sign_in(page, "root@house.example", "house")
    expect(page.get_by_text("Jobs of all tenants")).to_be_visible()
    expect(page.get_by_role("heading", name="Machine")).to_be_visible()
    expect(page.get_by_text(socket.gethostname()).first).to_be_visible()


def test_where_results_are_reviewed_the_page_says_why_there_is_no_preview_and_makes_it(visit: Visiting) -> None:
    seen = visit("/make")
    seen.expected.append("status of 403")
    page = seen.page
    sign_in(page, "ada@film.example", "film")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("input[type=file]").nth(1).set_input_files(CAPTAIN)
    expect(page.locator(".viewer")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(ASTRONAUT)
    expect(page.get_by_role("alert")).to_contain_text("There is no preview here: a second person looks first")
    expect(page.get_by_role("alert")).to_contain_text("start the job all the same")
    assert seen.serious() == []
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("button", name="Cancel the job")).to_be_visible()
