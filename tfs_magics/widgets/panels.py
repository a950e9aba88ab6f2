"""What is served, as widgets: versions, what models take, how busy they are, a form to ask them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server_ext.errors import InvalidArgument, ServingError
from tfs_magics import connection, serving
from tfs_magics.views.spec import Spec
from tfs_magics.views.spec import spec as spec_of
from tfs_magics.widgets.widget import Widget

Target = int | str


class VersionsPanel(Widget):
    """The versions of models: state, labels, requests, and what can be done to each.

    `models` are names; without them all that is served is shown.

        VersionsPanel()
        VersionsPanel("digits")
        VersionsPanel(["digits", "half"])
    """

    def __init__(self, models: str | Iterable[str] | None = None, **traits: Any) -> None:
        names = [models] if isinstance(models, str) else None if models is None else list(models)
        super().__init__(spec=_spec("status", models=names), **traits)


class MetadataPanel(Widget):
    """What a model takes and returns: its signatures, with a form to try them.

    Without a version it is the newest one that answers.

        MetadataPanel("digits")
        MetadataPanel("digits", version=7)

    Raises:
        ServingError: the model is not served, or no server answers.
    """

    def __init__(self, model: str, version: int | None = None, **traits: Any) -> None:
        shown = serving.metadata(model, version=version)
        super().__init__(spec=dict(shown.spec or {}), **traits)


class MetricsPanel(Widget):
    """Charts of a model: requests, latency, batches, queue, memory and errors.

    They show the last minute, or up to the last day; each is a table, too.

        MetricsPanel("digits")
    """

    def __init__(self, model: str, **traits: Any) -> None:
        super().__init__(spec=_spec("metrics", model), **traits)


class TryIt(Widget):
    """A form that the signature of a model makes: fill it in, run it, see the answer.

    `versions` are whom it asks at first: numbers, labels, or "all".

        TryIt("digits")
        TryIt("digits", versions=["stable", 8])
    """

    def __init__(
        self,
        model: str,
        signature: str | None = None,
        versions: Target | Iterable[Target] | None = None,
        **traits: Any,
    ) -> None:
        asked = targets(versions)
        super().__init__(spec=_spec("try", model, signature=signature, **asked), **traits)


def targets(versions: Target | Iterable[Target] | None) -> dict[str, Any]:
    """Return the fields of a spec that say whom to ask.

    Raises:
        InvalidArgument: neither a version nor a label.
    """
    if versions is None or versions == "all":
        return {}
    named = [versions] if isinstance(versions, (int, str)) else list(versions)
    for each in named:
        if isinstance(each, bool) or not isinstance(each, (int, str)):
            raise InvalidArgument(f"{each!r} is neither a version nor a label: use 7 or 'stable'")
    return {
        "versions": [each for each in named if isinstance(each, int)] or None,
        "labels": [each for each in named if isinstance(each, str)] or None,
    }


def _spec(kind: str, model: str | None = None, **more: Any) -> Spec:
    """Return a spec with the server as it is now, if it answers."""
    try:
        told = connection.current().status()
    except ServingError:
        told = None  # the view says so, and shows it when it is there
    return spec_of(kind, told, model, names=more.get("models"), **more)
