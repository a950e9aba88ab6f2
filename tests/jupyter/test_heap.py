"""What Jupyter has loaded is not looked through by the garbage collector any more."""

from __future__ import annotations

import gc

import pytest

from server_ext.jupyter import heap


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_is_there_is_left_alone_and_what_comes_is_collected_as_ever():
    class Cycle:
        def __init__(self) -> None:
            self.me = self

    before = len(gc.get_objects())

    heap.settle()
    Cycle()

    assert len(gc.get_objects()) < before / 10
    assert gc.collect() >= 1
