"""Which directories models may be served from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server_ext.errors import InvalidArgument, PermissionDenied
from server_ext.jupyter.policy.roots import Roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "models" / "digits").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    return tmp_path.resolve()


def test_a_directory_below_a_root_is_allowed_and_so_is_the_root_itself(root: Path):
    roots = Roots([str(root / "models")], str(root))

    assert roots.resolve(str(root / "models" / "digits")) == str(root / "models" / "digits")
    assert roots.resolve(str(root / "models")) == str(root / "models")


def test_without_a_choice_the_roots_are_what_jupyter_shows_and_the_home_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(root / "secret"))

    assert Roots([], str(root / "models")).paths == (str(root / "models"), str(root / "secret"))


def test_a_relative_path_starts_at_what_jupyter_shows_and_a_tilde_is_the_home_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(root / "secret"))
    roots = Roots([], str(root / "models"))

    assert roots.resolve("digits") == str(root / "models" / "digits")
    assert roots.resolve("~/m") == str(root / "secret" / "m")


@pytest.mark.parametrize(
    "path", ["{}/secret", "{}/models/../secret", "{}/models-2", "/", "../secret"]
)
def test_a_path_outside_of_the_roots_is_refused_and_the_message_names_the_trait(
    root: Path, path: str
):
    roots = Roots([str(root / "models")], str(root / "models"))

    with pytest.raises(PermissionDenied, match=re.escape("c.TFSExtension.model_roots")) as refused:
        roots.resolve(path.format(root))

    assert str(root / "models") in refused.value.message


def test_a_symbolic_link_that_leads_out_is_refused_and_the_message_says_where_it_leads(root: Path):
    (root / "models" / "link").symlink_to(root / "secret")
    roots = Roots([str(root / "models")], str(root))

    with pytest.raises(PermissionDenied) as refused:
        roots.resolve(str(root / "models" / "link"))

    assert f"{root}/models/link leads to {root}/secret" in refused.value.message


def test_a_symbolic_link_between_places_that_are_allowed_is_followed(root: Path):
    (root / "models" / "current").symlink_to(root / "models" / "digits")
    roots = Roots([str(root / "models")], str(root))

    assert roots.resolve(str(root / "models" / "current")) == str(root / "models" / "digits")


def test_a_root_may_be_a_symbolic_link_itself(root: Path):
    (root / "shelf").symlink_to(root / "models")
    roots = Roots([str(root / "shelf")], str(root))

    assert roots.resolve(str(root / "shelf" / "digits")) == str(root / "models" / "digits")


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_an_invalid_argument(root: Path, path: str):
    with pytest.raises(InvalidArgument):
        Roots([], str(root)).resolve(path)


def test_a_path_of_another_file_system_is_outside(root: Path):
    with pytest.raises(PermissionDenied):
        Roots([str(root)], str(root)).resolve("gs://bucket/model")
