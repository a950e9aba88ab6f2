"""Who serves models from here: the notebook of this kernel, and the kernel."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from server_ext.hosting.settings import Owner

_CONNECTION_FILE = re.compile(r"kernel-(.+)\.json")


def this_owner(root: str = "") -> Owner:
    """Return who this process is; a notebook below `root`, a directory, is named from there."""
    return Owner(_relative(_notebook(), root), _kernel())


def _notebook() -> str:
    """Return the path of the notebook: from the Jupyter server, or from VS Code."""
    path = os.environ.get("JPY_SESSION_NAME", "")
    shell = _shell()
    if not path and shell is not None:
        path = str(shell.user_ns.get("__vsc_ipynb_file__") or "")
    return path


def _relative(path: str, root: str) -> str:
    if root and os.path.isabs(path):
        inside = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
        if not inside.startswith(os.pardir):
            return inside.replace(os.sep, "/")
    return path


def _kernel() -> str:
    """Return the kernel's id, that of its connection file; without one, the process."""
    shell = _shell()
    config: Any = getattr(shell, "config", {})
    file = str(config.get("IPKernelApp", {}).get("connection_file", ""))
    found = _CONNECTION_FILE.search(os.path.basename(file))
    return found[1] if found else f"process {os.getpid()}"


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
