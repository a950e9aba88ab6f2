"""How the line of a magic is split."""

from __future__ import annotations

import argparse

import pytest
from IPython.core.error import UsageError

from tfs_magics.ipython.arguments import PAIR, HelpWanted, split, words


def predict_table() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("x", metavar="EXPR")
    parser.add_argument("--version", type=int, metavar="N")
    parser.add_argument("--grpc", action="store_true")
    parser.add_argument("--check", metavar="EXPR")
    parser.add_argument("-n", "--lines", type=int)
    parser.add_argument("--signature", action="append", metavar=PAIR)
    return parser


def serve_table() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--base-path")
    return parser


def parsed(line: str, parser: argparse.ArgumentParser | None = None) -> dict[str, object]:
    parser = parser or predict_table()
    values = parser.parse_args(split(line, parser, "%magic", lambda word: word))
    return {name: value for name, value in vars(values).items() if value not in (None, False)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("m x[:3]", {"name": "m", "x": "x[:3]"}),
        ("m x_test[:3, ..., None] / 255.0", {"name": "m", "x": "x_test[:3, ..., None] / 255.0"}),
        ("m x --version 2", {"name": "m", "x": "x", "version": 2}),
        ("m --version=2 x + y", {"name": "m", "x": "x + y", "version": 2}),
        ("--grpc m f(a, b='c d')", {"name": "m", "x": "f(a, b='c d')", "grpc": True}),
        ("m x --grpc + 1", {"name": "m", "x": "x + 1", "grpc": True}),
        ('m {"a": x, "b": -y}', {"name": "m", "x": '{"a": x, "b": -y}'}),
        ("m -x", {"name": "m", "x": "-x"}),
        ("m x  # --version 2", {"name": "m", "x": "x"}),
        ("m d['#']", {"name": "m", "x": "d['#']"}),
        ("m '--version 3' * 2", {"name": "m", "x": "'--version 3' * 2"}),
        ("m [a, --b]", {"name": "m", "x": "[a, --b]"}),
        ("m x;", {"name": "m", "x": "x"}),
        ("m x ;", {"name": "m", "x": "x"}),
        ("m x --check y[:8] / 2 --grpc", {"name": "m", "x": "x", "check": "y[:8] / 2", "grpc": 1}),
        ("m x --check=y[0, 1]", {"name": "m", "x": "x", "check": "y[0, 1]"}),
        ("m x --check -y", {"name": "m", "x": "x", "check": "-y"}),
        ("m x -n 5", {"name": "m", "x": "x", "lines": 5}),
        ("m x -n5", {"name": "m", "x": "x", "lines": 5}),
        ("m x --signature a=b.c", {"name": "m", "x": "x", "signature": ["a=b.c"]}),
        ("--signature a=b d=e m x==y", {"name": "m", "x": "x==y", "signature": ["a=b", "d=e"]}),
        ("'m' x", {"name": "m", "x": "x"}),
        ("m r'\\d \"[' + y", {"name": "m", "x": "r'\\d \"[' + y"}),
    ],
)
def test_an_expression_survives_with_its_blanks_and_brackets(line: str, expected: object):
    assert parsed(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {"models": []}),
        ("a b", {"models": ["a", "b"]}),
        ("'my models/a' --base-path 'x y'", {"models": ["my models/a"], "base_path": "x y"}),
        ("a --base-path=x b  # both", {"models": ["a", "b"], "base_path": "x"}),
    ],
)
def test_words_that_are_no_expression_are_taken_one_by_one(line: str, expected: object):
    assert parsed(line, serve_table()) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("m x --versoin 1", "%magic has no option --versoin. Did you mean --version?"),
        ("m x --zzz", "%magic has no option --zzz. Options: "),
        ("m x --version", "--version needs a value, N."),
        ("m x --version --grpc", "--version needs a value, N."),
        ("m x --check", "--check needs a value, EXPR."),
        ("m x --grpc=1", "--grpc takes no value, but got '1'."),
    ],
)
def test_a_wrong_option_is_told_with_the_nearest_right_one(line: str, said: str):
    with pytest.raises(UsageError) as error:
        parsed(line)

    assert str(error.value).startswith(said)


def test_a_word_too_many_is_named():
    parser = argparse.ArgumentParser(add_help=False)

    with pytest.raises(UsageError, match="%magic has no use for now"):
        parsed("now", parser)


@pytest.mark.parametrize("line", ["--help", "-h", "m x --help"])
def test_help_is_asked_for_anywhere(line: str):
    with pytest.raises(HelpWanted):
        parsed(line)


def test_names_are_replaced_in_words_but_not_in_expressions():
    parser = predict_table()

    given = split("{m} {x} --version $v", parser, "%magic", lambda word: word.strip("{}$") + "!")

    assert given == ["--version=v!", "--", "m!", "{x}"]


def test_an_open_bracket_or_quote_reaches_to_the_end():
    assert [word.text for word in words("m x[1, 2 --a")] == ["m", "x[1, 2 --a"]
    assert [word.text for word in words("m 'it")] == ["m", "'it"]
