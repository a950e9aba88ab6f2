"""Bodies of requests: one table of fields for each, which is checked and which the document shows.

    raw bytes --read()--> the object --each field's kind--> values, or InvalidArgument with its name

An unknown field is an error that names the nearest known one: a misspelt `replace` must not be
taken for its absence.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server_ext.errors import InvalidArgument
from server_ext.flagvalues import MAX_PORT
from server_ext.hosting.wanted import LABEL, MOST_LABELS

MAX_BYTES = 1 << 20
MAX_VERSION = 2**63 - 1
MAX_TEXT = 4096  # characters: as long as a path may be
_LONG = 80  # characters of a value in a message
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # halves of characters, which nothing can write down


@dataclass(frozen=True)
class Kind:
    """What a value may be: in words, as a check, and as JSON Schema."""

    words: str
    fits: Callable[[Any], bool]
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of a body."""

    name: str
    kind: Kind
    about: str
    required: bool = False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and not _NO_TEXT.search(value)


def _is_number(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_labels(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MOST_LABELS
        and all(
            re.fullmatch(LABEL, name) and (version is None or _is_number(version, 0, MAX_VERSION))
            for name, version in value.items()
        )
    )


def _is_owner(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= {"notebook", "kernel"}
        and all(map(_is_text, value.values()))
    )


def one_of(*values: str) -> Kind:
    """Return the kind of a text that is one of these."""
    return Kind(f"one of {', '.join(values)}", values.__contains__, {"enum": list(values)})


TEXT = Kind(
    f"a text of at most {MAX_TEXT} characters",
    _is_text,
    {"type": "string", "maxLength": MAX_TEXT},
)
YES_NO = Kind("true or false", lambda value: isinstance(value, bool), {"type": "boolean"})
PORT = Kind(
    f"a whole number from 0 to {MAX_PORT}",
    lambda value: _is_number(value, 0, MAX_PORT),
    {"type": "integer", "minimum": 0, "maximum": MAX_PORT},
)
LABELS = Kind(
    'labels with a version or null, like {"stable": 3, "canary": null}: at most '
    f"{MOST_LABELS}, each of up to 200 letters, digits, '_', '-' and '.'",
    _is_labels,
    {
        "type": "object",
        "maxProperties": MOST_LABELS,
        "propertyNames": {"pattern": f"^{LABEL}$"},
        "additionalProperties": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": MAX_VERSION,
        },
    },
)
OWNER = Kind(
    f'who serves it, like {{"notebook": "work/a.ipynb", "kernel": "..."}}, each {TEXT.words}',
    _is_owner,
    {
        "type": "object",
        "properties": dict.fromkeys(("notebook", "kernel"), TEXT.schema),
        "additionalProperties": False,
    },
)


def read(raw: bytes, fields: Sequence[Field]) -> dict[str, Any]:
    """Return the fields that a body has; an empty body has none.

    Raises:
        InvalidArgument: it is no JSON object, or a field is unknown, missing or of another kind.
    """
    body = _object(raw)
    known = {field.name: field for field in fields}
    for name, value in body.items():
        if name not in known:
            raise InvalidArgument(_unknown(name, list(known)))
        if not known[name].kind.fits(value):
            raise InvalidArgument(
                f"`{name}` is {shown(value)}, and must be {known[name].kind.words}"
            )
    for field in fields:
        if field.required and field.name not in body:
            raise InvalidArgument(f"`{field.name}` is missing: {field.about}")
    return body


def schema(fields: Sequence[Field]) -> dict[str, Any]:
    """Return the JSON Schema of a body with these fields."""
    found: dict[str, Any] = {
        "type": "object",
        "properties": {
            field.name: {**field.kind.schema, "description": field.about} for field in fields
        },
        "additionalProperties": False,
    }
    required = [field.name for field in fields if field.required]
    return {**found, "required": required} if required else found


def _object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidArgument(f"The body is {shown(body)}, and must be a JSON object")
    return body


def _unknown(name: str, known: list[str]) -> str:
    field = shown(name)
    if not known:
        return f"There is no field {field} here; this takes an empty object"
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"this takes {', '.join(known)}"
    return f"There is no field {field}; {hint}"


def shown(value: Any) -> str:
    """Return a value as it is written in a body, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False)
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
