"""Which versions are found and chosen, and what the manager is told of them."""

from __future__ import annotations

import logging

import pytest

from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.source import (
    AllVersions,
    Latest,
    ModelConfig,
    Source,
    Specific,
    choose,
    scan,
)

AVAILABLE, END = State.AVAILABLE, State.END
WAIT_S = 10
LARGEST, SMALLEST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("policy", "available", "expected"),
    [
        (Latest(), [], []),
        (Latest(), [1, 3, 2], [3]),
        (Latest(2), [1, 3, 2], [3, 2]),
        (Latest(9), [1, 3, 2], [3, 2, 1]),
        (AllVersions(), [1, 3, 2], [3, 2, 1]),
        (AllVersions(), [], []),
        (Specific((1, 3)), [1, 3, 2], [3, 1]),
        (Specific((3, 3)), [1, 3, 2], [3]),
        (Specific((7,)), [1, 3, 2], []),
        (Specific(()), [1, 3, 2], []),
    ],
)
def test_a_version_policy_chooses(policy, available, expected):
    assert choose(policy, available) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], {}),
        (["1", "2", "10"], {1: "1", 2: "2", 10: "10"}),
        (["1.tmp", "2.denied", "v3", ".4.new", "5_0", "0x6", "1e3", "", " "], {}),
        (["00017"], {17: "00017"}),
        (["+3", "-4"], {3: "+3", -4: "-4"}),
        ([" 7 "], {7: " 7 "}),
        (["001", "1", "01"], {1: "1"}),
        (["001", "01"], {1: "001"}),
        (["1700000000"], {1700000000: "1700000000"}),
        ([str(LARGEST), str(SMALLEST)], {LARGEST: str(LARGEST), SMALLEST: str(SMALLEST)}),
        ([str(LARGEST + 1), str(SMALLEST - 1)], {}),
        (["٣", "²"], {}),
    ],
)
def test_children_whose_names_are_numbers_are_versions(tmp_path, names, expected):
    for name in filter(None, names):
        (tmp_path / name).mkdir()

    found = scan(str(tmp_path), AllVersions())

    assert found == {version: str(tmp_path / name) for version, name in expected.items()}


def test_a_version_asked_for_by_number_is_found_under_a_name_with_zeros(tmp_path):
    (tmp_path / "00017").mkdir()

    assert scan(str(tmp_path), Specific((17,))) == {17: str(tmp_path / "00017")}


def test_what_a_version_holds_is_not_looked_at(tmp_path):
    (tmp_path / "1").touch()

    assert scan(str(tmp_path), Latest()) == {1: str(tmp_path / "1")}


def test_a_base_path_that_cannot_be_listed_says_why(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ServingError, match=r"base path .*missing does not exist") as missing:
        scan(str(tmp_path / "missing"), Latest())
    with pytest.raises(ServingError, match="Not a directory") as not_directory:
        scan(str(tmp_path / "file"), Latest())

    assert missing.value.code is Code.NOT_FOUND
    assert not_directory.value.code is Code.FAILED_PRECONDITION


@pytest.fixture
def make_source(manager, version):
    """Make a source whose loaders load at once; what it made is in `.made` by (name, version)."""
    sources = []

    def make(poll_wait_s=0.0):
        made = {}

        def make_loader(name, number, path):
            made[name, number] = path
            return version().loader

        source = Source(manager, make_loader, poll_wait_s=poll_wait_s)
        source.made = made
        sources.append(source)
        return source

    yield make
    for source in sources:
        source.close()


def available(manager, name):
    return [s.version for s in manager.versions(name) if s.state is AVAILABLE]


def serves(manager, name, versions):
    return manager.wait_until(lambda: available(manager, name) == versions, WAIT_S)


def make_versions(base, *numbers):
    for number in numbers:
        (base / str(number)).mkdir(parents=True)
    return ModelConfig(base.name, str(base))


def test_what_is_found_is_served(manager, make_source, tmp_path):
    source = make_source()
    config = make_versions(tmp_path / "m", 1, 2)

    source.serve([config])

    assert serves(manager, "m", [2])
    assert source.made == {("m", 2): str(tmp_path / "m" / "2")}
    assert source.models == (config,)
    assert source.problem("m") is None


def test_a_look_finds_new_versions_and_unloads_those_that_vanished(manager, make_source, tmp_path):
    source = make_source()
    source.serve([make_versions(tmp_path / "m", 1)])
    assert serves(manager, "m", [1])

    make_versions(tmp_path / "m", 2)
    source.poll()
    assert serves(manager, "m", [2])

    (tmp_path / "m" / "2").rmdir()
    source.poll()
    assert serves(manager, "m", [1])


def test_the_source_looks_again_by_itself(manager, make_source, tmp_path):
    source = make_source(poll_wait_s=0.001)
    source.serve([ModelConfig("m", str(tmp_path / "m"))])
    source.start()

    make_versions(tmp_path / "m", 1)

    assert serves(manager, "m", [1])


