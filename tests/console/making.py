"""What people do on the page on which results are made, for tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect


def asks(page: Page, holds: Callable[[Any], bool]) -> Any:
    """Wait for a preview that is asked for as wanted; one that was asked for before may still be on its way."""
    return page.expect_response(
        lambda answer: answer.url.endswith("/v1/previews/frames") and holds(answer.request.post_data_json)
    )


def previewed(page: Page) -> bytes:
    """Wait until the preview is that of the settings; return its picture."""
    expect(page.locator(".stage .state .numbers")).to_be_visible()
    return page.locator(".stage").screenshot()


def made(page: Page, folder: Path) -> Path:
    page.get_by_role("button", name="Make it").click()
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=120_000)
    with page.expect_download() as waiting:
        link.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def pixels(picture: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
