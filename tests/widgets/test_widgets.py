"""Widgets without a page: what they carry, and where they are wanted."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import HBox

import tfs_magics
from server_ext.errors import InvalidArgument
from tfs_magics import connection
from tfs_magics.widgets import bundle, display, panels, widget
from tfs_magics.widgets.output import PanelOutput

SPEC = {"format": 1, "kind": "status", "at": 1790000000.0}


@pytest.fixture(autouse=True)
def own_server() -> Iterator[None]:
    """Talk to no server that happens to run."""
    connection.use("own")
    yield
    connection.use("")


def test_the_code_of_the_views_goes_with_the_first_widget_of_a_kernel_only(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(widget, "_code_is_given", False)

    first, second = PanelOutput(SPEC), PanelOutput(SPEC)

    assert b"jp-tfs" in gzip.decompress(first._code)
    assert second._code == b""
    assert first._digest == second._digest
    assert len(first._esm) < 2000


def test_a_page_that_asks_gets_the_code(monkeypatch: pytest.MonkeyPatch):
    shown = PanelOutput(SPEC)
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr(shown, "send", lambda content, buffers: sent.append((content, buffers)))

    shown._handle_custom_msg({"kind": "views"}, [])
    shown._handle_custom_msg("no message of ours", [])

    assert sent == [({"kind": "views"}, [bundle.bundle().code])]


def test_panels_are_there_by_name_and_fit_into_layouts():
    all_of_them = [tfs_magics.VersionsPanel(), tfs_magics.TryIt("m"), tfs_magics.MetricsPanel("m")]

    box = HBox([*all_of_them, tfs_magics.DrawingCanvas()])

    assert [each.spec["kind"] for each in box.children] == ["status", "try", "metrics", "draw"]
    assert tfs_magics.VersionsPanel("m").spec["models"] == ["m"]
    assert tfs_magics.VersionsPanel(("a", "b")).spec["models"] == ["a", "b"]


@pytest.mark.parametrize(
    ("versions", "fields"),
    [
        (None, {}),
        ("all", {}),
        (7, {"versions": [7], "labels": None}),
        (["stable", 8], {"versions": [8], "labels": ["stable"]}),
    ],
)
def test_whom_to_ask_is_said_by_versions_and_labels(versions: Any, fields: dict[str, Any]):
    assert panels.targets(versions) == fields


def test_what_is_neither_a_version_nor_a_label_is_refused():
    with pytest.raises(InvalidArgument, match="neither a version nor a label"):
        panels.targets([1.5])  # type: ignore[list-item]


def test_an_output_is_a_widget_only_where_somebody_looks(monkeypatch: pytest.MonkeyPatch):
    assert display.widget_view(dict(SPEC)) == {}

    monkeypatch.setattr(display, "_is_wanted", lambda: True)
    first = display.widget_view(dict(SPEC))
    again = display.widget_view(dict(SPEC))
    other = display.widget_view({**SPEC, "at": 1790000001.0})

    assert first == again
    assert first != other
    assert first[display.MIME_TYPE]["model_id"]


def test_without_what_browsers_run_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(bundle, "STATIC", tmp_path)

    with pytest.raises(ImportError, match=r"TFS_SKIP_JS.*pip install"):
        bundle.bundle.__wrapped__()
