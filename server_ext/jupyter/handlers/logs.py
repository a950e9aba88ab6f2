"""The last lines that the model server wrote."""

from __future__ import annotations

from typing import ClassVar

from server_ext.jupyter import schemas
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

MOST_LINES = 5000
USUAL_LINES = 200


class LogsHandler(TFSHandler):
    """GET logs."""

    _track_activity = False
    operations: ClassVar[Operations] = {
        "get": Operation(
            "The last lines of the model server's log, or those after one",
            schemas.part("Logs"),
            query={
                "lines": {"type": "integer", "minimum": 0, "maximum": MOST_LINES},
                "after": {"type": "integer", "minimum": 0},
            },
        )
    }

    @allowed("read")
    async def get(self) -> None:
        """Answer with at most `lines` lines after number `after`, the oldest first."""
        lines = self.number("lines", USUAL_LINES, MOST_LINES)
        after = self.number("after", 0, 2**53)
        self.finish(self.service.host.logs(lines, after))
