"""Whose package `server_ext` is: the name is short, and another distribution may bring one too.

Two distributions that share a package overwrite each other's files, and what runs then is neither.
"""

from __future__ import annotations

from importlib.metadata import distributions

OURS = "tfs-magics"


def check() -> None:
    """Refuse to run on files that are not all ours.

    Raises:
        RuntimeError: another distribution has files in `server_ext` too.
    """
    others = other_owners()
    if others:
        raise RuntimeError(
            f"{' and '.join(others)} installed a package `server_ext` over the one of {OURS}. "
            f"Uninstall it, then run `pip install --force-reinstall {OURS}`."
        )


def other_owners() -> list[str]:
    """Return the names of the other distributions with files in `server_ext`."""
    return sorted(
        found.name
        for found in distributions()
        if "\nserver_ext/" in "\n" + (found.read_text("RECORD") or "") and found.name != OURS
    )
