"""The bodies of what people ask a host over HTTP, field by field.

One table for each, so that Jupyter servers and widgets without one take and refuse the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from server_ext.errors import InvalidArgument
from server_ext.flagvalues import WAYS_TO_BATCH
from server_ext.hosting.bodies import LABELS, OWNER, PORT, TEXT, YES_NO, Field, one_of, shown
from server_ext.hosting.models import LATEST, Model, parse_versions

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_VERSIONS = Field("versions", TEXT, "Which versions: latest:2, all, or numbers like 1,3")
_LABELS = Field("labels", LABELS, "Names for versions; null takes one away")

START = (
    Field("rest_port", PORT, "The port for REST; 0 takes any free one"),
    Field("grpc_port", PORT, "The port for gRPC; 0 takes any free one"),
    Field("batching", one_of(*WAYS_TO_BATCH), "Whether requests run together"),
)
STOP = (
    Field("forget", YES_NO, "Forget the models too; else a start serves them again"),
    Field("now", YES_NO, "Do not wait for requests; also ends a stop that does"),
)
SERVE = (
    Field("base_path", TEXT, "The directory of its versions", required=True),
    _VERSIONS,
    _LABELS,
    Field("owner", OWNER, "The notebook and the kernel that serve it"),
    Field("replace", YES_NO, "Take the name over from another notebook"),
)
CHANGE = (_VERSIONS, _LABELS)


def model_of(name: str, base_path: str, body: Mapping[str, Any]) -> Model:
    """Return the model that a body of the form SERVE asks for, in a directory that was resolved.

    Raises:
        InvalidArgument: the name is none, or the versions are no choice of versions.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"{shown(name)} is no name for a model: use letters, digits, and . _ - between them"
        )
    labels = {label: at for label, at in body.get("labels", {}).items() if at is not None}
    return Model(name, base_path, parse_versions(body.get("versions", LATEST)), labels)
