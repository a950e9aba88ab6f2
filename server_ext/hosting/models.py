"""The models a server is to serve, and the model_config_file that tells it.

The file is TensorFlow Serving's text-format ModelServerConfig. It is replaced in one step, so a
server that follows it never reads half of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from server_ext.errors import InvalidArgument

LATEST = "latest:1"
_LATEST = re.compile(r"latest(?::(\d+))?")
_NUMBERS = re.compile(r"\d+(?:,\d+)*")
_NUMBER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
MAX_VERSION = 2**63 - 1


@dataclass(frozen=True)
class Versions:
    """Which versions of a model are wanted: `count` latest ones, all (0), or just `numbers`."""

    count: int = 1
    numbers: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The policy as the server's GET /v1/server spells it."""
        if self.numbers:
            return f"specific: {', '.join(map(str, self.numbers))}"
        return f"latest: {self.count}" if self.count else "all"

    @property
    def config(self) -> str:
        """The policy as a line of the config file."""
        if self.numbers:
            chosen = " ".join(f"versions: {number}" for number in self.numbers)
            return f"specific {{ {chosen} }}"
        return f"latest {{ num_versions: {self.count} }}" if self.count else "all { }"

    def choose(self, available: Iterable[int]) -> set[int]:
        """Return those of the available versions that are wanted."""
        ordered = sorted(available)
        if self.numbers:
            return set(self.numbers).intersection(ordered)
        return set(ordered[-self.count :] if self.count else ordered)


@dataclass(frozen=True)
class Model:
    """A model to serve; `base_path` is the absolute directory that holds its versions."""

    name: str
    base_path: str
    versions: Versions = Versions()


def parse_versions(text: str) -> Versions:
    """Read what --versions takes.

    Raises:
        InvalidArgument: it is neither `latest:N` nor `all` nor numbers with commas between.
    """
    compact = text.replace(" ", "").lower()
    latest = _LATEST.fullmatch(compact)
    if latest and latest[1] != "0":
        return Versions(count=int(latest[1] or 1))
    if compact == "all":
        return Versions(count=0)
    if _NUMBERS.fullmatch(compact):
        return Versions(numbers=tuple(sorted({int(number) for number in compact.split(",")})))
    raise InvalidArgument(
        f"versions {text!r} is not a choice of versions: use latest:2, all, or numbers like 1,3"
    )


def found_versions(base_path: str | Path) -> set[int]:
    """Return the numbers of the version directories below a base path; empty if it is missing.

    A name counts if it reads as a 64-bit number, as in TensorFlow Serving
    (sources/storage_path/file_system_storage_path_source.cc).
    """
    try:
        names = os.listdir(base_path)
    except OSError:
        return set()
    numbers = (int(name) for name in names if _NUMBER.fullmatch(name))
    return {number for number in numbers if abs(number) <= MAX_VERSION}


def write(path: Path, models: Iterable[Model]) -> None:
    """Replace the config file."""
    fresh = path.with_suffix(".new")
    fresh.write_text(config_text(models), encoding="utf-8")
    os.replace(fresh, path)


def config_text(models: Iterable[Model]) -> str:
    """Return the ModelServerConfig, in text format."""
    configs = "".join(
        "  config {\n"
        f"    name: {_quoted(model.name)}\n"
        f"    base_path: {_quoted(model.base_path)}\n"
        '    model_platform: "tensorflow"\n'
        f"    model_version_policy {{ {model.versions.config} }}\n"
        "  }\n"
        for model in models
    )
    return f"model_config_list {{\n{configs}}}\n"


def _quoted(text: str) -> str:
    """Quote a string as the text format reads it: bytes beyond plain ASCII in octal."""
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f'"{plain}"'
