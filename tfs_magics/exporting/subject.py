"""What export needs to know of any object: its name, how to write it, how to ask it directly."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server_ext.errors import InvalidArgument


@dataclass(frozen=True)
class Subject:
    """One object to export, whatever its kind.

    `name` is its own name, "" when it has none. `write` puts a SavedModel into an empty directory.
    `live` runs the object itself on tensors by alias and returns its outputs in its own structure.
    `inputs` are the aliases in the order the object takes them, empty when there is no order.
    """

    name: str
    write: Callable[[Path], object]
    live: Callable[[Mapping[str, Any]], Any]
    inputs: tuple[str, ...] = ()


def alias(name: str) -> str:
    """Return a name as an input may be called in a signature: a Python identifier, no keyword.

    Compatible with sanitize_arg_name (tensorflow/core/function/polymorphism/function_type.py), but
    for keywords, which TensorFlow refuses to save: `class` becomes `class_`.
    """
    text = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not text[:1].isalpha():
        text = f"arg_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def by_alias(sample: object, aliases: Sequence[str], *, ordered: bool = True) -> dict[str, Any]:
    """Return the parts of a check's sample by input.

    A sample is one array for a single input, else a dict by alias, or a list in the order of the
    aliases if they are `ordered`. Aliases may be given as people wrote them (`petal length`).

    Raises:
        InvalidArgument: an input is missing or unknown; the message shows the dict to pass.
    """
    if isinstance(sample, Mapping):
        spelled = {alias(key): key for key in aliases}
        given = {spelled.get(alias(str(key)), str(key)): value for key, value in sample.items()}
    elif len(aliases) == 1:
        given = {aliases[0]: sample}
    elif ordered and isinstance(sample, (list, tuple)) and len(sample) == len(aliases):
        given = dict(zip(aliases, sample, strict=True))
    else:
        given = {}
    if set(given) != set(aliases):
        shown = ", ".join(f"{key!r}: ..." for key in aliases)
        got = f"has {', '.join(map(repr, sample))}" if isinstance(sample, Mapping) else "is no dict"
        raise InvalidArgument(
            f"the model has the inputs {', '.join(aliases) or 'none'}, the check {got}: pass "
            f"check={{{shown}}}"
        )
    return given
