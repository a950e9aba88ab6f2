"""What outputs look like: the same facts as text within 80 columns and as escaped HTML."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfs_magics import views
from tfs_magics.client.signatures import Metadata, Tensor
from tfs_magics.client.signatures import Signature as Served
from tfs_magics.exporting.export import Exported, Signature, TensorInfo
from tfs_magics.views import (
    answer,
    log,
    notice,
    numbers,
    prediction,
    served,
    signature,
    status,
)
from tfs_magics.views.markup import code, element, join
from tfs_magics.views.served import ServedVersion
from tfs_magics.views.table import Column, Row, Table, cut
from tfs_magics.views.view import View

EVIL = '<img src=x onerror="alert(1)">'
LONG = "a reason that goes on and on, " * 6
SERVER = {
    "state": "running",
    "since": 0.0,
    "reason": "",
    "lines": [],
    "restarts": 0,
    "started_at": 0.0,
    "retry_at": None,
    "rest_url": "http://127.0.0.1:8501",
    "grpc_target": "127.0.0.1:8500",
}
SIGNATURES = [Signature("serving_default", {"x": TensorInfo("float32", (-1, 8))}, {})]


def version(number: int, state: str = "AVAILABLE", error: str = "") -> dict[str, Any]:
    return {
        "version": number,
        "state": state,
        "error": {"code": "NOT_FOUND", "message": error} if error else None,
        "memory_bytes": 1_200_000,
        "requests": 1240,
        "errors": 3,
        "load_seconds": 0.5,
    }


def model(name: str, *versions: dict[str, Any], problem: str | None = None) -> dict[str, Any]:
    return {"name": name, "problem": problem, "labels": {}, "versions": list(versions)}


def page(*models: dict[str, Any]) -> dict[str, Any]:
    return {
        "started_at": time.time() - 8050,
        "rss_bytes": 684_000_000,
        "models": list(models),
    }


def running(*models: dict[str, Any]) -> View:
    return status.running(page(*models), SERVER, {})


def exported(name: str = "digits", path: str = "/m/digits/2", **more: Any) -> View:
    return views.exported(Exported(name, 2, Path(path), 1_240_000, SIGNATURES, 0.6, **more))


def readable(html: str) -> str:
    """Return the words of HTML, as a reader without style sees them."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def everything(name: str) -> list[View]:
    """Return every view that shows names or texts from elsewhere, made of `name`."""
    tensor = Tensor(name, "float32", (-1, 8))
    signatures = {name: Served(name, name, {name: tensor}, {name: tensor})}
    failed = ServedVersion(name, 2, name * 4)
    return [
        running(model(name, version(2), version(1, "END", name * 4)), model("m", problem=name)),
        served.served([failed, ServedVersion("m", 1)], "url", "target", [name], 1.0),
        served.served([ServedVersion(name, 1)], "url", "target", [], 0.0),
        served.progress("Loading", name),
        signature.metadata(Metadata(name, 1, signatures)),
        signature.metadata(Metadata(name, 1, {**signatures, "b": signatures[name]})),
        exported(name, f"/m/{name}/2"),
        notice.refused_input(name, name, tensor, tensor, "message"),
        notice.failed(name, [name]),
        log.log([name]),
        answer.answer(name, 200, name.encode(), 0.1),
        prediction.classes(np.array([[0.1, 0.9]], np.float32), None, name, 0.1),
    ]


@pytest.mark.parametrize("number", range(12))
def test_text_from_elsewhere_is_escaped(number: int):
    view = everything(EVIL)[number]

    assert "<img" not in view.html
    assert "&lt;img" in view.html


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 6, 11])
def test_text_stays_within_80_columns(number: int):
    view = everything("a_name_that_is_a_little_long_")[number]

    assert max(len(line) for line in view.text.splitlines()) <= 80


def test_a_view_is_text_in_a_terminal_and_both_in_a_notebook():
    view = exported()

    assert repr(view) == view.text
    assert view._repr_mimebundle_() == {"text/plain": view.text, "text/html": view.html}
    assert "<script" not in view.html


def test_html_says_the_same_words_as_the_text():
    view = running(model("digits", version(2), version(1, "END", "no such file")))

    words = re.findall(r"\w+", readable(view.html.replace("\u00a0", " ")).lower())
    for line in view.text.splitlines()[-4:-1]:
        for word in re.findall(r"\w+", line.lower()):
            assert word in words


