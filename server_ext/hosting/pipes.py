"""Our ends of the standard streams of a child process.

Raw descriptors and no file objects, so that a forked copy of this process can just close them.
"""

from __future__ import annotations

import os


class Pipes:
    """Three pipes. Any thread may close an end, once or more often."""

    def __init__(self) -> None:
        pipes = [os.pipe() for _ in range(3)]
        (stdin, self.stdin), (self.stdout, stdout), (self.stderr, stderr) = pipes
        self.theirs = (stdin, stdout, stderr)
        self._open = {self.stdin, self.stdout, self.stderr, *self.theirs}

    def close(self, *ends: int) -> None:
        """Close these ends, as far as they are open."""
        for end in ends:
            try:
                self._open.remove(end)  # one thread can, and it closes
            except KeyError:
                continue
            os.close(end)

    def close_all(self) -> None:
        """Close what is open."""
        self.close(*self._open)
