"""Stands for a canvas where nothing is live: %tfs_draw."""

from __future__ import annotations

from collections.abc import Sequence

from tfs_magics.views.markup import code, element, head, join, muted, small
from tfs_magics.views.view import View


def canvas(model: str, asked: Sequence[str]) -> View:
    """Return what a canvas for a model leaves where it cannot be drawn on; `asked` are versions."""
    said = f"a canvas that asks {', '.join(asked) or 'all versions'} as you draw"
    wants = "It needs JupyterLab, Notebook 7, or a notebook with widgets."
    name = f'"{model}"' if any(char.isspace() for char in model) else model
    following = f"%tfs_predict {name} x[:1]"
    html = join(
        head(model, muted(said)),
        element("p", wants),
        element("p", "Without one: ", code(following), class_="jp-tfs-muted"),
        small("Run the cell to draw."),
    )
    text = "\n".join([f"{model}, {said}", wants, f"Without one: {following}"])
    return View(f"Draw for {model}", html, text)
