"""What may be wanted of a host, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from server_ext.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)
from server_ext.hosting.models import Model, Versions
from server_ext.hosting.settings import Owner, Settings
from server_ext.hosting.wanted import (
    MOST_LABELS,
    Entry,
    Wanted,
    check_labels,
    check_model,
    check_number,
    inside,
)

ANN, BOB = Owner(notebook="ann.ipynb", kernel="1"), Owner(notebook="bob.ipynb", kernel="2")
CONSOLE, ANOTHER = Owner(kernel="k1"), Owner(kernel="k2")
M = Model("m", "/m")


def served(*owners: Owner | None, replace_owner: bool = False) -> Owner | None:
    """Serve `m` for one after the other; return whose it is then."""
    wanted = Wanted()
    for owner in owners:
        wanted = wanted.served(M, owner, replace_owner=replace_owner)
    return wanted["m"].owner


@pytest.mark.parametrize(
    ("owners", "owner"),
    [
        ([ANN], ANN),
        ([None, ANN], ANN),
        ([ANN, None], ANN),
        ([ANN, Owner("ann.ipynb", "a new kernel")], Owner("ann.ipynb", "a new kernel")),
        ([CONSOLE, CONSOLE], CONSOLE),
        ([Owner(), BOB], BOB),
    ],
)
def test_a_model_has_the_owner_who_came_first(owners: list[Owner | None], owner: Owner):
    assert served(*owners) == owner


@pytest.mark.parametrize(
    ("first", "second", "who"),
    [
        (ANN, BOB, "notebook ann.ipynb"),
        (ANN, CONSOLE, "notebook ann.ipynb"),
        (CONSOLE, ANOTHER, "kernel k1"),
        (CONSOLE, ANN, "kernel k1"),
    ],
)
def test_another_owner_is_told_whose_the_name_is_and_can_take_it_over(
    first: Owner, second: Owner, who: str
):
    with pytest.raises(AlreadyExists, match=f"'m' is served by {who}, from /m.*--replace"):
        served(first, second)

    assert served(first, second, replace_owner=True) == second


def test_a_change_makes_another_value():
    before = Wanted().served(Model("m", "/m", labels={"stable": 1}), ANN, replace_owner=False)

    after = before.served(Model("m", "/m", Versions(0)), None, replace_owner=False)

    assert before["m"].model.versions == Versions(1)
    assert after["m"].model == Model("m", "/m", Versions(0), {"stable": 1}), "labels stay"
    assert len(after.without("m")) == 0
    assert before != after
    with pytest.raises(NotFound, match=r"Model 'x' is not served. Models served: m."):
        after.without("x")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "a\n", "a:predict"])
def test_a_name_that_cannot_be_part_of_a_url_is_refused(name: str):
    with pytest.raises(InvalidArgument, match="cannot be the name of a model"):
        check_model(Model(name, "/m"), Settings())


def test_a_path_must_be_absolute():
    with pytest.raises(InvalidArgument, match="base_path 'm' of model m is not absolute"):
        check_model(Model("m", "m"), Settings())


def test_a_path_must_lead_to_a_place_in_the_roots(tmp_path: Path):
    root = tmp_path / "root"
    (root / "m").mkdir(parents=True)
    (tmp_path / "root-of-another").mkdir()
    (root / "out").symlink_to(tmp_path)
    (tmp_path / "in").symlink_to(root)
    settings = Settings(roots=(str(tmp_path / "in"),))

    for path in (root / "m", root, tmp_path / "in" / "m", root / "not-yet"):
        check_model(Model("m", str(path)), settings)
        assert inside(str(path), settings.roots)
    for path in (tmp_path / "root-of-another", root / "out" / "m", root / ".." / "m"):
        with pytest.raises(PermissionDenied, match=f"models may lie in {tmp_path}/in only"):
            check_model(Model("m", str(path)), settings)


def test_too_many_models_are_refused():
    wanted = Wanted().served(M, None, replace_owner=False)

    check_number(wanted, Settings(max_models=1))
    with pytest.raises(ResourceExhausted, match="1 models would be served, and 0 are the most"):
        check_number(wanted, Settings(max_models=0))


def test_labels_that_stay_are_not_looked_at_and_others_need_their_version():
    check_labels("m", {"stable": 1, "canary": 2}, {"stable": 1}, {2})

    with pytest.raises(FailedPrecondition, match=r"'stable' .* version 3, .*: 2\. It stays at"):
        check_labels("m", {"stable": 3}, {"stable": 1}, {2})


@pytest.mark.parametrize("label", ["", "\ud800", "a\0", "a/b", 'a"', "a\n", "ä", "a" * 201])
def test_a_label_that_cannot_be_part_of_a_url_is_refused(label: str):
    with pytest.raises(InvalidArgument, match="cannot be a label of model m: use letters"):
        check_labels("m", {label: 1}, {}, {1})


def test_too_many_labels_are_refused():
    labels = {str(number): 1 for number in range(MOST_LABELS + 1)}

    for change in (
        lambda model: Wanted().served(model, None, replace_owner=False),
        Wanted([Entry(M)]).changed,
    ):
        with pytest.raises(InvalidArgument, match="cannot have 101 labels: 100 are the most"):
            change(Model("m", "/m", labels=labels))
