"""What does not fit into memory is refused before it loads, and what is loaded goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server_ext.errors import Code
from server_ext.lifecycle.policy import State, resource_preserving
from server_ext.lifecycle.retries import Retries

START, LOADING, AVAILABLE, UNLOADING, END = State
WAIT_S = 10


@pytest.fixture
def sized(version):
    """Make the loader of a version that takes so many bytes."""

    def make(size_bytes, **how):
        made = version(**how)
        return made, replace(made.loader, memory_bytes=lambda: size_bytes)

    return make


def test_without_a_limit_everything_fits(manager, sized):
    manager.aspire("m", {1: sized(2**60)[1], 2: sized(2**60)[1]})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert manager.wait("m", 2, AVAILABLE, WAIT_S)


def test_a_version_that_does_not_fit_is_refused_and_the_old_one_goes_on(make_manager, sized):
    manager = make_manager(memory_limit_bytes=100, retries=Retries(limit=5))
    big, loader = sized(60)
    manager.aspire("m", {1: sized(60)[1]})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    manager.aspire("m", {2: loader})

    assert manager.wait("m", 2, END, WAIT_S)
    refused, serving = manager.versions("m")
    assert (serving.version, serving.state) == (1, AVAILABLE)
    assert refused.error.code is Code.RESOURCE_EXHAUSTED
    assert refused.error.message == (
        "Insufficient resources to load servable {name: m version: 2}: it takes about 60 bytes, "
        "and 40 of the 100 bytes of --total_model_memory_limit_bytes are free"
    )
    assert big.loads == 0


def test_what_was_refused_is_tried_again_when_it_fits(make_manager, sized):
    manager = make_manager(memory_limit_bytes=100)
    manager.aspire("other", {1: sized(60)[1]})
    assert manager.wait("other", 1, AVAILABLE, WAIT_S)
    loader = sized(60)[1]
    manager.aspire("m", {1: loader})
    assert manager.wait("m", 1, END, WAIT_S)
    manager.aspire("m", {1: loader})
    assert manager.versions("m")[0].state is END

    manager.aspire("other", {})
    assert manager.wait("other", 1, END, WAIT_S)
    manager.aspire("m", {1: loader})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)


def test_a_load_that_fails_gives_its_memory_back(make_manager, sized):
    manager = make_manager(memory_limit_bytes=100)
    manager.aspire("m", {1: sized(60, error=ValueError("broken"))[1]})
    assert manager.wait("m", 1, END, WAIT_S)

    manager.aspire("m", {2: sized(60)[1]})

    assert manager.wait("m", 2, AVAILABLE, WAIT_S)


def test_with_the_resource_preserving_policy_one_version_at_a_time_is_enough(make_manager, sized):
    manager = make_manager(memory_limit_bytes=100, policy=resource_preserving)
    manager.aspire("m", {1: sized(60)[1]})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    manager.aspire("m", {2: sized(60)[1]})

    assert manager.wait("m", 2, AVAILABLE, WAIT_S)


def test_a_size_that_cannot_be_told_is_left_to_the_load(make_manager, version):
    def gone():
        raise OSError("no such directory")

    manager = make_manager(memory_limit_bytes=100)
    manager.aspire("m", {1: replace(version().loader, memory_bytes=gone)})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
