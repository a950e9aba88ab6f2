"""How many of TensorFlow's threads one run may use.

Requests already run side by side, on threads of the server. So by default a run stays on the thread
that asks for it: handing operations to other threads costs more than small models take, and a
large one gets the same cores without it, from the requests beside it.
"""

from __future__ import annotations

from typing import NamedTuple

IN_CALLERS_THREAD = -1


class OpThreads(NamedTuple):
    """Threads within one operation, and operations at a time (tensorflow.ConfigProto's words)."""

    intra_op: int = 1
    inter_op: int = IN_CALLERS_THREAD


def chosen(session: int, intra_op: int, inter_op: int) -> OpThreads:
    """Return what the three flags of tensorflow_model_server ask for; 0 leaves it to us."""
    return OpThreads(
        intra_op or session or OpThreads().intra_op,
        inter_op or session or OpThreads().inter_op,
    )
