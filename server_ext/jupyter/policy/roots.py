"""Which directories models may be served from.

A path is resolved first, with all symbolic links, and has to lie under a root then: what counts is
where it leads and not how it is written. The model server looks again at each version it loads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from server_ext.errors import InvalidArgument, PermissionDenied


class Roots:
    """The allowed directories, resolved. Any thread may call; looks at the disk.

    Nothing chosen means the directory that Jupyter shows, and the home directory.
    """

    def __init__(self, chosen: Sequence[str], root_dir: str) -> None:
        self.root_dir = os.path.expanduser(root_dir)
        self.paths = tuple(
            dict.fromkeys(
                os.path.realpath(self._absolute(path)) for path in chosen or (root_dir, "~")
            )
        )

    def resolve(self, path: str) -> str:
        """Return where a path leads; a relative one starts at the directory that Jupyter shows.

        Raises:
            InvalidArgument: it is no path.
            PermissionDenied: it leads outside of the roots.
        """
        if not path or "\0" in path:
            raise InvalidArgument("`base_path` is empty; it names the directory of the versions")
        if "://" in path:  # another file system, which no directory of this machine holds
            raise PermissionDenied(self._refusal(path, path))
        absolute = self._absolute(path)
        try:
            real = os.path.realpath(absolute)
        except (OSError, ValueError) as error:
            raise InvalidArgument(f"{path!r} cannot be followed: {error}") from error
        if not any(_under(real, root) for root in self.paths):
            raise PermissionDenied(self._refusal(absolute, real))
        return real

    def _absolute(self, path: str) -> str:
        return os.path.join(self.root_dir, os.path.expanduser(path))

    def _refusal(self, asked: str, real: str) -> str:
        written = asked if asked == real else os.path.normpath(asked)
        led = f"{written} leads to {real}, which is" if real != written else f"{real} is"
        return (
            f"{led} outside of the directories that models may be served from here: "
            f"{', '.join(self.paths)}. Put the model there, or add its directory to "
            "c.TFSExtension.model_roots in jupyter_server_config.py."
        )


def _under(path: str, root: str) -> bool:
    return os.path.commonpath([path, root]) == root
