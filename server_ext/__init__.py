"""The model server: versions, hot swap, REST and gRPC, as TensorFlow Serving does them, in Python.

Importing this package loads nothing heavy. `server_ext/ARCHITECTURE.md` is the map.
"""

from typing import Any

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell a Jupyter server which class hosts the model server there."""
    from server_ext.jupyter.app import TFSExtension
    from server_ext.jupyter.policy import ownership

    ownership.check()
    return [{"module": "server_ext.jupyter.app", "app": TFSExtension}]
