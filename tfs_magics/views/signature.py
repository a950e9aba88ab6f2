"""Shows what a model takes and returns: after an export, and for %tfs_metadata."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tfs_magics.client.signatures import Metadata, shape_text
from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, steps
from tfs_magics.views.numbers import duration, size
from tfs_magics.views.table import Column, Row, Table, cut
from tfs_magics.views.view import WIDTH, View

if TYPE_CHECKING:
    from tfs_magics.exporting.export import Exported

_COLUMNS = (
    Column("Side", hidden_head=True),
    Column("Name", subject=True, code=True),
    Column("Type", code=True),
    Column("Shape", code=True),
    Column("Default", faint=True),
)
MOST = 20  # rows of inputs, and of outputs, after an export
MOST_ASKED = 200
_REPLACED = "A server that has loaded this version keeps the old files."


class _Slot(NamedTuple):
    side: str
    alias: str
    dtype: str
    shape: Sequence[int | None] | None
    default: str = ""


class _Block(NamedTuple):
    name: str
    title: str
    slots: list[_Slot]
    method: str = ""
    also: tuple[str, ...] = ()


def metadata(model: Metadata, same: Sequence[int] = ()) -> View:
    """Return the signatures of one version of a model; those in `same` have the same."""
    blocks = _blocks(model)
    alike = [f"same as {', '.join(map(str, same))}"] if same else []
    title = f"{model.name} {model.version}"
    if len(blocks) == 1:
        top = head(title, muted(" · ".join([blocks[0].title, *alike])))
        html = join(top, _table(blocks[0].slots).html())
        first = ", ".join([title, blocks[0].title, *alike])
        text = f"{textwrap.fill(first, WIDTH, subsequent_indent='  ')}\n"
        text += _table(blocks[0].slots).text()
    else:
        html = join(head(title, *(muted(each) for each in alike)), _html(blocks))
        text = f"{', '.join([title, *alike])}\n{_text(blocks)}"
    return View(f"Signatures of {title}", html, text, model)


def facts(model: Metadata, same: Sequence[int]) -> dict[str, Any]:
    """Return the same as values, for who shows it live."""
    return {
        "version": model.version,
        "same": list(same),
        "signatures": [
            {
                "name": block.name,
                "method": block.method,
                "also": list(block.also),
                "tensors": [
                    {
                        "side": slot.side,
                        "name": slot.alias,
                        "type": slot.dtype,
                        "shape": shape_text(slot.shape) if slot.dtype else "",
                        "note": _note(slot, block.slots),
                    }
                    for slot in block.slots
                ],
            }
            for block in _blocks(model)
        ],
    }


def _blocks(model: Metadata) -> list[_Block]:
    return _merged(
        _Block(
            signature.name,
            ", ".join(part for part in (signature.name, signature.method) if part),
            _slots(
                [(t.alias, t.dtype, t.shape, t.default or "") for t in signature.inputs.values()],
                [(t.alias, t.dtype, t.shape) for t in signature.outputs.values()],
                MOST_ASKED,
            ),
            signature.method,
        )
        for signature in model.signatures.values()
    )


def _note(slot: _Slot, slots: Iterable[_Slot]) -> str:
    """Return the default of an input; where any has one, that the others have none."""
    if slot.side != "in" or not any(each.default for each in slots):
        return ""
    return slot.default or "required"


def exported(result: Exported) -> View:
    """Return what an export wrote: where, how big, how fast, and the signatures in it."""
    blocks = [
        _Block(
            signature.name,
            signature.name,
            _slots(
                [(alias, *spec) for alias, spec in signature.inputs.items()],
                [(alias, *spec) for alias, spec in signature.outputs.items()],
                MOST,
            ),
        )
        for signature in result.signatures
    ]
    blocks = _merged(blocks)
    title = f"{result.name} {result.version}"
    done = [f"exported {duration(result.seconds)}"]
    if result.difference is not None:
        done.append("files answer as the live model does")
    kept = [_REPLACED] if result.replaced else []
    serve = f"%tfs_serve {result.name}"
    html = [
        head(title, muted(size(result.bytes))),
        steps(*done),
        endpoints(("path", str(result.path))),
        _html(blocks),
        *(element("p", line) for line in kept),
        element("p", "Next: ", code(serve), class_="jp-tfs-muted"),
    ]
    text = [
        f"{title}  {size(result.bytes)}   {', '.join(done)}",
        f"  path  {cut(str(result.path), WIDTH - len('  path  '))}",
        _text(blocks),
        *kept,
        f"Next: {serve}",
    ]
    return View(f"Export of {title}", join(*html), "\n".join(text), result)


def _merged(blocks: Iterable[_Block]) -> list[_Block]:
    """Show signatures that take and return the same once: Keras writes each model's twice."""
    groups: dict[tuple[_Slot, ...], list[_Block]] = {}
    for block in blocks:
        slots = tuple(slot._replace(shape=slot.shape and tuple(slot.shape)) for slot in block.slots)
        groups.setdefault(slots, []).append(block)
    return [
        first._replace(
            title=f"{first.title} (also: {', '.join(block.name for block in others)})",
            also=tuple(block.name for block in others),
        )
        if others
        else first
        for first, *others in groups.values()
    ]


def _slots(
    inputs: Sequence[tuple[Any, ...]], outputs: Sequence[tuple[Any, ...]], most: int
) -> list[_Slot]:
    """Return rows for inputs, then outputs; of more than `most`, the first and how many follow."""
    return [*_side("in", inputs, most), *_side("out", outputs, most)]


def _side(side: str, specs: Sequence[tuple[Any, ...]], most: int) -> list[_Slot]:
    shown = [_Slot(side, *spec) for spec in specs[:most]]
    more = len(specs) - most
    return [*shown, _Slot(side, f"and {more} more", "", None)] if more > 0 else shown


def _table(slots: Iterable[_Slot]) -> Table:
    slots = list(slots)
    optional = any(slot.default for slot in slots)
    rows = []
    for slot in slots:
        cells = [slot.side, slot.alias, slot.dtype, shape_text(slot.shape) if slot.dtype else ""]
        if optional:
            cells.append(_note(slot, slots))
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
