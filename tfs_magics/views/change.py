"""Shows what a change came to: %tfs_label, %tfs_load, %tfs_unload, %tfs_stop, %tfs_restart."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from tfs_magics.views.markup import code, element, head, join, muted, state, steps
from tfs_magics.views.numbers import duration, plural
from tfs_magics.views.versions import versions_table
from tfs_magics.views.view import WIDTH, View


def changed(entry: Mapping[str, Any], said: Sequence[str]) -> View:
    """Return how a model stands now, `entry` as in GET /v1/server, after what was done to it."""
    table = versions_table([entry])
    lines = [line.strip() for line in said if line.strip()]
    html = join(head(entry["name"]), *(element("p", line) for line in lines), table.html())
    text = "\n".join([*(textwrap.fill(line, WIDTH) for line in lines), table.text()])
    return View(entry["name"], html, text, entry)


def removed(name: str) -> View:
    """Return that a model is served no longer."""
    again = f"%tfs_serve {name}"
    said = "It is served no longer. Its files stay on disk."
    html = join(
        head(name, state("Unloaded", "off")),
        element("p", said),
        element("p", "Next: ", code(again), class_="jp-tfs-muted"),
    )
    return View(name, html, f"{name}  unloaded\n{said}\nNext: {again}")


def withdrawn(names: Sequence[str], left: Sequence[tuple[str, str]]) -> View:
    """Return that our models are gone, and the server goes on for others: (model, whose)."""
    done = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} served no longer."
    if not names:
        done = "This notebook serves no model."
    whose = ", ".join(f"{name} ({owner})" if owner else name for name, owner in left)
    goes_on = f"The model server goes on for {plural(len(left), 'model')}: {whose}."
    last = "%tfs_stop --all"
    html = join(
        head("Model server", state("Running", "running")),
        element("p", done),
        element("p", goes_on),
        element("p", "To end it for all: ", code(last), class_="jp-tfs-muted"),
    )
    text = "\n".join([done, goes_on, f"To end it for all: {last}"])
    return View("Model server", html, text, {"removed": list(names), "left": list(left)})


def restarted(models: Mapping[str, Mapping[str, Any]], seconds: float) -> View:
    """Return that the server runs again, and how its models stand."""
    done = f"started again in {duration(seconds)}"
    parts = [head("Model server", state("Running", "running")), steps(done)]
    text = [f"running, {done}"]
    if models:
        table = versions_table(list(models.values()))
        parts.append(table.html())
        text.append(table.text())
    else:
        parts.append(element("p", muted("Nothing is served yet.")))
    return View("Model server", join(*parts), "\n".join(text), list(models.values()))
