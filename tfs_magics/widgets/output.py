"""One output of a magic as a widget, for front ends that know widgets and not our own type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfs_magics.widgets.widget import Widget


class PanelOutput(Widget):
    """Shows what a spec says, live: `PanelOutput(spec)`, see tfs_magics.views.spec."""

    def __init__(self, spec: Mapping[str, Any], **traits: Any) -> None:
        super().__init__(spec=dict(spec), **traits)
