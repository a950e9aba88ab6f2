"""Which directories are behind the names a user gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from server_ext.errors import FailedPrecondition, InvalidArgument, NotFound
from server_ext.hosting.models import Model, Versions
from tfs_magics.selection import Selection


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with ./models/{digits,churn} and models/empty."""
    monkeypatch.chdir(tmp_path)
    for name in ("digits/1", "digits/2", "churn/1", "empty", ".hidden/1"):
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path


def chosen(*wanted: str, base_path: str | None = None, **known: object) -> dict[str, str]:
    selection = Selection(base_path, known.get("exported", {}), known.get("served", {}))
    return {model.name: model.base_path for model in selection.models(wanted, None)}


def test_a_name_is_a_directory_in_the_base_path(here: Path):
    assert chosen("digits") == {"digits": str(here / "models/digits")}


def test_a_directory_is_served_under_its_own_name(here: Path):
    assert chosen("./models/digits") == {"digits": str(here / "models/digits")}
    assert chosen("models/digits/") == {"digits": str(here / "models/digits")}


def test_no_name_means_all_that_was_exported_in_this_session(here: Path):
    exported = {"mine": here / "models/churn", "deleted": here / "models/gone"}

    assert chosen(exported=exported) == {"mine": str(here / "models/churn")}
    assert chosen("mine", exported=exported) == {"mine": str(here / "models/churn")}


def test_without_exports_no_name_means_every_model_in_the_base_path(here: Path):
    assert list(chosen()) == ["churn", "digits"]


def test_a_base_path_that_is_given_goes_before_the_exports(here: Path):
    exported = {"digits": here / "elsewhere"}

    assert chosen("digits", base_path="models", exported=exported) == {
        "digits": str(here / "models/digits")
    }


def test_a_directory_may_get_its_first_version_later(here: Path):
    assert list(chosen("empty")) == ["empty"]


def test_a_served_model_keeps_its_choice_of_versions(here: Path):
    served = {"digits": Model("digits", str(here / "models/digits"), Versions(3))}
    selection = Selection(None, {}, served)

    assert selection.models(["digits"], None)[0].versions == Versions(3)
    assert selection.models(["digits"], Versions(0))[0].versions == Versions(0)


def test_nothing_to_serve_says_what_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotFound, match="%tfs_export MODEL comes first"):
        chosen()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("digts", r"No model digts in ./models. Did you mean digits\?"),
        ("zzz", r"No model zzz in ./models. There are: churn, digits."),
        ("./models/digts", r"No directory ./models/digts. Did you mean digits\?"),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest(here: Path, wanted: str, said: str):
    with pytest.raises(NotFound, match=said):
        chosen(wanted)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("models/digits/2", "is one version. Serve the directory above it: .*/models/digits"),
        ("plain", "No model plain"),
        ("./plain", "%tfs_export ./plain --name plain makes version 1 of it"),
        ("./models", "holds 2 models .churn, digits.. %tfs_serve --base-path ./models"),
    ],
)
def test_a_directory_of_another_kind_is_told_with_what_was_meant(
    here: Path, wanted: str, said: str
):
    for directory in (here / "models/digits/2", here / "plain"):
        directory.mkdir(exist_ok=True)
        (directory / "saved_model.pb").touch()

    with pytest.raises((FailedPrecondition, NotFound), match=said):
        chosen(wanted)


def test_two_directories_of_one_name_cannot_both_be_served(here: Path):
    (here / "other/digits/1").mkdir(parents=True)

    with pytest.raises(InvalidArgument, match="would both be served as digits"):
        chosen("digits", "./other/digits")


def test_an_address_of_a_store_is_refused_before_the_server_refuses_all_its_models(here: Path):
    with pytest.raises(InvalidArgument, match=r"gs://bucket/far is not on this machine\. Copy or"):
        chosen("gs://bucket/far")
    with pytest.raises(InvalidArgument, match="s3://bucket is not on this machine"):
        chosen("far", base_path="s3://bucket")


def test_a_file_address_is_its_directory(here: Path):
    assert chosen(f"file://{here}/models/digits") == {"digits": str(here / "models/digits")}
