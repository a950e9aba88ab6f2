"""Which versions are wanted, and the configuration that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from server_ext.errors import InvalidArgument
from server_ext.hosting.models import (
    Model,
    Versions,
    config_text,
    found_versions,
    parse_versions,
)


@pytest.mark.parametrize(
    ("text", "versions", "shown"),
    [
        ("latest", Versions(1), "latest: 1"),
        ("latest:2", Versions(2), "latest: 2"),
        ("all", Versions(0), "all"),
        ("ALL", Versions(0), "all"),
        ("1,3", Versions(numbers=(1, 3)), "specific: 1, 3"),
        ("3, 1, 3", Versions(numbers=(1, 3)), "specific: 1, 3"),
    ],
)
def test_a_choice_of_versions_is_read(text: str, versions: Versions, shown: str):
    assert parse_versions(text) == versions
    assert versions.text == shown


@pytest.mark.parametrize(
    "text", ["", "newest", "latest:0", "latest:x", f"latest:{2**31}", "1,", "-1", "1;2", str(2**63)]
)
def test_anything_else_is_refused_with_what_would_do(text: str):
    with pytest.raises(InvalidArgument, match="use latest:2, all, or numbers like 1,3"):
        parse_versions(text)


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        (Versions(1), {10}),
        (Versions(2), {10, 3}),
        (Versions(9), {1, 3, 10}),
        (Versions(0), {1, 3, 10}),
        (Versions(numbers=(1, 7)), {1}),
    ],
)
def test_versions_are_chosen_by_number(versions: Versions, chosen: set[int]):
    assert versions.choose([1, 10, 3]) == chosen


def test_only_numbers_are_versions(tmp_path: Path):
    for name in ("1", "007", "2.tmp", ".3", "v4", "99999999999999999999"):
        (tmp_path / name).mkdir()

    assert found_versions(tmp_path) == {1, 7}
    assert found_versions(tmp_path / "absent") == set()


def test_the_text_is_a_model_server_config():
    odd = 'a "quoted"\\ name, ü\n'
    models = [
        Model(odd, "/m/ü", Versions(2)),
        Model("b", "/m/b", Versions(0), {"stable": 1, 'a "b"': 3}),
        Model("c", "/m/c", Versions(numbers=(1, 3))),
    ]

    config = text_format.Parse(config_text(models), model_server_config_pb2.ModelServerConfig())

    found = config.model_config_list.config
    assert [(each.name, each.base_path) for each in found] == [
        (odd, "/m/ü"),
        ("b", "/m/b"),
        ("c", "/m/c"),
    ]
    assert found[0].model_version_policy.latest.num_versions == 2
    assert found[1].model_version_policy.WhichOneof("policy_choice") == "all"
    assert list(found[2].model_version_policy.specific.versions) == [1, 3]
    assert dict(found[1].version_labels) == {"stable": 1, 'a "b"': 3}


@pytest.mark.parametrize("text", ["latest:1", "latest:7", "all", "1,3"])
def test_the_words_of_a_choice_are_read_as_the_same_choice(text: str):
    assert parse_versions(text).words == text


def test_no_models_is_a_config_too():
    parsed = text_format.Parse(config_text([]), model_server_config_pb2.ModelServerConfig())

    assert parsed.WhichOneof("config") == "model_config_list"
