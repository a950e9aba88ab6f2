"""Shows what a model takes and returns: after an export, and for %tfs_metadata."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tfs_magics.signatures import Metadata, shape_text
from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, steps
from tfs_magics.views.numbers import duration, size
from tfs_magics.views.table import Column, Row, Table
from tfs_magics.views.view import View

if TYPE_CHECKING:
    from tfs_magics.export import Exported

_COLUMNS = (
    Column("Side", hidden_head=True),
    Column("Name", subject=True, code=True),
    Column("Type", code=True),
    Column("Shape", code=True),
    Column("Default", faint=True),
)


class _Slot(NamedTuple):
    side: str
    alias: str
    dtype: str
    shape: Sequence[int | None] | None
    default: str = ""


class _Block(NamedTuple):
    title: str
    slots: list[_Slot]


def metadata(model: Metadata) -> View:
    """Return the signatures of one version of a model."""
    blocks = [
        _Block(
            ", ".join(part for part in (signature.name, signature.method) if part),
            [
                *(
                    _Slot("in", tensor.alias, tensor.dtype, tensor.shape, tensor.default or "")
                    for tensor in signature.inputs.values()
                ),
                *(
                    _Slot("out", tensor.alias, tensor.dtype, tensor.shape)
                    for tensor in signature.outputs.values()
                ),
            ],
        )
        for signature in model.signatures.values()
    ]
    title = f"{model.name} {model.version}"
    if len(blocks) == 1:
        top = head(title, muted(blocks[0].title))
        html = join(top, _table(blocks[0].slots).html())
        text = f"{title}, {blocks[0].title}\n{_table(blocks[0].slots).text()}"
    else:
        html = join(head(title), _html(blocks))
        text = f"{title}\n{_text(blocks)}"
    return View(f"Signatures of {title}", html, text, model)


def exported(result: Exported) -> View:
    """Return what an export wrote: where, how big, how fast, and the signatures in it."""
    blocks = [
        _Block(
            signature.name,
            [
                *(_Slot("in", alias, *spec) for alias, spec in signature.inputs.items()),
                *(_Slot("out", alias, *spec) for alias, spec in signature.outputs.items()),
            ],
        )
        for signature in result.signatures
    ]
    title = f"{result.name} {result.version}"
    done = f"exported {duration(result.seconds)}"
    serve = f"%tfs_serve {result.name}"
    html = join(
        head(title, muted(size(result.bytes))),
        steps(done),
        endpoints(("path", str(result.path))),
        _html(blocks),
        element("p", "Next: ", code(serve), class_="jp-tfs-muted"),
    )
    text = "\n".join(
        [
            f"{title}  {size(result.bytes)}   {done}",
            f"  path  {result.path}",
            _text(blocks),
            f"Next: {serve}",
        ]
    )
    return View(f"Export of {title}", html, text, result)


def _table(slots: Iterable[_Slot]) -> Table:
    slots = list(slots)
    optional = any(slot.default for slot in slots)
    rows = []
    for slot in slots:
        cells = [slot.side, slot.alias, slot.dtype, shape_text(slot.shape)]
        if optional:
            cells.append(slot.default or ("required" if slot.side == "in" else ""))
        rows.append(Row(cells))
    return Table(_COLUMNS if optional else _COLUMNS[:-1], rows, text_head=False)


def _html(blocks: Iterable[_Block]) -> Markup:
    return join(
        *(
            element("div", element("h3", code(block.title)), _table(block.slots).html())
            for block in blocks
        )
    )


def _text(blocks: Iterable[_Block]) -> str:
    return "\n".join(f"{block.title}\n{_table(block.slots).text()}" for block in blocks)
