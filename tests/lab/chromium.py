"""Debian's Chromium, without a screen, for all tests and benchmarks that need a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
MISSING = "chromium is not installed: `make test` installs it where it is root"
VIEWPORT = {"width": 1280, "height": 900}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_FLAGS += ["--disable-dev-shm-usage"]


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser without a past; a test without Chromium is skipped."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()
