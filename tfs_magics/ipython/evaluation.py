"""Evaluates what stands in a magic's line with the names of the cell around it."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import linecache
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from IPython.core.error import UsageError
from IPython.utils.text import DollarFormatter

from tfs_magics.exporting.exportables import can_be_exported
from tfs_magics.live import Live
from tfs_magics.nearest import suggestion

_CALLABLE = Callable[..., Any]
_FILE = "<magic>"
_FILES = (".keras", ".h5", ".hdf5")


class Names:
    """The names a magic may use: the notebook's, and those of the function it stands in, if any."""

    def __init__(self, shell: Any, local: Mapping[str, Any] | None) -> None:
        self._global: dict[str, Any] = shell.user_global_ns
        self._local = shell.user_ns if local is None else local

    def expand(self, word: str) -> str:
        """Replace `{expression}` and `$name` in a word; one that cannot be stays as it is."""
        if "{" not in word and "$" not in word:
            return word
        with contextlib.suppress(Exception):
            return str(DollarFormatter().vformat(word, (), {**self._global, **self._local}))
        return word

    def value(self, expression: str) -> Any:
        """Return the value of an expression.

        Raises:
            UsageError: it is no expression, or a name in it does not exist. What goes wrong further
                inside is raised as it is.
        """
        __tracebackhide__ = True  # IPython shows what went wrong in the expression, not here
        source = expression.strip()
        linecache.cache[_FILE] = (len(source), None, [f"{source}\n"], _FILE)
        try:
            code = compile(source, _FILE, "eval")
        except (SyntaxError, ValueError) as error:
            said = getattr(error, "msg", None) or str(error)
            raise UsageError(f"{expression} is not a Python expression: {said}.") from None
        try:
            return eval(code, self._global, dict(self._local))
        except (NameError, AttributeError) as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                inner = error.__traceback__.tb_next
                if inner.tb_next is None and inner.tb_frame.f_code is code:
                    raise UsageError(self._misspelt(error)) from None
            raise

    def object(self, expression: str) -> Any:
        """Return the value of an expression, or the path that it is instead.

        Raises:
            UsageError: it is neither; for what looks like a path, with the nearest one.
        """
        __tracebackhide__ = True
        source = expression.strip()
        path = os.path.expanduser(source)
        try:
            return self.value(source)
        except UsageError:
            if os.path.exists(path):
                return path
            if _looks_like_a_path(source):
                raise UsageError(f"No file or directory {source}.{_nearest(path)}") from None
            raise

    def live(self, word: str) -> Live | None:
        """Return the object that a name or dotted name stands for, if it is one to be exported."""
        first, *rest = word.split(".")
        if not all(part.isidentifier() for part in (first, *rest)):
            return None
        found = self._local.get(first, self._global.get(first))
        for part in rest:
            found = inspect.getattr_static(found, part, None)
        return Live(found, (first, *rest)[-1], variable=True) if can_be_exported(found) else None

    def kind(self, word: str) -> str:
        """Return in words that a name is that of something else than a model; empty if of none."""
        variables = self.variables()
        if word not in variables:
            return ""
        kind = type(variables[word]).__name__
        return f" The variable {word} is of type {kind}, which is no model that can be exported."

    def variables(self) -> dict[str, Any]:
        """Return the names of the notebook that are its own, with their values."""
        return {
            name: value
            for name, value in {**self._global, **self._local}.items()
            if not name.startswith("_")
        }

    def own_name(self, expression: str, value: Any) -> str | None:
        """Return the variable's or attribute's name an expression consists of, else None."""
        if isinstance(value, str | os.PathLike):
            return None
        node = ast.parse(expression.strip(), mode="eval").body
        if isinstance(node, ast.Name):
            return node.id
        return node.attr if isinstance(node, ast.Attribute) else None

    def functions(self, pairs: Sequence[str]) -> dict[str, _CALLABLE]:
        """Return what `name=expression` words stand for.

        Raises:
            UsageError: a word is not of that form, or the value is no function.
        """
        found: dict[str, _CALLABLE] = {}
        for pair in pairs:
            name, equals, expression = pair.partition("=")
            if not (name and equals and expression):
                raise UsageError(f"--signature {pair}: use NAME=FUNCTION, such as call=model.call.")
            value = self.value(expression)
            if not callable(value):
                raise UsageError(
                    f"--signature {pair}: {expression} is a {type(value).__name__}, not a function."
                )
            found[name] = value
        return found

    def _misspelt(self, error: NameError | AttributeError) -> str:
        if isinstance(error, AttributeError):
            owner = error.obj
            hint = suggestion(error.name or "", [n for n in dir(owner) if n[0] != "_"])
            return f"{type(owner).__name__} has no attribute {error.name}.{hint}"
        known = [name for name in {**self._global, **self._local} if not name.startswith("_")]
        hint = suggestion(error.name or "", [*known, *dir(builtins)])
        return f"There is no variable {error.name}.{hint}"


def _looks_like_a_path(source: str) -> bool:
    named = source.startswith((".", "~", os.sep)) or source.endswith(_FILES)
    return named or (os.sep in source and " " not in source)


def _nearest(path: str) -> str:
    """Return ` Did you mean X?` for a path beside the one that does not exist."""
    directory, name = os.path.split(path)
    with contextlib.suppress(OSError):
        return suggestion(name, os.listdir(directory or "."))
    return ""
