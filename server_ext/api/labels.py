"""Version labels: what may be configured, and which version a label stands for.

    stable -> 42, canary -> 43        a request for `canary` is answered by version 43

A label may stand for a version that still has to load: requests for it get UNAVAILABLE until then.
A label that answers already moves only to a version that is AVAILABLE, so that it never stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server_ext.errors import FailedPrecondition, ServingError
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.source import ModelConfig, Specific, scan


def of(models: Iterable[ModelConfig], name: str) -> Mapping[str, int]:
    """Return the labels of a model as configured; none for an unknown model."""
    return next((config.labels for config in models if config.name == name), {})


def check(
    manager: Manager,
    before: Iterable[ModelConfig],
    after: Iterable[ModelConfig],
    *,
    allow_unavailable: bool,
) -> None:
    """Refuse labels of the configuration `after` that may not replace those of `before`.

    A version that is AVAILABLE may have any label. Another one only a label that is new or stands
    for it already, and only when its own configuration asks for it or `allow_unavailable` is set.

    Raises:
        FailedPrecondition: a label would stand for a version that cannot answer.

    Compatible with ServerCore::UpdateModelVersionLabelMap, but for what is said of the
    configuration's own versions: there, a first configuration can have no labels.
    """
    before = tuple(before)
    for config in after:
        now = of(before, config.name)
        for label, version in config.labels.items():
            if _is_available(manager, config.name, version):
                continue
            moved = now.get(label, version) != version
            if moved or not (allow_unavailable or _asks_for(config, version)):
                raise FailedPrecondition(_refusal(config.name, label, version, now))


def _refusal(name: str, label: str, version: int, now: Mapping[str, int]) -> str:
    text = (
        f"Request to assign label to version {version} of model {name}, "
        "which is not currently available for inference"
    )
    if label in now:
        return f"{text}: label {label} stays at version {now[label]} until it is"
    return f"{text}, as label {label}; the model's version policy does not choose it either"


def _is_available(manager: Manager, name: str, version: int) -> bool:
    return any(
        status.version == version and status.state is State.AVAILABLE
        for status in manager.versions(name)
    )


def _asks_for(config: ModelConfig, version: int) -> bool:
    if isinstance(config.policy, Specific):
        return version in config.policy.versions
    try:
        return version in scan(config.base_path, config.policy)
    except ServingError:  # cannot be read now: its versions are looked for, and so the label's
        return True
