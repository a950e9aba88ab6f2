"""Keeps what Jupyter has loaded out of the way of Python's garbage collector.

Its full collections look at every object there is: some hundred thousand with JupyterLab, for a
tenth of a second and more, in which no kernel is heard; requests through the proxy bring on many.
What is loaded by the time a model server runs stays until the end, so it is looked at once more and
never again.
"""

from __future__ import annotations

import gc


def settle() -> None:
    """Collect what is garbage now, and have later collections look at new objects only."""
    gc.collect()
    gc.freeze()
