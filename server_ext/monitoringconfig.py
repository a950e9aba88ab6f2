"""Reads --monitoring_config_file: where the page for Prometheus is, if it is to be there at all.

prometheus_config { enable: true  path: "/metrics" }
"""

from __future__ import annotations

import os

from google.protobuf import text_format

from server_ext.errors import InvalidArgument
from server_ext.lifecycle.storage import os_failure
from server_ext.protos import MonitoringConfig

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_monitoring_config_file(path: str) -> str | None:
    """Return the path of the metrics page in a text-format MonitoringConfig; None if not enabled.

    Raises:
        ServingError: the file cannot be read, with the file system's code.
        InvalidArgument: it is not a MonitoringConfig, or its path does not begin with `/`.
    """
    config = MonitoringConfig()
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            text_format.Parse(file.read(), config)
    except OSError as error:
        raise os_failure(f"monitoring config file {path}", error) from None
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise InvalidArgument(f"Invalid protobuf file: '{path}': {error}") from None
    if not config.prometheus_config.enable:
        return None
    page = config.prometheus_config.path or DEFAULT_PATH
    if not page.startswith("/"):
        raise InvalidArgument(f"{path}: prometheus_config.path is '{page}': begin it with /")
    return str(page)
