"""One file per verb: (servable, request) -> response. No sockets, no engine."""
