"""JSON Schemas of what the API answers; the document and the tests use them."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
COUNT = {"type": "integer", "minimum": 0}
MAYBE_NUMBER = {"type": ["number", "null"]}
MAYBE_COUNT = {"type": ["integer", "null"]}
MAYBE_TEXT = {"type": ["string", "null"]}
ANY_OBJECT = {"type": "object"}
COUNTS = {"type": "object", "additionalProperties": COUNT}


def record(**fields: Any) -> dict[str, Any]:
    """Return the schema of an object that has at least these fields."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def list_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": entry}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def part(name: str) -> dict[str, Any]:
    """Return a reference to a schema of PARTS."""
    return {"$ref": f"#/components/schemas/{name}"}


STATES = ["stopped", "starting", "running", "restarting", "failed", "stopping"]
CAUSES = ["port_in_use", "out_of_memory", "signal", "hung", "exit", "cannot_start"]
VERSION_STATES = ["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]

ERROR = record(message=TEXT, reason=TEXT)
OWNER = record(notebook=TEXT, kernel=TEXT)
HELD = record(name=TEXT, version=COUNT, stamp=TEXT, reason=TEXT)
SERVER = record(
    state={"enum": STATES},
    since=NUMBER,
    reason=MAYBE_TEXT,
    lines=list_of(TEXT),
    pid=MAYBE_COUNT,
    restarts=COUNT,
    max_restarts=COUNT,
    attempt=COUNT,
    cause=maybe(part("Cause")),
    in_flight=COUNT,
    memory_limit_bytes=COUNT,
    started_at=MAYBE_NUMBER,
    start_seconds=MAYBE_NUMBER,
    host=MAYBE_TEXT,
    rest_port=MAYBE_COUNT,
    grpc_port=MAYBE_COUNT,
    rest_url=MAYBE_TEXT,
    grpc_target=MAYBE_TEXT,
    notes=list_of(TEXT),
    batching=TEXT,
    retry_at=MAYBE_NUMBER,
)
CAUSE = {
    "type": "object",
    "properties": {
        "kind": {"enum": CAUSES},
        "port": COUNT,
        "pid": COUNT,
        "program": TEXT,
        "signal": TEXT,
        "exit_code": {"type": "integer"},
        "seconds": NUMBER,
        "limit_bytes": COUNT,
    },
    "required": ["kind"],
}
VERSION = record(
    version={"type": "integer"},
    state={"enum": VERSION_STATES},
    since=NUMBER,
    load_started_at=MAYBE_NUMBER,
    load_seconds=MAYBE_NUMBER,
    load_expected_s=MAYBE_NUMBER,
    error=maybe(record(code=TEXT, message=TEXT)),
    path=TEXT,
    in_flight=COUNT,
    requests=COUNT,
    errors=COUNT,
    signatures=list_of(TEXT),
)
MODEL = record(
    name=TEXT,
    base_path=TEXT,
    policy=TEXT,
    labels={"type": "object", "additionalProperties": {"type": "integer"}},
    problem=MAYBE_TEXT,
    versions=list_of(part("Version")),
    on_disk=list_of(record(version={"type": "integer"}, bytes=COUNT, modified=NUMBER)),
    owner=maybe(part("Owner")),
    wanted=TEXT,
)
_SPEEDS: dict[str, Any] = {
    "per_second": NUMBER,
    "errors_per_second": NUMBER,
    "p50_ms": MAYBE_NUMBER,
    "p90_ms": MAYBE_NUMBER,
    "p99_ms": MAYBE_NUMBER,
    "batch_rows": MAYBE_NUMBER,
    "batches": maybe(COUNTS),
}
SAMPLE = record(
    at=NUMBER,
    rss_bytes=MAYBE_NUMBER,
    cpu_seconds=MAYBE_NUMBER,
    in_flight=COUNT,
    queued=COUNT,
    all=record(**_SPEEDS),
    versions=list_of(
        record(
            name=TEXT,
            version={"type": "integer"},
            requests=COUNT,
            errors=COUNT,
            in_flight=COUNT,
            queued=COUNT,
            memory_bytes=COUNT,
            **_SPEEDS,
            codes=COUNTS,
            reasons=list_of(record(code=COUNT, reason=TEXT, count=COUNT)),
        )
    ),
)
EVENT = record(
    at=NUMBER,
    model=MAYBE_TEXT,
    version={"type": ["integer", "null"]},
    kind={"enum": ["available", "loading", "failed", "unloaded", "label", "found", "server"]},
    text=TEXT,
)
HISTORY = record(
    step_s=COUNT,
    points=list_of(
        maybe(
            record(
                at=COUNT,
                per_second=NUMBER,
                errors_per_second=NUMBER,
                p50_ms=MAYBE_NUMBER,
                p90_ms=MAYBE_NUMBER,
                p99_ms=MAYBE_NUMBER,
                queued=COUNT,
                batch_rows=MAYBE_NUMBER,
                rss_bytes=MAYBE_COUNT,
            )
        )
    ),
    batches=COUNTS,
    errors=list_of(record(code=COUNT, reason=TEXT, count=COUNT, last=NUMBER)),
    events=list_of(part("Event")),
)
STATUS = record(
    server=part("Server"),
    models=list_of(part("Model")),
    sample=maybe(part("Sample")),
    host=TEXT,
    registry=record(path=MAYBE_TEXT, problem=MAYBE_TEXT),
    held=list_of(part("Held")),
    events=list_of(part("Event")),
)
ABOUT = record(
    version=TEXT,
    api={"const": 1},
    capabilities={"type": "object", "additionalProperties": {"type": "boolean"}},
    root_dir=TEXT,
    roots=list_of(TEXT),
    require_token={"type": "boolean"},
    model_server=record(
        host=TEXT,
        rest_port_fixed=MAYBE_COUNT,
        grpc_port_fixed=MAYBE_COUNT,
        batching=TEXT,
        max_models=COUNT,
    ),
)
ADDRESS = record(rest_url=MAYBE_TEXT, grpc_target=MAYBE_TEXT, token=MAYBE_TEXT)
LOGS = record(lines=list_of(record(seq=COUNT, at=NUMBER, text=TEXT)), next=COUNT)
NOTE = {"type": "object", "properties": {"note": TEXT}, "additionalProperties": False}
DELETED = record(note=TEXT, bytes=COUNT)

PARTS: dict[str, dict[str, Any]] = {
    "Error": ERROR,
    "Status": STATUS,
    "Server": SERVER,
    "Cause": CAUSE,
    "Event": EVENT,
    "History": HISTORY,
    "Model": MODEL,
    "Version": VERSION,
    "Sample": SAMPLE,
    "Owner": OWNER,
    "Held": HELD,
    "About": ABOUT,
    "Address": ADDRESS,
    "Logs": LOGS,
    "Note": NOTE,
    "Deleted": DELETED,
}
