"""What axe-core finds wrong with a page, in words. Nothing is loaded from elsewhere: a package carries it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe


def complaints(page: Any, place: str) -> list[str]:
    """Return a line for each element below `place`, a CSS selector, that axe finds something wrong with."""
    found = Axe().run(page, context=place).response["violations"]
    return [
        f"{wrong['id']}: {node['target']} {_reasons(node)}\n    {node['html'][:300]}"
        for wrong in found
        for node in wrong["nodes"]
    ]


def _reasons(node: dict[str, Any]) -> str:
    return "; ".join(each["message"] for kind in ("any", "all", "none") for each in node[kind])
