"""What changes, as it changes: server-sent events.

    status (all)  ->  server | models | sample | happened | log ...  ->  status again

The status comes again to one that fell behind. A stream ends when Jupyter stops or its client
leaves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tornado.iostream import StreamClosedError

from server_ext.errors import ResourceExhausted
from server_ext.jupyter.feed import Feed
from server_ext.jupyter.handlers.base import Operation, Operations, TFSHandler, allowed

BEAT_S = 15.0  # below the patience of proxies, which end what is silent
MOST_READERS = 200


class EventsHandler(TFSHandler):
    """GET events."""

    _track_activity = False
    operations: ClassVar[Operations] = {
        "get": Operation(
            "Server-sent events: `status` first, then `server`, `models`, `sample`, `happened` and "
            "`log`",
            {"type": "string"},
            errors=[429],
            query={"logs": {"enum": ["0", "1"]}},
            content="text/event-stream",
        )
    }

    @allowed("read")
    async def get(self) -> None:
        """Answer until the client leaves or Jupyter stops."""
        if len(self.service.feeds) >= MOST_READERS:
            raise ResourceExhausted(
                f"{MOST_READERS} clients follow the events; there is no room for more"
            )
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        self._transforms = []  # compression would hold events back
        feed = self._feed = Feed(logs=self.get_query_argument("logs", "0") == "1")
        self.service.feeds.add(feed)
        try:
            await self._tell(feed)
        except StreamClosedError:
            pass
        finally:
            self.service.feeds.discard(feed)

    def on_connection_close(self) -> None:
        """The client has left."""
        super().on_connection_close()
        if feed := getattr(self, "_feed", None):
            feed.end()

    async def _tell(self, feed: Feed) -> None:
        await self._send(self._status())
        while not feed.over:
            if not await feed.wait(BEAT_S):
                await self._send(": still here\n\n")
                continue
            events = feed.take()
            if events is None:
                await self._send(self._status())
            elif events:
                await self._send("".join(_event(event["type"], event) for event in events))

    def _status(self) -> str:
        return _event("status", self.service.host.status())

    async def _send(self, text: str) -> None:
        self.write(text)
        await self.flush()  # returns when the client has taken it


def _event(kind: str, data: Mapping[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
