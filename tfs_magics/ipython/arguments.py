"""Splits the line of a magic by the magic's own argument table.

    %tfs_predict digits x_test[:3] / 255 --version 2   # first three
                 NAME   EXPR             an option     a comment

Python expressions keep their blanks, brackets and quotes: one that the table calls EXPR or OBJ is
the rest of the line that is no option, or what follows its option up to the next one. An option of
NAME=FUNCTION pairs takes all that follow. Everything else is a word, in quotes if it has blanks,
with `{name}` and `$name` replaced as IPython does.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from IPython.core.error import UsageError

from tfs_magics.nearest import suggestion

EXPRESSIONS = ("EXPR", "OBJ")
PAIR = "NAME=FUNCTION"
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_LONG = re.compile(r"--[A-Za-z][\w-]*(?==|$)")
_PAIR_WORD = re.compile(r"[A-Za-z_]\w*=(?!=)")
_SHORT = re.compile(r"-[A-Za-z]")


class HelpWanted(Exception):
    """The line asks for help rather than for anything to be done."""


class Word(NamedTuple):
    """A part of the line between blanks that are in no bracket and no quote."""

    text: str
    start: int
    end: int


def split(
    line: str, parser: argparse.ArgumentParser, magic: str, expand: Callable[[str], str]
) -> list[str]:
    """Return the line as a list for `parser.parse_args`; `expand` replaces names in a word.

    Raises:
        HelpWanted: --help or -h is among the words.
        UsageError: an unknown option, one without its value, or a word too many.
    """
    return _Splitter(line, parser, magic, expand).argv()


def words(line: str) -> list[Word]:
    """Return the words of a line, without a comment or a semicolon at its end."""
    found: list[Word] = []
    start, closing, quote, position = -1, "", "", 0
    while position < len(line):
        char = line[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char == "#" and not closing and start < 0:
            break
        elif char in "'\"":
            quote = char
        elif char in _PAIRS:
            closing = _PAIRS[char] + closing
        elif closing and char == closing[0]:
            closing = closing[1:]
        if char.isspace() and not closing and not quote:
            if start >= 0:
                found.append(Word(line[start:position], start, position))
            start = -1
        elif start < 0:
            start = position
        position += 1
    if start >= 0:
        found.append(Word(line[start:], start, len(line)))
    return _without_semicolon(found)


def _without_semicolon(found: list[Word]) -> list[Word]:
    if found and found[-1].text.endswith(";"):
        last = found.pop()
        text = last.text.rstrip(";")
        if text:
            found.append(Word(text, last.start, last.start + len(text)))
    return found


class _Splitter:
    """One line on its way to be an argument list."""

    def __init__(
        self,
        line: str,
        parser: argparse.ArgumentParser,
        magic: str,
        expand: Callable[[str], str],
    ) -> None:
        self._line = line
        self._magic = magic
        self._expand = expand
        self._words = words(line)
        actions = parser._actions
        self._options = {name: action for action in actions for name in action.option_strings}
        self._positionals = [action for action in actions if not action.option_strings]

    def argv(self) -> list[str]:
        """Return options first, then `--` and the rest, so that no value is taken for an option."""
        options: list[str] = []
        rest: list[Word] = []
        while self._words:
            word = self._words.pop(0)
            if word.text in ("--help", "-h"):
                raise HelpWanted
            if self._is_option(word):
                options.extend(self._option(word))
            else:
                rest.append(word)
        arguments = self._arguments(rest)
        return [*options, "--", *arguments] if arguments else options

    def _is_option(self, word: Word) -> bool:
        short = _SHORT.match(word.text)
        return bool(_LONG.match(word.text) or (short and short[0] in self._options))

    def _option(self, word: Word) -> list[str]:
        name, equals, value = word.text.partition("=")
        if not name.startswith("--") and len(name) > 2:  # -n20
            name, equals, value = name[:2], "=", name[2:]
        action = self._options.get(name)
        if action is None:
            hint = suggestion(name, self._options, label="Options")
            raise UsageError(f"{self._magic} has no option {name}.{hint}")
        if action.nargs == 0:
            if equals:
                raise UsageError(f"{name} takes no value, but got {value!r}.")
            return [name]
        if _is_expression(action):
            start = word.start + len(name) + 1 if equals else word.end
            value = self._line[start : self._expression_end(word.end)].strip()
        elif not equals and self._words and not self._is_option(self._words[0]):
            value = self._plain(self._words.pop(0).text)
        else:
            value = self._plain(value)
        if not value:
            raise UsageError(f"{name} needs a value, {action.metavar or action.dest.upper()}.")
        more = self._more_pairs() if action.metavar == PAIR else []
        return [f"{action.option_strings[-1]}={each}" for each in (value, *more)]

    def _more_pairs(self) -> list[str]:
        """Drop the `name=value` words that follow, and return them."""
        pairs = []
        while self._words and _PAIR_WORD.match(self._words[0].text):
            pairs.append(self._plain(self._words.pop(0).text))
        return pairs

    def _expression_end(self, end: int) -> int:
        """Drop the words of an option's expression; return where the last of them ends."""
        while self._words and not self._is_option(self._words[0]):
            end = self._words.pop(0).end
        return end

    def _arguments(self, rest: Sequence[Word]) -> list[str]:
        """Return the positional arguments; an expression takes all words that are left."""
        remaining, arguments = list(rest), []
        for action in self._positionals:
            if _is_expression(action) and remaining:
                arguments.append(self._source(remaining))
                remaining = []
            elif remaining and action.nargs != "*":
                arguments.append(self._plain(remaining.pop(0).text))
        several = bool(self._positionals) and self._positionals[-1].nargs == "*"
        if remaining and not several:
            raise UsageError(f"{self._magic} has no use for {remaining[0].text}.")
        return arguments + [self._plain(word.text) for word in remaining]

    def _source(self, parts: Sequence[Word]) -> str:
        """Return words as they stand in the line, options between them left out."""
        source = parts[0].text
        for before, word in itertools.pairwise(parts):
            blank = self._line[before.end : word.start]
            source += (blank if blank.isspace() else " ") + word.text
        return source

    def _plain(self, text: str) -> str:
        expanded = self._expand(text)
        if len(expanded) > 1 and expanded[0] == expanded[-1] and expanded[0] in "'\"":
            return expanded[1:-1]
        return expanded


def _is_expression(action: argparse.Action) -> bool:
    return action.metavar in EXPRESSIONS
