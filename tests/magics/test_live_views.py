"""What an output tells a front end that is live, and the same facts as text and saved HTML."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import numpy as np
import pytest

from tfs_magics.client.feeds import InputMismatch
from tfs_magics.client.signatures import Metadata, Signature, Tensor
from tfs_magics.client.timing import Timing, timed
from tfs_magics.ipython.works import cell
from tfs_magics.views import notice, prediction, served, signature, status, view
from tfs_magics.views.canvas import canvas
from tfs_magics.views.served import ServedVersion
from tfs_magics.views.spec import MIME_TYPE, spec

EVIL = '<img src=x onerror="alert(1)">'
NOW = 1_790_000_000.0
SERVER = {
    "state": "running",
    "since": NOW - 8050,
    "reason": "",
    "lines": ["a line of the log"] * 200,
    "pid": 12,
    "restarts": 0,
    "started_at": NOW - 8050,
    "rest_port": 8501,
    "grpc_port": 8500,
    "rest_url": "http://127.0.0.1:8501",
    "grpc_target": "127.0.0.1:8500",
    "notes": [],
    "batching": "auto",
    "retry_at": None,
    "memory_limit_bytes": 2e9,
}


def version(number: int, state: str = "AVAILABLE", error: str = "", **more: Any) -> dict[str, Any]:
    return {
        "version": number,
        "state": state,
        "error": {"code": "RESOURCE_EXHAUSTED", "message": error} if error else None,
        "path": f"/models/digits/{number}",
        "in_flight": 0,
        "requests": 1240,
        "errors": 3 if number == 8 else 0,
        "signatures": ["serving_default"],
        "memory_bytes": 1_200_000,
        "load_seconds": 1.1,
        **more,
    }


def model(name: str, *versions: dict[str, Any], **labels: int) -> dict[str, Any]:
    return {
        "name": name,
        "base_path": f"/models/{name}",
        "policy": "all",
        "labels": labels,
        "problem": None,
        "versions": list(versions),
        "owner": None,
        "wanted": "all",
    }


def sampled(name: str, number: int, rate: float, p50: float, p99: float, batch: int) -> Any:
    return {
        "name": name,
        "version": number,
        "per_second": rate,
        "p50_ms": p50,
        "p99_ms": p99,
        "batch_rows": batch,
    }


MODELS = [
    model("digits", version(8), version(7), canary=8, stable=7),
    model("churn", version(12, "LOADING"), version(11), stable=11),
    model("fraud", version(2, "END", "needs 1.4 GB, only 620 MB is free")),
]
SAMPLE = {
    "at": NOW,
    "rss_bytes": 684_000_000,
    "versions": [
        sampled("digits", 8, 1240, 1.9, 5.1, 14),
        sampled("digits", 7, 11_100, 1.8, 4.6, 22),
        sampled("churn", 11, 86, 0.9, 2.2, 1),
    ],
}
TOLD = {"server": SERVER, "models": MODELS, "sample": SAMPLE, "host": "one", "held": []}


def running(*models: dict[str, Any]) -> view.View:
    page = {"started_at": time.time() - 8050, "rss_bytes": 684_000_000, "models": list(models)}
    return status.running(page, SERVER, {}, SAMPLE)


def words(html: str) -> str:
    """Return what is left of HTML where its style is taken away, as GitHub does."""
    bare = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    return " ".join(bare.replace("\u00a0", " ").split())


def test_the_status_of_a_hosted_server_says_how_often_and_how_fast_each_version_is_asked():
    assert running(*MODELS).text.splitlines() == [
        "running, 2 h 14 min, 12.4k/s, 684 MB of 2.0 GB",
        "model   version  state      labels  requests     p50     p99  errors  batch",
        "digits        8  available  canary   1.24k/s  1.9 ms  5.1 ms       3     14",
        "              7  available  stable   11.1k/s  1.8 ms  4.6 ms       0     22",
        "churn        12  loading",
        "             11  available  stable      86/s  0.9 ms  2.2 ms       0      1",
        "fraud         2  failed: needs 1.4 GB, only 620 MB is free",
    ]


def test_a_part_of_a_load_is_told_where_earlier_loads_make_that_honest():
    began = time.time() - 6.4
    known = version(12, "LOADING", load_started_at=began, load_expected_s=10.0)

    assert "loading 64%" in running(model("churn", known)).text


def test_the_saved_status_has_the_time_and_the_table_and_no_buttons():
    html = running(*MODELS).html

    said = words(html)
    assert said.startswith("Model server Saved as it was on ")
    assert "digits 8 Available canary 1.24k/s 1.9 ms 5.1 ms 3 14" in said
    assert said.endswith("Run the cell to see it live.")
    assert "<button" not in html
    assert "<script" not in html


def test_a_spec_holds_the_models_it_is_about_and_little_else():
    of_one = spec("metadata", TOLD, "digits", facts={})

    assert [each["name"] for each in of_one["saved"]["models"]] == ["digits"]
    assert [each["name"] for each in of_one["saved"]["sample"]["versions"]] == ["digits", "digits"]
    assert of_one["host"] == "one"
    assert len(of_one["saved"]["server"]["lines"]) <= 5
    assert len(json.dumps(of_one)) < 3000


def test_a_spec_of_a_server_that_never_ran_can_be_shown_too():
    never = {**SERVER, "since": None, "started_at": None, "batching": None, "state": "stopped"}

    saved = spec("status", {"server": never, "models": [], "sample": None})["saved"]

    assert saved["server"]["since"] == 0
    assert saved["server"]["batching"] == ""


def test_only_where_jupyter_shows_the_page_there_is_a_part_for_it():
    here = running(*MODELS).live(spec("status", TOLD), hosted=True)
    elsewhere = running(*MODELS).live(spec("status", TOLD), hosted=False)

    assert here._repr_mimebundle_()[MIME_TYPE]["kind"] == "status"
    assert set(elsewhere._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert set(running()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_served_version_tells_its_labels_its_steps_and_what_stays_elsewhere():
    one = ServedVersion("digits", 8, load_seconds=1.1, export_seconds=0.6)
    rest = "http://127.0.0.1:8501/v1/models/digits"
    labels = {"digits": {"canary": 8, "stable": 7}}

    shown = served.served([one], rest, "127.0.0.1:8500", [], 0.0, labels)
    facts = served.facts([one], rest, "127.0.0.1:8500", [], 0.0)

    assert shown.text.splitlines() == [
        "digits 8  available  canary   exported 600 ms, loaded 1.1 s",
        f"  REST  {rest}",
        "  gRPC  127.0.0.1:8500, model digits",
        "stable stays on 7. Next: %tfs_predict digits x[:3]",
    ]
    assert [each["what"] for each in facts["steps"]] == ["exported", "loaded"]
    assert facts["next"] == ["%tfs_predict digits x[:3]", "%tfs_draw digits"]


def test_signatures_are_told_with_defaults_and_with_versions_that_have_the_same():
    inputs = {
        "image": Tensor("image", "float32", (-1, 8, 8)),
        "threshold": Tensor("threshold", "float32", (), "0.5"),
    }
    outputs = {"class": Tensor("class", "int64", (-1,))}
    of = Signature("serving_default", "predict", inputs, outputs)
    again = Signature("serve", "predict", inputs, outputs)
    found = Metadata("digits", 8, {"serving_default": of, "serve": again})

    facts = signature.facts(found, [7])

    assert signature.metadata(found, [7]).text.splitlines()[:2] == [
        "digits 8, serving_default, predict (also: serve), same as 7",
        "in   image      float32  [n, 8, 8]  required",
    ]
    (only,) = facts["signatures"]
    assert (only["name"], only["method"], only["also"]) == ("serving_default", "predict", ["serve"])
    assert [each["note"] for each in only["tensors"]] == ["required", "0.5", ""]
    assert facts["same"] == [7]


def test_an_answer_is_told_with_its_pictures_its_wait_and_the_batch_it_rode_in():
    output = np.array([[0.05, 0.9, 0.05], [0.5, 0.2, 0.3]], np.float32)
    image = np.zeros((2, 4, 4), np.float32)
    image[0, 0, :2] = 1

    shown = prediction.classes(output, image, "digits 7 (stable)", 0.0018, Timing(0.0004, 22))
    facts = prediction.facts(output, image, 7, ["stable"], 0.0018, Timing(0.0004, 22), "image")

    assert shown.text.splitlines()[-1] == "digits 7 (stable), 2 rows in 1.8 ms, batch of 22"
    assert words(shown.html).endswith(
        "2 rows in 1.8 ms, 0.4 ms of it waiting · rode in a batch of 22"
    )
    assert facts["answers"][0] == {"class": 1, "part": 0.9, "then": 2, "then_part": 0.05}
    assert facts["images"]["shades"][0] == "88" + "0" * 14


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('queue;dur=0.4, run;dur=1.2, batch;desc="22"', Timing(0.0004, 22)),
        ("run;dur=1.2", Timing()),
        ("queue;dur=0", Timing(0.0, None)),
        ("", Timing()),
        ('queue;dur=soon, batch;desc="many", ;;=,', Timing()),
        ('queue;dur=inf, batch;desc="nan"', Timing()),
    ],
)
def test_what_the_server_timed_is_read_from_its_header(header: str, expected: Timing):
    assert timed(header) == expected


@pytest.mark.parametrize(
    ("got", "expected", "written"),
    [
        ((8, 8), (-1, 8, 8), "np.asarray(x)[None]"),
        ((3, 28, 28), (-1, 28, 28, 1), "np.asarray(x)[..., None]"),
        ((3, 64), (-1, 8, 8), "np.asarray(x).reshape((-1, 8, 8))"),
        ((1, 28, 28), (-1, 8, 8), "tf.image.resize(tf.expand_dims(x, -1), (8, 8)).numpy()[..., 0]"),
        ((1, 28, 28, 3), (-1, 8, 8, 3), "tf.image.resize(x, (8, 8)).numpy()"),
        ((3, 5), (-1, 4), 'np.zeros((1, 4), "float32")'),
    ],
)
def test_a_cell_that_works_is_written_for_one_that_did_not(
    got: tuple[int, ...], expected: tuple[int, ...], written: str
):
    wanted = Tensor("image", "float32", expected)
    error = InputMismatch(wanted, Tensor("image", "float32", got), "")

    assert cell("digits", "x", error).endswith(f"%tfs_predict digits {written}")


def test_a_cell_that_works_converts_numbers_of_another_type():
    error = InputMismatch(Tensor("x", "int32", (-1,)), Tensor("x", "float64", (3,)), "")

    assert cell("a b", "x / 2", error) == (
        'import numpy as np\n\n%tfs_predict "a b" np.asarray(x / 2).astype("int32")'
    )


def test_a_canvas_that_cannot_be_shown_says_what_it_needs_within_80_columns():
    shown = canvas("digits", ["stable", "8"])

    assert "asks stable, 8 as you draw" in shown.text
    assert max(map(len, shown.text.splitlines())) <= 80


def test_an_output_that_cannot_be_a_widget_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch):
    def fail(_: object) -> None:
        raise AttributeError("of another version")

    monkeypatch.setattr("tfs_magics.widgets.display.widget_view", fail)
    shown = canvas("digits", []).live({"format": 1}, hosted=True)

    assert list(shown._repr_mimebundle_()) == ["text/plain", "text/html", MIME_TYPE]


def test_names_from_elsewhere_are_escaped_in_all_of_these():
    tensor = Tensor(EVIL, "float32", (-1, 8))
    evil = model(EVIL, version(1))
    evil["labels"] = {EVIL: 1}
    shown = [
        running(evil),
        canvas(EVIL, [EVIL]),
        served.served([ServedVersion(EVIL, 1)], EVIL, EVIL, [EVIL], 0.0, {EVIL: {EVIL: 1}}),
        prediction.classes(
            np.array([[0.1, 0.9]], np.float32), np.ones((1, 8, 8)), EVIL, 0.1, input_name=EVIL
        ),
        notice.refused_input(EVIL, EVIL, tensor, tensor, EVIL),
    ]

    for each in shown:
        assert "<img" not in each.html
        assert "&lt;img" in each.html
