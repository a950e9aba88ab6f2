"""Lets packages that TensorFlow imports for its users, and a server never uses, come later or not.

    with put_off("keras"):          TensorFlow tries `import keras` at its end, for the sake of
        import tensorflow           whoever trains, and goes on without
    tensorflow.keras, import keras  from here on as ever: imported when somebody asks

Keras with all that it brings is a third of the time of `import tensorflow`, and some 80 MB. Not for
processes of users: threads that import such a package meanwhile are refused, too.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


@contextlib.contextmanager
def put_off(name: str) -> Iterator[None]:
    """Refuse to import a top-level package; one that has been imported already stays."""
    finder = _Later(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Later(MetaPathFinder, Loader):
    """Finds the package, as TensorFlow asks where it lies, and does not load it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self._name else None
        if spec:
            spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        raise ImportError(f"{name} is put off until TensorFlow is imported", name=name)
