"""What was measured and what happened within the last day."""

from __future__ import annotations

from typing import ClassVar

from server_ext.errors import InvalidArgument
from server_ext.hosting.bodies import MAX_VERSION, shown
from server_ext.hosting.history import RANGES
from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

USUAL = "15m"


class HistoryHandler(TFSHandler):
    """GET history."""

    _track_activity = False
    operations: ClassVar[Operations] = {
        "get": Operation(
            "Rates, latencies, queues, batches, errors and events of a version, of a model, or of "
            "all; a point is null where no model server ran",
            schemas.part("History"),
            query={
                "range": {"enum": list(RANGES)},
                "model": {"type": "string"},
                "version": {"type": "integer", "minimum": 0, "maximum": MAX_VERSION},
            },
            errors=[404],
        )
    }

    @allowed("read")
    async def get(self) -> None:
        """Answer with all points of the range, the oldest first."""
        span = self.get_query_argument("range", USUAL)
        if span not in RANGES:
            raise InvalidArgument(f"range is {shown(span)}, and must be one of {', '.join(RANGES)}")
        model = self.get_query_argument("model", None)
        version = None
        if self.get_query_argument("version", None) is not None:
            version = self.number("version", 0, MAX_VERSION)
            if model is None:
                raise InvalidArgument("A version needs its model beside it: add &model=NAME")
        self.finish(self.service.host.history(model, version, span))
