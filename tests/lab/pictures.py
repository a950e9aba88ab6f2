"""Pictures of what the tests see, for who judges it: in build/screenshots, or $TFS_SCREENSHOTS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FOLDER = Path(
    os.environ.get("TFS_SCREENSHOTS") or Path(__file__).parents[2] / "build" / "screenshots"
)


def shoot(page: Any, name: str) -> None:
    """Write a picture of a page, or of a part of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png")
