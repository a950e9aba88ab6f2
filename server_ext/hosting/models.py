"""The models a server is to serve, and the configuration that tells it.

The configuration is TensorFlow Serving's ModelServerConfig, in text format.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server_ext.errors import InvalidArgument

LATEST = "latest:1"
_LATEST = re.compile(r"latest(?::(\d+))?")
_NUMBERS = re.compile(r"\d+(?:,\d+)*")
_NUMBER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
MAX_VERSION = 2**63 - 1
MOST_LATEST = 2**31 - 1


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
    def words(self) -> str:
        """The policy as `parse_versions` reads it."""
        return self.text.replace("specific: ", "").replace(" ", "")

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
    """A model to serve; `base_path` is the absolute directory that holds its versions.

    `labels` are names for versions, which requests can use instead of their numbers.
    """

    name: str
    base_path: str
    versions: Versions = Versions()
    labels: Mapping[str, int] = field(default_factory=dict, hash=False)


def parse_versions(text: str) -> Versions:
    """Read what --versions takes.

    Raises:
        InvalidArgument: it is neither `latest:N` nor `all` nor numbers with commas between.
    """
    compact = text.replace(" ", "").lower()
    latest = _LATEST.fullmatch(compact)
    if latest and 1 <= int(latest[1] or 1) <= MOST_LATEST:
        return Versions(count=int(latest[1] or 1))
    if compact == "all":
        return Versions(count=0)
    if _NUMBERS.fullmatch(compact):
        numbers = sorted({int(number) for number in compact.split(",")})
        if numbers[-1] <= MAX_VERSION:
            return Versions(numbers=tuple(numbers))
    raise InvalidArgument(
        f"versions {text!r} is not a choice of versions: use latest:2, all, or numbers like 1,3"
    )


def version_directories(base_path: str | Path) -> dict[int, str]:
    """Return the paths of what counts as versions below a base path, by number.

    Of several names of one number the plain one counts, else the first, as the server has it.
    """
    try:
        names = sorted(os.listdir(base_path))
    except OSError:
        return {}
    found: dict[int, str] = {}
    for name in names:
        if not _NUMBER.fullmatch(name) or abs(number := int(name)) > MAX_VERSION:
            continue
        if number not in found or name == str(number):
            found[number] = os.path.join(base_path, name)
    return found


def found_versions(base_path: str | Path) -> set[int]:
    """Return the numbers of the version directories below a base path; empty if it is missing.

    A name counts if it reads as a 64-bit number, as in TensorFlow Serving
    (sources/storage_path/file_system_storage_path_source.cc).
    """
    return set(version_directories(base_path))


def config_text(models: Iterable[Model]) -> str:
    """Return the ModelServerConfig, in text format."""
    configs = "".join(
        "  config {\n"
        f"    name: {_quoted(model.name)}\n"
        f"    base_path: {_quoted(model.base_path)}\n"
        '    model_platform: "tensorflow"\n'
        f"    model_version_policy {{ {model.versions.config} }}\n"
        f"{_labels(model)}"
        "  }\n"
        for model in models
    )
    return f"model_config_list {{\n{configs}}}\n"


def _labels(model: Model) -> str:
    return "".join(
        f"    version_labels {{ key: {_quoted(label)} value: {version} }}\n"
        for label, version in sorted(model.labels.items())
    )


def _quoted(text: str) -> str:
    """Quote a string as the text format reads it: bytes beyond plain ASCII in octal."""
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f'"{plain}"'
