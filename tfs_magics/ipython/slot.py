"""Tells which argument of a magic the cursor stands in.

x = %tfs_predict digits --version 1|      magic tfs_predict, action --version, fragment "1"
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tfs_magics.ipython.arguments import EXPRESSIONS, PAIR, words

_LINE = re.compile(r"(?:\s*|.*=\s*)%{1,2}(?P<magic>tfs\w*)\s(?P<rest>.*)", re.DOTALL)
_AUTOMAGIC = re.compile(r"(?P<magic>tfs_\w+)\s(?P<rest>.*)", re.DOTALL)
_LAST = re.compile(r"\S*$")
_NAME = re.compile(r"[^\W\d][\w.]*$")
_TEXT = re.compile(r"""(?:.*\s)?(?:"[^"]*|'[^']*)""", re.DOTALL)


@dataclass(frozen=True)
class Slot:
    """Where the cursor is: an argument (`action` None: an option's name), and what is typed of it.

    `given` are the positional words before, `chosen` the values of options by their name, `label`
    is what stands before the equals sign of a pair.
    """

    magic: str
    action: argparse.Action | None
    fragment: str
    options: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """The name or dotted name at the end of an expression."""
        found = _NAME.search(self.fragment)
        return found[0] if found else ""

    @property
    def is_expression(self) -> bool:
        """Whether any Python may stand here."""
        metavar = self.action.metavar if self.action is not None else None
        return metavar == "EXPR" or (metavar == "OBJ" and "." in self.name)

    @property
    def is_python(self) -> bool:
        """Whether IPython may know more than what is served, in memory and on disk."""
        if self.action is None:
            return not self.fragment.startswith("--")  # -x may be an expression
        known = {"OBJ": bool(self.fragment), "MODEL": "." in self.name, PAIR: True}
        return self.is_expression or known.get(str(self.action.metavar), False)

    @property
    def key(self) -> tuple[object, ...]:
        """What the values depend on: not on the letters that are typed last."""
        dest = self.action.dest if self.action else ""
        return (self.magic, dest, self.given, self.chosen, self.label, self.directory)

    @property
    def directory(self) -> str | None:
        """The directory of a path that is typed, None if it is no path."""
        if self.fragment.startswith(("~", ".")) or os.sep in self.fragment:
            return os.path.dirname(self.fragment)
        return None


class Line(NamedTuple):
    """A line of ours up to the cursor; `marked` with a percent sign, or known by its word."""

    magic: str
    rest: str
    marked: bool

    @property
    def in_text(self) -> bool:
        """Whether the cursor is in a text that begins a word: no key of a dict, no call."""
        return _TEXT.fullmatch(self.rest) is not None

    def slot(self, parser: argparse.ArgumentParser) -> Slot | None:
        """Return where the cursor is, None where nothing may stand."""
        token = _LAST.search(self.rest)
        last = token[0] if token else ""
        before = [word.text for word in words(self.rest[: len(self.rest) - len(last)])]
        return _Reader(self.magic, parser).slot(before, last)


def parsed(text: str) -> Line | None:
    """Return the line up to the cursor as one of our magics, None if it is none."""
    found = _LINE.fullmatch(text)
    if found:
        return Line(found["magic"], found["rest"], True)
    found = _AUTOMAGIC.fullmatch(text)
    return Line(found["magic"], found["rest"], False) if found else None


class _Reader:
    """One line of a magic, read word by word by the magic's table."""

    def __init__(self, magic: str, parser: argparse.ArgumentParser) -> None:
        self._magic = magic
        self._options = parser._option_string_actions
        self._positionals = [each for each in parser._actions if not each.option_strings]
        self._given: list[str] = []
        self._chosen: list[tuple[str, str]] = []
        self._pending: argparse.Action | None = None

    def slot(self, before: Sequence[str], last: str) -> Slot | None:
        """Return where the word `last` stands after the words before."""
        for word in before:
            self._read(word)
        name, equals, value = last.partition("=")
        if equals and name in self._options:
            return self._of(self._options[name], value)
        if last.startswith("-"):
            long = sorted({"--help", *(name for name in self._options if name.startswith("--"))})
            return Slot(self._magic, None, last, tuple(x for x in long if x.startswith(last)))
        if self._pending is not None:
            return self._of(self._pending, last)
        action = self._positional()
        return self._of(action, last) if action is not None else None

    def _read(self, word: str) -> None:
        name, equals, value = word.partition("=")
        action = self._options.get(name)
        if action is not None:
            self._pending = action if action.nargs != 0 and not equals else None
            if equals:
                self._chosen.append((action.dest, value))
        elif self._pending is not None:
            self._chosen.append((self._pending.dest, word))
            if self._pending.metavar not in (*EXPRESSIONS, PAIR):
                self._pending = None
        else:
            self._given.append(word)

    def _positional(self) -> argparse.Action | None:
        place = len(self._given)
        if place < len(self._positionals):
            return self._positionals[place]
        several = bool(self._positionals) and self._positionals[-1].nargs == "*"
        return self._positionals[-1] if several else None

    def _of(self, action: argparse.Action, value: str) -> Slot:
        label = ""
        if action.metavar == "LABEL=N" and "=" in value:
            label, _, value = value.partition("=")
        given, chosen = tuple(self._given), tuple(self._chosen)
        return Slot(self._magic, action, value, given=given, chosen=chosen, label=label)
