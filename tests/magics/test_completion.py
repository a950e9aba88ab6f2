"""Tab in the lines of our magics: options, and values from what is served, in memory and on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from tfs_magics import connection, serving
from tfs_magics.ipython.completion import BUDGET_S, Budget
from tfs_magics.ipython.values import Value

MODELS: list[dict[str, Any]] = [
    {
        "name": "digits",
        "base_path": "/nowhere",
        "policy": "latest: 1",
        "labels": {"stable": 3},
        "versions": [
            {"version": 4, "state": "LOADING", "error": None, "signatures": []},
            {"version": 3, "state": "AVAILABLE", "error": None, "signatures": ["serving_default"]},
            {"version": 2, "state": "END", "error": {"message": "no"}, "signatures": []},
        ],
    },
    {
        "name": "digital",
        "base_path": "/nowhere",
        "policy": "latest: 1",
        "labels": {},
        "versions": [],
    },
]


class Told:
    """A connection that tells of models that are always there; `slow` makes it take its time."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def status(self) -> dict[str, Any]:
        self.go.wait(30)
        return {"server": {"state": "running"}, "models": MODELS}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    told = Told()
    monkeypatch.setattr(connection, "current", lambda: told)
    yield told
    told.go.set()


@pytest.fixture(params=[False, True], ids=["jedi off", "jedi on"])
def complete(request: pytest.FixtureRequest, shell: Any) -> Callable[[str], list[str]]:
    """Return what stands in the line after each completion, as front ends put it in."""
    completer = shell.shell.Completer
    completer.use_jedi = request.param

    def complete(line: str) -> list[str]:
        with provisionalcompleter():
            found = list(completer.completions(line, len(line)))
        return [line[: each.start] + each.text + line[each.end :] for each in found]

    return complete


def types(shell: Any, line: str) -> dict[str, str]:
    with provisionalcompleter():
        return {each.text: each.type for each in shell.shell.Completer.completions(line, len(line))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%tfs_predict dig", ["%tfs_predict digital", "%tfs_predict digits"]),
        ("y = %tfs_predict digit", ["y = %tfs_predict digital", "y = %tfs_predict digits"]),
        ("%%tfs_request digits", ["%%tfs_request digits"]),
        ("%tfs_metadata digits --ver", ["%tfs_metadata digits --version"]),
        ("%tfs_label digits st", ["%tfs_label digits stable="]),
        ("%tfs_label digits stable=", ["%tfs_label digits stable=3"]),
        (
            "%tfs_serve --batching ",
            [f"%tfs_serve --batching {way}" for way in ("off", "on", "auto")],
        ),
        ("%tfs_serve --batching=a", ["%tfs_serve --batching=auto"]),
        ("%tfs_serve --server o", ["%tfs_serve --server own"]),
        (
            "%tfs_predict digits x --signature ",
            ["%tfs_predict digits x --signature serving_default"],
        ),
        ("%tfs_unload digits --version 3", ["%tfs_unload digits --version 3"]),
    ],
)
def test_a_line_is_completed_from_what_there_is(
    complete: Callable[[str], list[str]], told: Told, line: str, expected: list[str]
):
    assert complete(line) == expected


def test_versions_come_with_their_state_the_newest_first(shell: Any, told: Told):
    found = types(shell, "%tfs_unload digits --version ")

    assert found == {"4": "loading", "3": "available", "2": "failed"}
    assert list(found) == ["4", "3", "2"]


def test_all_options_of_a_magic_are_offered(shell: Any, told: Told):
    assert set(types(shell, "%tfs_stop -")) == {"--all", "--help"}
    assert "--replace" in types(shell, "%tfs_serve digits --")


def test_paths_and_models_on_disk_are_offered(shell: Any, told: Told, tmp_path: Path):
    for name in ("models/churn/1", "models/empty", "data"):
        (tmp_path / name).mkdir(parents=True)

    assert types(shell, "%tfs_serve ch") == {"churn": "on disk"}
    assert types(shell, "%tfs_serve ./") == {"./data/": "directory", "./models/": "directory"}
    assert types(shell, "%tfs_serve models/") == {
        "models/churn/": "directory",
        "models/empty/": "directory",
    }
    assert types(shell, "%tfs_serve --base-path m") == {"models/": "directory"}
    assert types(shell, f"%tfs_serve {tmp_path}/d") == {f"{tmp_path}/data/": "directory"}


