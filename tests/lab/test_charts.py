"""Metrics and logs of a model in a real JupyterLab: each control changes what it says it does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servedmodels
from jupyterprocess import JupyterServer
from panelpage import PanelPage, panel_of
from themes import EXPOSED, THEMES, change_theme

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

PAGE = "#tfs-magics-model-digits"
CHARTS = ["Requests", "Latency", "Batch sizes", "Queue", "Memory", "Errors"]
TWO_SECONDS_OF_LINES = "path[d*='L']"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    servedmodels.digits(root / "models" / "digits")
    return root


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root, *EXPOSED)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> Iterator[PanelPage]:
    """The panel with two versions, which are asked all the time; some requests are refused."""
    body = {"base_path": "models/digits", "versions": "all"}
    lab.tell("PUT", "tfs/api/models/digits", json=body)
    is_over = threading.Event()
    asking = threading.Thread(target=ask, args=(lab, is_over))
    page = panel_of(browser, lab, viewport={"width": 1280, "height": 1100})
    page.row("digits/2").get_by_text("Available").wait_for(timeout=60_000)
    labels = {"labels": {"stable": 1, "canary": 2}}
    lab.tell("PATCH", "tfs/api/models/digits", json=labels)
    asking.start()
    yield page
    is_over.set()
    asking.join()


def ask(lab: JupyterServer, is_over: threading.Event) -> None:
    """Ask both versions, and now and then for what they refuse, until it is over."""
    rows = {"instances": [[[[0.5]] * servedmodels.SIDE] * servedmodels.SIDE]}
    count = 0
    while not is_over.wait(0.02):
        count += 1
        version = 2 if count % 3 == 0 else 1
        body = {"instances": [1]} if count % 20 == 0 else rows
        lab.ask("POST", f"tfs/v1/models/digits/versions/{version}:predict", json=body)


@pytest.fixture
def page(panel: PanelPage) -> Any:
    panel.row("digits").first.focus()
    panel.page.keyboard.press("Enter")
    return panel.page.locator(PAGE)


@pytest.fixture
def metrics(page: Any) -> Any:
    page.get_by_role("tab", name="Metrics").click()
    page.get_by_role("button", name="1 min", exact=True).click()
    page.get_by_role("img", name="Requests").locator(TWO_SECONDS_OF_LINES).first.wait_for()
    return page


def chart(metrics: Any, title: str) -> Any:
    return metrics.locator("figure", has=metrics.page.get_by_role("heading", name=title))


def test_there_is_a_line_for_each_version(panel: PanelPage, metrics: Any):
    ends = chart(metrics, "Requests").locator(".jp-tfs-Chart-end")

    ends.nth(1).wait_for()
    assert {text.split(" ·")[0] for text in ends.all_inner_texts()} == {"1", "2"}


@pytest.mark.parametrize("title", CHARTS)
def test_each_chart_is_a_table_too(metrics: Any, title: str):
    figure = chart(metrics, title)
    button = figure.locator("figcaption button")
    if button.get_attribute("aria-pressed") == "false":
        button.click()

    figure.get_by_role("table").wait_for()
    assert figure.get_by_role("img").count() == 0
    button.click()
    figure.get_by_role("img").wait_for()


def test_arrows_choose_a_moment_whose_values_replace_the_number(metrics: Any):
    plot = chart(metrics, "Latency").get_by_role("img")
    plot.focus()
    metrics.page.keyboard.press("ArrowLeft")
    caption = chart(metrics, "Latency").locator(".jp-tfs-Chart-caption")

    caption.get_by_text("p50").wait_for()
    assert plot.locator(".jp-mod-cursor").count() == 1
    metrics.page.keyboard.press("Escape")
    plot.locator(".jp-mod-cursor").wait_for(state="detached")


def test_a_pause_holds_the_time_until_it_goes_on(metrics: Any):
    metrics.get_by_role("button", name="Pause").click()
    held = metrics.get_by_text("held at").inner_text()
    metrics.page.wait_for_function("() => new Date().getMilliseconds() > 500")
    assert metrics.get_by_text("held at").inner_text() == held

    metrics.get_by_role("button", name="Go on").click()
    metrics.get_by_text("every second").wait_for()


def test_one_version_is_looked_at_alone(metrics: Any):
    metrics.get_by_label("Version", exact=True).select_option("2")

    ends = chart(metrics, "Requests").locator(".jp-tfs-Chart-end")
    ends.nth(1).wait_for(state="detached")
    assert ends.first.inner_text().startswith("2")
    metrics.get_by_label("Version", exact=True).select_option("")


@pytest.mark.parametrize("range_", ["15 min", "1 h", "1 d", "1 min"])
def test_a_range_is_chosen(metrics: Any, range_: str):
    metrics.get_by_role("button", name=range_, exact=True).click()

    ago = {"1 min": "60\u00a0s ago"}.get(range_, f"{range_} ago".replace(" ", "\u00a0", 1))
    chart(metrics, "Requests").get_by_text(ago, exact=True).wait_for()


def test_lines_of_the_log_are_filtered_by_text_and_by_level(panel: PanelPage, page: Any):
    page.get_by_role("tab", name="Logs").click()
    page.get_by_label("Filter log lines").fill("no such thing")
    page.get_by_text('No line contains "no such thing".').wait_for()
    page.get_by_label("Filter log lines").fill("Loaded digits")
    page.locator("mark").first.wait_for()

    page.get_by_label("Lowest level shown").select_option("error")
    page.get_by_text('No line contains "Loaded digits".').wait_for()
    page.get_by_label("Lowest level shown").select_option("info")


def test_the_log_is_downloaded(page: Any):
    page.get_by_role("tab", name="Logs").click()
    with page.page.expect_download() as download:
        page.get_by_role("button", name="Download shown lines").click()

    assert "digits" in Path(download.value.path()).read_text()


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_for_who_judges_them(panel: PanelPage, page: Any, theme: str):
    change_theme(panel.page, theme)
    for tab in ("Versions", "Metrics", "Logs"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel").locator("p, figure, tr").first.wait_for()
        panel.shoot(f"model-{tab.lower()}-{theme}")


def test_the_browser_complains_of_nothing(panel: PanelPage):
    assert panel.wrong == []
