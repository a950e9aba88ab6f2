"""RESULTS.md: the only place for figures, one section for each kind of run."""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
TITLE = """# Results of the benchmarks

Written by `make bench ARGS=--write`, also with `--growth`, `--jupyter` or `--panel`, and by nobody's hand.
Ratios within one run tell something; figures of two runs, let alone of two machines, do not compare.
"""
SECTIONS = ("Comparison", "Growth", "Jupyter", "Panel")


def write(section: str, text: str, file: Path = FILE) -> None:
    """Put the text in the place of the section; the others stay as they are."""
    found = read(file)
    found[section] = text.strip()
    parts = [f"## {name}\n\n{found[name]}\n" for name in SECTIONS if name in found]
    file.write_text("\n".join([TITLE, *parts]))


def read(file: Path = FILE) -> dict[str, str]:
    """Return the sections of the file by their names; none without a file."""
    if not file.exists():
        return {}
    parts = re.split(r"^## (.*)\n", file.read_text(), flags=re.MULTILINE)[1:]
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