def test_with_a_negative_wait_it_looks_only_when_told(manager, make_source, tmp_path):
    source = make_source(poll_wait_s=-1)
    source.start()

    source.serve([make_versions(tmp_path / "m", 1)])
    assert manager.models() == []

    source.poll()
    assert serves(manager, "m", [1])


def test_a_model_no_longer_configured_is_unloaded_and_the_others_stay(
    manager, make_source, tmp_path
):
    source = make_source()
    gone, stays = make_versions(tmp_path / "gone", 1), make_versions(tmp_path / "stays", 1)
    source.serve([gone, stays])
    assert serves(manager, "gone", [1])
    assert serves(manager, "stays", [1])

    source.serve([stays])

    assert manager.wait("gone", 1, END, WAIT_S)
    assert available(manager, "stays") == [1]
    assert source.models == (stays,)


def test_another_version_policy_takes_effect_at_once(manager, make_source, tmp_path):
    source = make_source()
    config = make_versions(tmp_path / "m", 1, 2, 3)
    source.serve([config])
    assert serves(manager, "m", [3])

    source.serve([ModelConfig("m", config.base_path, Specific((1, 2)))])

    assert serves(manager, "m", [2, 1])


def test_a_missing_base_path_concerns_its_model_only(manager, make_source, tmp_path, caplog):
    source = make_source()
    missing = ModelConfig("missing", str(tmp_path / "missing"))

    source.serve([missing, make_versions(tmp_path / "m", 1)])

    assert serves(manager, "m", [1])
    assert source.problem("missing") == f"base path {tmp_path}/missing does not exist"
    assert source.problem("m") is None
    assert (
        f"Could not find base path {tmp_path}/missing for servable missing with error NOT_FOUND"
        in caplog.text
    )


def test_the_versions_of_a_base_path_that_goes_missing_stay(manager, make_source, tmp_path):
    source = make_source()
    source.serve([make_versions(tmp_path / "m", 1)])
    assert serves(manager, "m", [1])

    (tmp_path / "m").rename(tmp_path / "elsewhere")
    source.poll()

    assert available(manager, "m") == [1]
    assert source.problem("m") == f"base path {tmp_path}/m does not exist"


def test_a_base_path_without_versions_unloads_what_was_loaded(manager, make_source, tmp_path):
    source = make_source()
    source.serve([make_versions(tmp_path / "m", 1)])
    assert serves(manager, "m", [1])

    (tmp_path / "m" / "1").rmdir()
    source.poll()

    assert manager.wait("m", 1, END, WAIT_S)
    assert source.problem("m") == f"No versions of servable m found under base path {tmp_path}/m"


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (Specific((1,)), None),
        (Specific((9, 1, 7)), "Version 7, 9 of servable m not found under base path {}"),
        (
            Specific(()),
            "No versions of servable m found under base path {}: its version policy lists none",
        ),
    ],
)
def test_a_version_asked_for_by_number_and_not_there_is_a_problem(
    make_source, tmp_path, policy, problem
):
    source = make_source()
    base = make_versions(tmp_path / "m", 1).base_path

    source.serve([ModelConfig("m", base, policy)])

    assert source.problem("m") == (problem and problem.format(base))


def test_a_base_path_that_is_itself_a_saved_model_is_told_so(make_source, tmp_path):
    (tmp_path / "saved_model.pb").touch()
    source = make_source()

    source.serve([ModelConfig("m", str(tmp_path))])

    assert "it is a SavedModel itself" in source.problem("m")


def test_a_problem_is_logged_when_it_changes_and_not_at_every_look(make_source, tmp_path, caplog):
    caplog.set_level(logging.INFO, "server_ext.lifecycle.source")
    source = make_source()
    source.serve([ModelConfig("m", str(tmp_path / "m"))])

    source.poll()
    assert len(caplog.records) == 1

    (tmp_path / "m").mkdir()
    source.poll()
    source.poll()
    make_versions(tmp_path / "m", 1)
    source.poll()
    source.poll()
    assert [record.message.partition(" ")[0] for record in caplog.records] == [
        "Could",
        "No",
        "Found",
    ]
    assert source.problem("m") is None


@pytest.mark.parametrize("error", [InvalidArgument("no loader"), RuntimeError("no loader")])
def test_a_loader_that_cannot_be_made_concerns_its_model_only(manager, version, tmp_path, error):
    def make_loader(name, number, path):
        if name == "bad":
            raise error
        return version().loader

    source = Source(manager, make_loader, poll_wait_s=0)

    source.serve([make_versions(tmp_path / "bad", 1), make_versions(tmp_path / "m", 1)])

    assert serves(manager, "m", [1])
    assert "no loader" in source.problem("bad")


def test_a_problem_is_forgotten_with_its_model(make_source, tmp_path):
    source = make_source()
    source.serve([ModelConfig("m", str(tmp_path / "m"))])

    source.serve([])

    assert source.problem("m") is None
    assert source.models == ()
