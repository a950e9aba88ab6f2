"""The benchmark is a script with its modules beside it; its tests find them as it does."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function from the name of a module of the benchmark to the module."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module
