"""Shows what a classifier answered: per row the class, how sure, and what came second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfs_magics.client.timing import UNTIMED, Timing
from tfs_magics.views.markup import Markup, element, join, small
from tfs_magics.views.numbers import count, duration, percent, plural
from tfs_magics.views.table import Cell, Column, Row, Table
from tfs_magics.views.view import View

Floats = NDArray[np.floating[Any]]

MOST_ROWS = 20
_MOST_CLASSES = 10_000
_LOOKED_AT = 1000
_BAR = 20
_SHARE = len(">99.9%")
_PIXELS = range(4, 65)
_SHADES = 8


def is_probabilities(output: NDArray[Any]) -> bool:
    """Tell whether an output is [n, k] with a distribution over k classes in each row."""
    if output.ndim != 2 or output.dtype.kind not in "fV" or not output.size:
        return False
    if not 2 <= output.shape[1] <= _MOST_CLASSES:
        return False
    values = output[:_LOOKED_AT].astype(np.float64)
    sums = values.sum(axis=1)
    return bool(values.min() >= 0 and np.abs(sums - 1).max() < 0.02)  # bfloat16 rounds so much


def classes(
    output: Floats,
    image: NDArray[Any] | None,
    model: str,
    seconds: float,
    timing: Timing = UNTIMED,
    input_name: str = "image",
) -> View:
    """Return the table of a classifier's answer.

    `output` is [n, k]; `image` is what was sent, drawn beside its row if it is [n, h, w] or
    [n, h, w, 1] and small; `model` is name and version, and maybe labels.
    """
    shown = output[:MOST_ROWS]
    rows = [_row(index, values.astype(np.float64)) for index, values in enumerate(shown)]
    columns = [
        Column("Row", subject=True),
        Column("class", number=True),
        Column("probability"),
        Column("then", faint=True),
    ]
    left = f"… {plural(len(output) - MOST_ROWS, 'more row')}" if len(output) > MOST_ROWS else ""
    took = f"{plural(len(output), 'row')} in {duration(seconds)}"
    ride = [] if timing.batch is None else [f"batch of {count(timing.batch)}"]
    said = ", ".join([model, took, *ride])
    text = [Table(columns, rows).text(), *([left.strip()] if left else []), said]
    pixels = None if image is None else _pixels(image, len(output))
    if pixels is not None:
        columns.insert(1, Column(input_name))
        rows = [
            Row([row.cells[0], Cell("", _drawn(shades)), *row.cells[1:]])
            for row, shades in zip(rows, pixels, strict=True)
        ]
    html = [Table(columns, rows).html(), *([small(left)] if left else [])]
    waited = "" if timing.waited is None else f", {duration(timing.waited)} of it waiting"
    rode = [f"rode in a {each}" for each in ride]
    html.append(small(" · ".join([model, f"{took}{waited}", *rode])))
    return View(f"Answers of {model}", join(*html), "\n".join(text), output)


def facts(
    output: Floats,
    image: NDArray[Any] | None,
    version: int,
    labels: Sequence[str],
    seconds: float,
    timing: Timing,
    input_name: str,
) -> dict[str, Any]:
    """Return the same as values, for who shows it live."""
    answers = []
    for values in output[:MOST_ROWS].astype(np.float64):
        second, first = (int(each) for each in np.argsort(values, kind="stable")[-2:])
        parts = round(float(values[first]), 6), round(float(values[second]), 6)
        answers.append({"class": first, "part": parts[0], "then": second, "then_part": parts[1]})
    pixels = None if image is None else _pixels(image, len(output))
    images = None
    if pixels is not None:
        shades = ["".join(map(str, each.ravel().tolist())) for each in pixels]
        images = {"height": pixels.shape[1], "width": pixels.shape[2], "shades": shades}
    return {
        "version": version,
        "labels": list(labels),
        "rows": len(output),
        "seconds": round(seconds, 6),
        "waited": timing.waited,
        "batch": timing.batch,
        "input": input_name,
        "answers": answers,
        "images": images,
    }


def _row(index: int, values: Floats) -> Row:
    second, first = np.argsort(values, kind="stable")[-2:]
    share = percent(float(values[first]))
    filled = round(min(1.0, float(values[first])) * _BAR)
    bar = f"{'█' * filled}{'░' * (_BAR - filled)}"
    drawn = element("i", style=f"width:{min(1.0, float(values[first])):.1%}")
    grid = join(element("span", drawn, class_="jp-tfs-Bar", aria_hidden="true"), share)
    runner_up = percent(float(values[second]))
    return Row(
        [
            str(index),
            Cell(str(first), element("strong", str(first))),
            Cell(f"{bar}  {share:>{_SHARE}}", element("span", grid, class_="jp-tfs-Share")),
            Cell(f"{second}  {runner_up}", Markup(f"{second}, {join(runner_up)}")),
        ]
    )


def _pixels(image: NDArray[Any], rows: int) -> NDArray[np.int64] | None:
    """Return the images as [n, h, w] shades from 0 to 8, or None if they are none."""
    if image.ndim == 4 and image.shape[3] == 1:
        image = image[..., 0]
    if image.ndim != 3 or len(image) != rows or image.dtype.kind not in "fiub":
        return None
    if image.shape[1] not in _PIXELS or image.shape[2] not in _PIXELS:
        return None
    ink = image[:MOST_ROWS].astype(np.float64)
    if not np.isfinite(ink).all():
        return None
    low, high = min(0.0, float(ink.min())), max(1.0, float(ink.max()))
    return np.rint((ink - low) / (high - low) * _SHADES).astype(np.int64)


def _drawn(shades: NDArray[np.int64]) -> Markup:
    """Return one image as SVG: a path a shade, made of the runs of that shade in each line."""
    height, width = shades.shape
    paths: list[Markup] = []
    for shade in range(1, _SHADES + 1):
        runs = [
            f"M{start} {y}h{stop - start}v1h{start - stop}z"
            for y, line in enumerate(shades == shade)
            for start, stop in _runs(line)
        ]
        if runs:
            paths.append(element("path", d="".join(runs), opacity=f"{shade / _SHADES:.3g}"))
    return element(
        "svg",
        *paths,
        class_="jp-tfs-Pixels",
        width="24",
        height="24",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label="Input",
    )


def _runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
