"""Serve the model you just trained, from the notebook it was trained in.

In a notebook: `%load_ext tfs_magics`, then `%tfs` lists the magics. In a script the same things are
functions: `tfs_magics.export`, `serve`, `predict`, `request`, `status`, `metadata`, `label`,
`load`, `unload`, `ps`, `where`, `restart`, `stop`, `logs`, `panel`, `draw`. Widgets to put together
with those of ipywidgets: `VersionsPanel`, `MetadataPanel`, `MetricsPanel`, `TryIt`,
`DrawingCanvas`.

Importing this package loads nothing heavy; TensorFlow is loaded by the first export.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from server_ext import __version__

if TYPE_CHECKING:
    from tfs_magics.serving import (
        draw,
        export,
        label,
        load,
        logs,
        metadata,
        panel,
        predict,
        ps,
        request,
        restart,
        serve,
        status,
        stop,
        unload,
        where,
    )
    from tfs_magics.widgets.canvas import DrawingCanvas
    from tfs_magics.widgets.panels import MetadataPanel, MetricsPanel, TryIt, VersionsPanel

__all__ = [
    "DrawingCanvas",
    "MetadataPanel",
    "MetricsPanel",
    "TryIt",
    "VersionsPanel",
    "__version__",
    "draw",
    "export",
    "label",
    "load",
    "logs",
    "metadata",
    "panel",
    "predict",
    "ps",
    "request",
    "restart",
    "serve",
    "status",
    "stop",
    "unload",
    "where",
]

_WIDGETS = {
    "DrawingCanvas": "tfs_magics.widgets.canvas",
    **dict.fromkeys(
        ("MetadataPanel", "MetricsPanel", "TryIt", "VersionsPanel"), "tfs_magics.widgets.panels"
    ),
}


def __getattr__(name: str) -> Any:
    """Load the functions when the first of them is used, and each widget when it is."""
    if name.startswith("_") or name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _WIDGETS.get(name, "tfs_magics.serving")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab's tools for developers where the panel's bundle is, see js/README.md."""
    return [{"src": "labextension", "dest": "tfs-magics"}]


def load_ipython_extension(shell: Any) -> None:
    """Add the magics to a shell; once, however often it is called."""
    from tfs_magics.ipython.settings import drop_rejected
    from tfs_magics.magics import TFSMagics

    if isinstance(shell.magics_manager.registry.get(TFSMagics.__name__), TFSMagics):
        return
    drop_rejected(shell.config)
    magics = TFSMagics(shell)
    magics.tables.install()
    magics.completion.install()
    shell.register_magics(magics)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again. A server that runs goes on."""
    from tfs_magics.magics import TFSMagics

    magics = shell.magics_manager.registry.pop(TFSMagics.__name__, None)
    if magics is None:
        return
    magics.tables.remove()
    magics.completion.remove()
    if magics in shell.configurables:
        shell.configurables.remove(magics)
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