def test_status_has_a_row_for_each_version_and_the_reason_of_a_failure():
    view = running(
        model("digits", version(8), version(7)),
        model("fraud", version(2, "END", "it does not fit")),
        model("ghost", problem="base path /m/ghost does not exist"),
    )

    assert view.text.splitlines()[:-1] == [
        "running, 2 h 14 min, 3.72k requests, 684 MB",
        "  REST  http://127.0.0.1:8501",
        "  gRPC  127.0.0.1:8500",
        "model   version  state      requests  errors  memory",
        "digits        8  available     1.24k       3  1.2 MB",
        "              7  available     1.24k       3  1.2 MB",
        "fraud         2  failed: it does not fit",
        "ghost         \u2013  waiting: base path /m/ghost does not exist",
    ]
    assert 'data-state="failed"' in view.html


def test_status_shows_labels_when_there_are_some():
    labelled = {**model("digits", version(8)), "labels": {"canary": 8}}

    view = running(labelled)

    assert "digits        8  available  canary     1.24k" in view.text
    assert '<span class="jp-tfs-Chip">canary</span>' in view.html


def test_status_without_models_says_what_comes_next():
    assert "Nothing is served yet. Next: %tfs_serve NAME" in running().text
    stopped = {**SERVER, "state": "stopped", "since": None}
    never = status.down({"server": stopped, "models": []})
    assert never.text == "stopped\nNext: %tfs_serve NAME"


def test_a_served_model_shows_steps_addresses_and_the_next_line():
    view = served.served(
        [ServedVersion("digits", 2, load_seconds=1.1)], "URL", "TARGET", ["A note."], 3.2
    )

    assert view.text.splitlines() == [
        "digits 2  available   server started 3.2 s, loaded 1.1 s",
        "  REST  URL",
        "  gRPC  TARGET, model digits",
        "A note.",
        "Next: %tfs_predict digits x[:3]",
    ]


def test_the_next_line_quotes_a_name_with_a_blank():
    view = served.served([ServedVersion("odd name", 2)], "URL", "TARGET", [], 0.0)

    assert view.text.endswith('Next: %tfs_predict "odd name" x[:3]')


def test_several_served_versions_are_a_table_with_reasons():
    view = served.served(
        [ServedVersion("digits", 2), ServedVersion("digits", 1), ServedVersion("fraud", 3, LONG)],
        "URL",
        "TARGET",
        [],
        0.0,
    )

    lines = view.text.splitlines()
    assert lines[:4] == [
        "2 models",
        "model   version  state",
        "digits        2  available",
        "              1  available",
    ]
    assert lines[4].startswith("fraud         3  failed: a reason that")
    assert " ".join(" ".join(lines[4:]).split()).count("goes on and on") == 6


def test_metadata_is_one_table_with_defaults_where_there_are_some():
    inputs = {
        "image": Tensor("image", "float32", (-1, 8, 8)),
        "threshold": Tensor("threshold", "float32", (), "0.5"),
    }
    outputs = {"class": Tensor("class", "int64", (-1,))}
    found = Metadata("digits", 8, {"s": Served("serving_default", "predict", inputs, outputs)})

    assert signature.metadata(found).text.splitlines() == [
        "digits 8, serving_default, predict",
        "in   image      float32  [n, 8, 8]  required",
        "in   threshold  float32  []         0.5",
        "out  class      int64    [n]",
    ]


def test_of_a_thousand_outputs_the_first_are_shown_and_the_rest_is_counted(tmp_path: Path):
    spec = TensorInfo("float32", (-1,))
    many = Signature(
        "serving_default", {"x": spec}, {f"out_{each:04}": spec for each in range(1000)}
    )

    view = views.exported(Exported("many", 1, tmp_path, 9, [many], 0.1))

    assert "and 980 more" in view.html
    assert view.text.splitlines()[-2:] == ["out  and 980 more", "Next: %tfs_serve many"]
    assert len(view.text.splitlines()) < 30


def test_an_export_says_what_was_checked_and_what_was_replaced():
    view = exported(difference=0.0, replaced=True)

    assert view.text.splitlines() == [
        "digits 2  1.2 MB   exported 600 ms, files answer as the live model does",
        "  path  /m/digits/2",
        "serving_default",
        "in  x  float32  [n, 8]",
        "A server that has loaded this version keeps the old files.",
        "Next: %tfs_serve digits",
    ]


def test_a_classifier_shows_the_class_how_sure_and_what_came_second():
    output = np.array([[0.05, 0.9, 0.05], [0.5, 0.2, 0.3]], np.float32)

    view = prediction.classes(output, None, "digits 7", 0.0018)

    assert view.text.splitlines() == [
        "row  class  probability                   then",
        "0        1  " + "█" * 18 + "░" * 2 + "   90.0%  2  5.0%",
        "1        0  " + "█" * 10 + "░" * 10 + "   50.0%  2  30.0%",
        "digits 7, 2 rows in 1.8 ms",
    ]


