"""The choices on the command line of the benchmark."""

import pytest


@pytest.fixture
def arguments(bench):
    return bench("arguments")


def test_without_words_all_is_measured_three_times(arguments, bench):
    models = bench("models").MODELS

    choice = arguments.parse([])

    assert choice.models == tuple(models)
    assert choice.contenders == arguments.CONTENDERS
    assert choice.loads_of(models["dense"]) == list(models["dense"].loads)
    assert choice.rounds == 3


@pytest.mark.parametrize(("model", "loads"), [("dense", ["64"]), ("mobilenet", ["16"])])
def test_a_quick_run_has_the_load_that_keeps_a_server_busy(arguments, bench, model, loads):
    choice = arguments.parse(["--quick", f"--models={model}"])

    assert choice.loads_of(bench("models").MODELS[model]) == loads


def test_a_load_that_a_model_does_not_have_is_left_out(arguments, bench):
    choice = arguments.parse(["--loads", "512", "1"])

    assert choice.loads_of(bench("models").MODELS["dense"]) == ["1", "512"]
    assert choice.loads_of(bench("models").MODELS["mobilenet"]) == ["1"]


@pytest.mark.parametrize("words", [["--models", "large"], ["--loads", "65"], ["--write", "x"]])
def test_a_wrong_choice_ends_with_an_explanation(arguments, words, capsys):
    with pytest.raises(SystemExit):
        arguments.parse(words)

    assert words[-1] in capsys.readouterr().err
