"""How expressions in a magic's line are evaluated."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.error import UsageError

from tfs_magics.ipython.evaluation import Names


def names(**user: Any) -> Names:
    shell = SimpleNamespace(user_global_ns=user, user_ns=user)
    return Names(shell, None)


def test_an_expression_is_evaluated_with_the_names_of_the_notebook():
    assert names(x=[1, 2, 3]).value(" x[:2] ") == [1, 2]
    assert names(x=[1, 2, 3], k=2).value("[v * k for v in x]") == [2, 4, 6]


def test_the_names_of_a_function_around_the_magic_count_too():
    shell = SimpleNamespace(user_global_ns={"x": 1}, user_ns={"x": 1})

    assert Names(shell, {"x": 2}).value("x") == 2


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x_tset[:3]", "There is no variable x_tset. Did you mean x_test?"),
        ("x_test.shap", "list has no attribute shap."),
        ("text.uppr", "str has no attribute uppr. Did you mean upper?"),
        ("pint(1)", "There is no variable pint. Did you mean print?"),
        ("x_test[", "x_test[ is not a Python expression: '[' was never closed."),
        ("x = 1", "x = 1 is not a Python expression: "),
    ],
)
def test_a_misspelt_expression_is_one_line(expression: str, said: str):
    with pytest.raises(UsageError) as error:
        names(x_test=[1], text="a").value(expression)

    assert str(error.value).startswith(said)


def test_an_error_inside_of_what_is_called_is_raised_as_it_is():
    def faulty() -> int:
        return undefined  # noqa: F821

    with pytest.raises(NameError, match="undefined"):
        names(faulty=faulty).value("faulty()")


def test_a_path_is_an_object_unless_it_is_an_expression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.keras").touch()
    (tmp_path / "net").mkdir()

    assert names().object("model.keras") == "model.keras"
    assert names(net="variable").object("net") == "variable"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("modle.keras", "No file or directory modle.keras. Did you mean model.keras?"),
        ("./nte", "No file or directory ./nte. Did you mean net?"),
        ("models/digits", "No file or directory models/digits."),
        ("nothing", "There is no variable nothing."),
    ],
)
def test_what_looks_like_a_path_and_is_none_is_told_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.keras").touch()
    (tmp_path / "net").mkdir()

    with pytest.raises(UsageError) as error:
        names().object(path)

    assert str(error.value) == said


def test_the_name_of_an_object_is_that_of_its_variable_or_attribute():
    given = names()

    assert given.own_name("model", object()) == "model"
    assert given.own_name("trainer.best", object()) == "best"
    assert given.own_name("make()", object()) is None
    assert given.own_name("path", "some/where") is None


def test_signatures_are_pairs_of_a_name_and_a_function():
    given = names(model=SimpleNamespace(call=print), five=5)

    assert given.functions(["call=model.call"]) == {"call": print}
    with pytest.raises(UsageError, match="use NAME=FUNCTION"):
        given.functions(["call"])
    with pytest.raises(UsageError, match="five is a int, not a function"):
        given.functions(["call=five"])


def test_braces_and_dollars_in_a_word_stand_for_values():
    given = names(port=8000)

    assert given.expand("{port}") == "8000"
    assert given.expand("$port") == "8000"
    assert given.expand("{absent}") == "{absent}"
    assert given.expand("plain") == "plain"
