"""What somebody reads whose work is refused by a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from browsing import Visit
from playwright.sync_api import expect

from material import ASTRONAUT, CAPTAIN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service_flags() -> Iterator[list[str]]:
    """New faces need a consent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEFUSION_POLICY", "studio")
        yield []


@pytest.mark.parametrize(
    ("language", "title", "helps"),
    [
        ("en", "A consent is needed for this face", "Put a consent on record"),
        ("zh", "使用这张面孔需要本人同意", "登记同意书"),
    ],
)
def test_a_refusal_says_what_it_means_and_what_helps(
    visit: Callable[..., Visit], language: str, title: str, helps: str
) -> None:
    seen = visit("/make", language=language)
    seen.expected.append("403")
    page = seen.page
    page.locator("input[type=file]").nth(1).set_input_files(ASTRONAUT)
    page.locator(".cast input[type=file]").first.set_input_files(CAPTAIN)
    refusal = page.get_by_role("alert").filter(has_text=title).first
    expect(refusal).to_be_visible()
    expect(refusal.get_by_role("link", name=helps)).to_be_visible()
    expect(refusal.get_by_role("img")).to_have_count(0)
    assert seen.serious() == []