def test_many_rows_are_cut_off_and_counted():
    output = np.full((100, 2), 0.5, np.float32)

    view = prediction.classes(output, np.zeros((100, 8, 8)), "m 1", 0.1)

    assert "… 80 more rows" in view.text
    assert view.html.count("<svg") == 20


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [((1, 8, 8), True), ((1, 8, 8, 1), True), ((1, 8, 8, 3), False), ((1, 64), False)],
)
def test_images_that_were_sent_are_drawn_beside_their_answer(shape: tuple[int, ...], drawn: bool):
    image = np.ones(shape)

    view = prediction.classes(np.array([[0.5, 0.5]], np.float32), image, "m 1", 0.1)

    assert ("<svg" in view.html) == drawn


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (np.array([[0.1, 0.9]], np.float32), True),
        (np.array([[0.1, 0.9]], np.float16), True),
        (np.array([[1.0, 0.9]], np.float32), False),
        (np.array([[-0.1, 1.1]], np.float32), False),
        (np.array([[np.nan, 1.0]], np.float32), False),
        (np.array([0.1, 0.9], np.float32), False),
        (np.array([[0, 1]]), False),
        (np.array([[1.0]], np.float32), False),
        (np.empty((0, 10), np.float32), False),
    ],
)
def test_only_distributions_over_classes_are_shown_as_such(output: Any, expected: bool):
    assert prediction.is_probabilities(output) == expected


def test_a_refused_input_marks_what_differs():
    expected = Tensor("image", "float32", (-1, 8, 8))
    got = Tensor("image", "float32", (1, 28, 28))

    view = notice.refused_input("title", "Send 8 x 8 images.", expected, got, "message")

    assert '<td class="jp-mod-wrong"><code>[1, 28, 28]</code></td>' in view.html
    assert view.html.count("jp-mod-wrong") == 2  # once in the style
    assert view.text == "message"


def test_log_lines_are_coloured_by_their_level():
    view = log.log(["12:00 INFO fine", "12:00 WARNING odd", "12:00 ERROR bad", "E0000 grpc"])

    assert view.html.count('class="jp-mod-error"') == 2
    assert view.html.count('class="jp-mod-warn"') == 1
    assert log.log([]).text == "Nothing logged yet."


def test_a_long_answer_is_cut_off_and_a_refusal_shows_as_one():
    view = answer.answer("m", 400, b"x" * 20_000, 0.002)

    assert view.text.startswith("m  400 Bad Request   2.0 ms, 20 kB\n")
    assert "cut off here" in view.text
    assert len(view.text) < 11_000
    assert 'data-state="failed"' in view.html


def test_elements_escape_what_is_not_markup():
    built = element("p", "<b>", code("a & b"), title='"', class_="x", data_state=None)

    assert built == '<p title="&quot;" class="x">&lt;b&gt;<code>a &amp; b</code></p>'
    assert join("<", element("i")) == "&lt;<i></i>"


def test_a_table_without_room_cuts_names_in_the_middle():
    table = Table([Column("A"), Column("B")], [Row(["x" * 100, "y" * 10])])

    lines = table.text().splitlines()

    assert len(lines[1]) == 80
    assert "…" in lines[1]
    assert lines[1].endswith("y" * 10)
    assert cut("abcdefgh", 5) == "ab…gh"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0004, "0.4 ms"),
        (0.0042, "4.2 ms"),
        (0.038, "38 ms"),
        (1.9, "1.9 s"),
        (59, "59 s"),
        (150, "2 min"),
        (8050, "2 h 14 min"),
        (300_000, "3 d"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, expected: str):
    assert numbers.duration(seconds).replace(numbers.NBSP, " ") == expected


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(89, "89 bytes"), (9.4e6, "9.4 MB"), (118e6, "118 MB"), (1.4e9, "1.4 GB"), (2e12, "2.0 TB")],
)
def test_sizes_are_in_powers_of_ten(size_bytes: float, expected: str):
    assert numbers.size(size_bytes).replace(numbers.NBSP, " ") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (999, "999"), (1240, "1.24k"), (12_345, "12.3k"), (1_234_567, "1.23M")],
)
def test_counts_have_three_digits_at_most(number: int, expected: str):
    assert numbers.count(number) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0%"),
        (0.0001, "<0.1%"),
        (0.001, "0.1%"),
        (0.904, "90.4%"),
        (0.9999, ">99.9%"),
        (1, "100%"),
    ],
)
def test_shares_never_round_to_what_they_are_not(share: float, expected: str):
    assert numbers.percent(share) == expected


def test_signatures_that_are_alike_are_shown_once(tmp_path):
    spec = {"x": TensorInfo("float32", (-1, 8))}
    alike = [Signature("serving_default", spec, {}), Signature("serve", spec, {})]
    result = Exported("digits", 1, tmp_path, 9, alike, 0.1)

    text = repr(signature.exported(result))

    assert "serving_default (also: serve)" in text
    assert text.count("[n, 8]") == 1
