"""The magics in a shell of their own, as far as they go without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tfs_magics
from server_ext.errors import InvalidArgument
from tfs_magics import serving
from tfs_magics.magics import TFSMagics

NAMES = ["export", "serve", "predict", "request", "status", "metadata", "label", "load", "unload"]
NAMES += ["ps", "where", "restart", "stop", "logs"]


def test_loading_prints_nothing_and_twice_is_once(shell: Any):
    before = dict(shell.shell.magics_manager.registry)

    ran = shell.run("import tfs_magics; tfs_magics.load_ipython_extension(get_ipython())")

    assert (ran.out, ran.err) == ("", "")
    assert shell.shell.magics_manager.registry == before


@pytest.mark.usefixtures("no_server")
def test_reloading_leaves_the_magics_and_the_functions_there(shell: Any):
    ran = shell.run("%reload_ext tfs_magics")

    assert (ran.out, ran.err) == ("", "")
    assert "stopped" in shell.run("%tfs_status").out
    assert tfs_magics.export is serving.export


def test_unloading_takes_the_magics_away(shell: Any):
    shell.run("%unload_ext tfs_magics")

    assert "not found" in shell.run("%tfs_status").usage_error
    assert shell.run("%load_ext tfs_magics").err == ""
    assert "Magic" not in shell.run("%tfs_status").err


def test_a_bare_tfs_lists_every_magic(shell: Any):
    listed = shell.run("%tfs").out

    for name in NAMES:
        assert f"{'%%' if name == 'request' else '%'}tfs_{name}" in listed


@pytest.mark.parametrize("name", NAMES)
def test_each_magic_has_help_from_its_table(shell: Any, name: str):
    parser = getattr(TFSMagics, f"tfs_{name}").parser
    cell = "\n{}" if name == "request" else ""

    ran = shell.run(f"%{'%' * bool(cell)}tfs_{name} --help{cell}")

    assert ran.error is None
    assert f"%tfs_{name}" in ran.out
    for action in parser._actions:
        assert (action.option_strings or [action.metavar])[-1] in ran.out


@pytest.mark.parametrize("name", NAMES)
def test_a_question_mark_shows_the_same_help(shell: Any, name: str):
    prefix = "%%" if name == "request" else "%"
    info = shell.shell.object_inspect(f"{prefix}tfs_{name}")

    assert info["found"]
    assert f"%tfs_{name}" in info["docstring"]


@pytest.mark.parametrize("name", NAMES)
def test_each_magic_is_a_function_for_scripts(name: str):
    function = getattr(tfs_magics, name)

    assert function is getattr(serving, name)
    assert function.__doc__


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'exporrt'"):
        tfs_magics.exporrt  # noqa: B018
    assert set(NAMES) <= set(dir(tfs_magics))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%tfs_predict m x_tset[:3]", "There is no variable x_tset. Did you mean x_test?"),
        ("%tfs_predict m x_test --versoin 1", "%tfs_predict has no option --versoin. Did you mean"),
        ("%tfs_predict m", "the following arguments are required: EXPR"),
        ("%tfs_predict m x_test --version one", "argument --version: invalid int value: 'one'"),
        ("%tfs_export modl", "There is no variable modl. Did you mean model?"),
        ("%tfs_export model --signature call", "--signature call: use NAME=FUNCTION"),
        ("%tfs_export model --check x_tst[:3] --overwrite", "There is no variable x_tst."),
        ("%tfs_export model --overwirte", "%tfs_export has no option --overwirte. Did you mean"),
        ("%tfs_export ./modl", "No file or directory ./modl."),
        ("%tfs_logs --lines 0", "0 lines cannot be shown: ask for 1 or more."),
        ("%tfs_serve s3://bucket/digits", "s3://bucket/digits is not on this machine."),
        ("%tfs_serve digits --versions newest", "versions 'newest' is not a choice of versions"),
        ("%tfs_status now", "%tfs_status has no use for now."),
        ("%%tfs_request\n{}", "the following arguments are required: NAME"),
    ],
)
def test_a_mistake_in_the_line_is_one_red_line(shell: Any, cell: str, said: str):
    shell["x_test"] = np.zeros((3, 4))
    shell["model"] = object()

    assert shell.run(cell).usage_error.startswith(said)


def test_an_error_inside_of_the_expression_shows_the_expression_and_none_of_our_code(shell: Any):
    shell.run("def faulty():\n    return undefined")

    shown = shell.run("%tfs_predict m faulty()").out

    assert "----> 1 faulty()" in shown
    assert "name 'undefined' is not defined" in shown
    assert "tfs_magics" not in shown


def test_an_interrupt_is_one_line_and_still_an_interrupt(shell: Any):
    shell.run("def slow():\n    raise KeyboardInterrupt")

    ran = shell.run("%tfs_predict m slow()")

    assert isinstance(ran.error, KeyboardInterrupt)
    assert (ran.out + ran.err).strip() == "KeyboardInterrupt: %tfs_predict was interrupted."


def test_what_tensorflow_says_of_its_graph_is_left_out_of_the_line(shell: Any):
    def refuse() -> None:
        raise InvalidArgument("ConcatOp : no.\n\t [[{{function_node f}}{{node a/b}}]]")

    shell["refuse"] = refuse

    assert shell.run("%tfs_predict m refuse()").usage_error == "ConcatOp : no."


def test_the_list_of_magics_is_whole_in_a_terminal(shell: Any):
    listed = shell.run("%tfs").out

    assert "…" not in listed
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.usefixtures("no_server")
@pytest.mark.parametrize("cell", ["%tfs_predict m 1", "%tfs_metadata m", "%%tfs_request m\n{}"])
def test_without_a_server_the_way_to_one_is_told(shell: Any, cell: str):
    said = shell.run(cell).usage_error

    assert said == "No model server runs here. %tfs_serve NAME starts one."


@pytest.mark.usefixtures("no_server")
def test_without_a_server_there_is_little_to_show(shell: Any):
    assert "stopped" in shell.run("%tfs_status").out
    assert "none to stop" in shell.run("%tfs_stop").usage_error
    assert "There is nothing to serve" in shell.run("%tfs_serve").usage_error


def test_a_model_that_is_not_there_starts_no_server(shell: Any, tmp_path: Path):
    (tmp_path / "models" / "digits" / "1").mkdir(parents=True)

    said = shell.run("%tfs_serve digts").usage_error

    assert said == "No model digts in ./models. Did you mean digits?"
    assert serving.connection.current().status()["server"]["state"] == "stopped"


def test_arrays_are_shown_as_ever(shell: Any):
    shell["x"] = np.zeros((1, 2))

    assert shell.run("x").out.endswith("array([[0., 0.]])\n")


def test_who_showed_arrays_before_does_so_again(shell: Any):
    formatter = InteractiveShell.instance().display_formatter.mimebundle_formatter
    shell.run("%unload_ext tfs_magics")
    formatter.for_type(np.ndarray, lambda array: {"text/plain": "an array"})
    shell["x"] = np.zeros(2)

    assert shell.run("%load_ext tfs_magics\nx").out.endswith("an array\n")
    assert shell.run("%unload_ext tfs_magics\nx").out.endswith("an array\n")
