"""What a front end that is live is told of an output; js/src/output/spec.ts is the other end.

    {"format": 1, "kind": "status", "saved": {...}, "host": "...", "at": 1790000000.0}

Values only, small, and nothing secret: it is saved with the notebook.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

MIME_TYPE = "application/vnd.tfs.panel+json"
FORMAT = 1

Spec = dict[str, Any]

_SERVER = (
    "state",
    "since",
    "reason",
    "pid",
    "restarts",
    "started_at",
    "rest_port",
    "grpc_port",
    "rest_url",
    "grpc_target",
    "batching",
    "retry_at",
)
_MODEL = ("name", "base_path", "policy", "labels", "problem", "owner", "wanted")
_VERSION = (
    "version",
    "state",
    "error",
    "path",
    "in_flight",
    "requests",
    "errors",
    "bytes",
    "memory_bytes",
    "loaded_at",
    "load_seconds",
)


def spec(
    kind: str,
    told: Mapping[str, Any] | None,
    model: str | None = None,
    names: Collection[str] | None = None,
    **more: Any,
) -> Spec:
    """Return what is told of an output of this kind.

    `told` is what the host tells of its server, of which the models in `names`, or `model`, are
    kept. None in `more` is left out.
    """
    found: Spec = {"format": FORMAT, "kind": kind}
    if model is not None:
        found["model"] = model
    found |= {key: value for key, value in more.items() if value is not None}
    if told is not None:
        kept = {model} if names is None and model is not None else names
        found["saved"] = _saved(told, kept)
        if told.get("host"):
            found["host"] = told["host"]
    return found | {"at": round(time.time(), 1)}


def _saved(told: Mapping[str, Any], names: Collection[str] | None) -> dict[str, Any]:
    models = [each for each in told["models"] if names is None or each["name"] in names]
    kept = {each["name"] for each in models}
    server = {key: told["server"].get(key) for key in _SERVER}
    state = {
        **server,
        "since": server["since"] or 0,
        "batching": server["batching"] or "",
        "reason": server["reason"] or "",
        "lines": list(told["server"].get("lines") or ())[-5:],
        "notes": list(told["server"].get("notes") or ()),
    }
    sample = told.get("sample")
    if sample:
        versions = [each for each in sample["versions"] if each["name"] in kept]
        sample = {**sample, "versions": versions}
    return {"server": state, "models": [_model(each) for each in models], "sample": sample}


def _model(entry: Mapping[str, Any]) -> dict[str, Any]:
    versions = [
        {**{key: each.get(key) for key in _VERSION}, "signatures": []} for each in entry["versions"]
    ]
    return {**{key: entry.get(key) for key in _MODEL}, "versions": versions}