@pytest.mark.tensorflow
def test_variables_that_can_be_exported_are_offered(shell: Any, told: Told):
    shell.run("import tensorflow as tf\nmodule = tf.Module()\nmodern = 1\n_mod = tf.Module()")

    assert types(shell, "%tfs_export mod") == {"module": "variable"}
    assert types(shell, "%tfs_serve mod") == {"module": "variable"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%tfs_predict digits x_te", ["%tfs_predict digits x_test"]),
        ("%tfs_predict digits x_test[dign", ["%tfs_predict digits x_test[dignity"]),
        ("%tfs_predict digits dignity.bit_l", ["%tfs_predict digits dignity.bit_length"]),
        ("%tfs_export model --check x_te", ["%tfs_export model --check x_test"]),
    ],
)
def test_names_in_expressions_are_those_of_the_notebook(
    complete: Callable[[str], list[str]], shell: Any, told: Told, line: str, expected: list[str]
):
    shell["x_test"] = 1
    shell["dignity"] = 1

    assert complete(line) == expected


@pytest.mark.parametrize("line", ["x = 1 + dig", "%timeit dig", "tfs_predictor dig", "# %tfs dig"])
def test_other_lines_are_left_to_ipython(shell: Any, told: Told, line: str):
    shell["dignity"] = 1

    assert "digits" not in types(shell, line)


@pytest.mark.parametrize(
    "line",
    [
        "%tfs_export ",
        "%tfs_predict digits --version 3 --signature nothing_like_it",
        "%tfs_metadata nothing_like_it",
        "%tfs_serve --server i",
        "%tfs_status i",
        '%tfs_predict digits "unclosed ',
    ],
)
def test_where_there_is_nothing_to_offer_ipython_offers_nothing_either(
    complete: Callable[[str], list[str]], told: Told, line: str
):
    assert complete(line) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('%tfs_predict pair data["', "ages"),
        ("%tfs_predict pair -x_te", "x_test"),
        ("%tfs_export str(x_te", "x_test"),
        ("%tfs_serve x_test.bit_l", "bit_length"),
    ],
)
def test_what_ipython_knows_of_expressions_is_still_offered(
    shell: Any, told: Told, line: str, expected: str
):
    shell["data"] = {"ages": 1}
    shell["x_test"] = 1
    shell.shell.Completer.use_jedi = True

    assert any(expected in each for each in types(shell, line))


def test_names_of_magics_are_completed_by_ipython(complete: Callable[[str], list[str]]):
    assert complete("%tfs_pred") == ["%tfs_predict"]


def test_the_old_way_to_ask_works_too(shell: Any, told: Told):
    with pytest.warns(PendingDeprecationWarning):
        text, found = shell.shell.complete("", "%tfs_predict dig", 16)

    assert found == ["digital", "digits"]
    assert text == "dig"


def test_a_tab_waits_no_longer_than_its_budget_and_gets_the_answer_the_next_time(
    shell: Any, told: Told, eventually: Callable[..., Any]
):
    told.go.clear()

    assert types(shell, "%tfs_metadata dig") == {}
    told.go.set()

    assert eventually(lambda: types(shell, "%tfs_metadata dig"))


def test_one_thread_works_on_a_question_however_often_it_is_asked(eventually: Callable[..., Any]):
    budget, go, asked = Budget(), threading.Event(), []

    def question() -> list[Value]:
        asked.append(time.monotonic())
        go.wait(30)
        return [Value("answer", "kind")]

    began = time.monotonic()
    assert budget.get("key", question) == ()
    assert time.monotonic() - began >= BUDGET_S
    assert budget.get("key", question) == ()
    go.set()

    assert eventually(lambda: budget.get("key", question)) == [Value("answer", "kind")]
    assert len(asked) == 1


def test_a_server_that_cannot_be_reached_completes_nothing_and_says_nothing(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("TFS_MANAGER_URL", "http://127.0.0.1:9")

    assert "digits" not in types(shell, "%tfs_metadata di")
    assert "digits" not in types(shell, "%tfs_metadata 'di")
    assert capfd.readouterr() == ("", "")


def test_unloading_completes_no_longer(shell: Any, told: Told):
    shell.run("%unload_ext tfs_magics")
    assert "digits" not in types(shell, "%tfs_predict dig")
    assert not shell.shell.Completer.custom_matchers

    shell.run("%load_ext tfs_magics")
    assert "digits" in types(shell, "%tfs_predict dig")
    assert len(shell.shell.Completer.custom_matchers) == 1


@pytest.mark.tensorflow
def test_what_is_really_served_is_offered(shell: Any, served: Path):
    shell.run("%tfs_status")  # the first look of a session may take longer than a Tab

    assert "digits" in types(shell, "%tfs_predict di")
    assert types(shell, "%tfs_predict digits --version ") == {"1": "available"}
    assert "serving_default" in types(shell, "%tfs_predict digits --signature s")
    assert serving.status().data["pid"]
