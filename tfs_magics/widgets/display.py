"""The part of an output that front ends of widgets show, where there are such front ends.

Other front ends show the other parts; a kernel whose outputs nobody looks at, as in a test of a
notebook, gets none, since a view without its kernel is empty when the notebook is read.
"""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfs_magics.widgets.output import PanelOutput

MIME_TYPE = "application/vnd.jupyter.widget-view+json"
MOST = 100
_BY_ENVIRONMENT = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG", "VSCODE_PID", "VSCODE_CWD")
_shown: OrderedDict[str, PanelOutput] = OrderedDict()


def widget_view(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a MIME bundle that shows this as a widget; nothing where none is wanted.

    The last ones stay; what was shown long ago is only what was saved then.

    Raises:
        ImportError: the widgets were left out when this was built.
    """
    if not _is_wanted():
        return {}
    from tfs_magics.widgets.output import PanelOutput

    key = json.dumps(spec, sort_keys=True, default=str)
    widget = _shown.pop(key, None) or PanelOutput(spec)
    _shown[key] = widget
    while len(_shown) > MOST:
        _shown.popitem(last=False)[1].close()
    return {MIME_TYPE: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def _is_wanted() -> bool:
    kernel = sys.modules.get("ipykernel.kernelbase")
    if kernel is None or not kernel.Kernel.initialized():
        return False
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    is_vscode = shell is not None and "__vsc_ipynb_file__" in shell.user_ns
    return is_vscode or any(name in os.environ for name in _BY_ENVIRONMENT)
