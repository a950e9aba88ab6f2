"""Messages of TensorFlow Serving that its Python package leaves out, declared field by field.

Names and numbers are those of tensorflow_serving/config/*.proto. They live in a pool of their own,
so that a package that brings them one day is not in the way. Threads: read-only after import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "tensorflow.serving"
_SCALARS = {"bool": FieldDescriptorProto.TYPE_BOOL, "string": FieldDescriptorProto.TYPE_STRING}
_POOL = DescriptorPool()


def _declare(file: str, messages: Mapping[str, Sequence[tuple[str, str, int]]]) -> dict[str, Any]:
    """Make the classes of messages with singular fields: (type, name, number), as in a .proto."""
    proto = FileDescriptorProto(name=file, package=PACKAGE, syntax="proto3")
    for message, fields in messages.items():
        declared = proto.message_type.add(name=message)
        for kind, name, number in fields:
            field = declared.field.add(name=name, number=number)
            field.label = FieldDescriptorProto.LABEL_OPTIONAL
            if kind in _SCALARS:
                field.type = _SCALARS[kind]
            else:
                field.type = FieldDescriptorProto.TYPE_MESSAGE
                field.type_name = f".{PACKAGE}.{kind}"
    _POOL.Add(proto)
    return {
        name: GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in messages
    }


_monitoring = _declare(
    "tensorflow_serving/config/monitoring_config.proto",
    {
        "PrometheusConfig": [("bool", "enable", 1), ("string", "path", 2)],
        "MonitoringConfig": [("PrometheusConfig", "prometheus_config", 1)],
    },
)
MonitoringConfig = _monitoring["MonitoringConfig"]
