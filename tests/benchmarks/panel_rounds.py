"""The benchmark of the panel: how fast it opens, and how smooth it is with a thousand versions.

It stands here and not among the tests, as it is about time: a test that looks at a clock fails on a
busy machine, and says nothing then.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

import panel_use
from arguments import Choice
from chromium import VIEWPORT, chromium
from jupyter_hosted import Hosted
from panel_use import Uses
from panelpage import OPEN_TIMEOUT_MS, SIDEBAR, PanelPage
from progress import step
from table import markdown, number, spread

MODELS, VERSIONS = 200, 5
QUICK_MODELS = 20
TIMES = 10
USE_MS = 100
OPEN_MS = 1000
HOW_TO_READ = """\
A real JupyterLab in Debian's Chromium, without a screen or a graphics card, on the cores that Jupyter and the
model server have, too. A time is from a key or a click until the picture that shows what it did is painted, by
Chromium's Event Timing, whose smallest figure is 16 ms.
"""


def run(choice: Choice, folder: Path) -> tuple[str, int]:
    """Measure all of it; return the table, and 1 if a target is missed."""
    count = QUICK_MODELS if choice.quick else MODELS
    with step(f"export {count} models in {VERSIONS} versions"):
        names = _export(folder, count)
    with Hosted(folder / "jupyter", folder, "--TFSExtension.batching=off") as hosted:
        with step("load them"):
            for name in names:
                body = {"base_path": f"models/{name}", "versions": "all"}
                hosted.jupyter.tell("PUT", f"tfs/api/models/{name}", json=body)
            hosted.until(lambda status: _available(status) == count * VERSIONS)
        opened, uses = [], Uses()
        for number_of_round in range(choice.rounds):
            with step(f"use the panel, round {number_of_round + 1} of {choice.rounds}"):
                took, used = _used(hosted)
            opened.append(took)
            for name, values in used.items():
                uses.setdefault(name, []).extend(values)
    return _report(count, opened, uses)


def _export(folder: Path, count: int) -> list[str]:
    import tensorflow as tf

    class Half(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def answer(self, x: Any) -> dict[str, Any]:
            return {"y": x / 2 + 2}

    module = Half()
    tf.saved_model.save(module, str(folder / "half"), signatures=module.answer)
    names = [f"m{index:03}" for index in range(count)]
    for name in names:
        for version in range(1, VERSIONS + 1):
            shutil.copytree(folder / "half", folder / "models" / name / str(version))
    return names


def _available(status: dict[str, Any]) -> int:
    versions = [version for model in status["models"] for version in model["versions"]]
    return sum(version["state"] == "AVAILABLE" for version in versions)


def _used(hosted: Hosted) -> tuple[float, Uses]:
    with chromium() as browser:
        panel = PanelPage(browser.new_page(viewport=VIEWPORT))
        page, jupyter = panel.page, hosted.jupyter
        page.goto(f"{jupyter.url}lab?reset&token={jupyter.token}", timeout=OPEN_TIMEOUT_MS)
        tab = page.locator(f".jp-SideBar [data-id='{SIDEBAR}']")
        tab.wait_for(timeout=OPEN_TIMEOUT_MS)
        page.get_by_text("Launcher").first.wait_for(timeout=OPEN_TIMEOUT_MS)
        return panel_use.opened_ms(page, SIDEBAR), panel_use.uses(panel, TIMES)


def _report(count: int, opened: list[float], uses: Uses) -> tuple[str, int]:
    medians = {name: statistics.median(values) for name, values in uses.items()}
    rows = [
        [name, str(len(values)), number(medians[name]), number(max(values))]
        for name, values in uses.items()
    ]
    wanted = [
        ["opened, until its first row can be used", OPEN_MS, spread(opened), max(opened)],
        [
            "the slowest of these, median",
            USE_MS,
            number(max(medians.values())),
            max(medians.values()),
        ],
    ]
    checks = [
        [what, f"at most {bound} ms", f"{shown} ms", "yes" if worst <= bound else "NO"]
        for what, bound, shown, worst in wanted
    ]
    parts = [
        HOW_TO_READ.strip(),
        f"### {count} models in {VERSIONS} versions\n\n"
        f"{markdown(['', 'times', 'median ms', 'max ms'], rows)}",
        f"### What must come out\n\n{markdown(['', 'wanted', 'measured', 'holds'], checks)}",
    ]
    missed = any(worst > bound for _, bound, _, worst in wanted)
    return "\n\n".join(parts) + "\n", int(missed)
