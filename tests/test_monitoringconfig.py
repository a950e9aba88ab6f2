from pathlib import Path

import pytest

from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.monitoringconfig import read_monitoring_config_file


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", None),
        ('prometheus_config { path: "/metrics" }', None),
        ('prometheus_config { enable: false path: "/metrics" }', None),
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config: { enable: true, path: "/metrics" }', "/metrics"),
    ],
)
def test_the_page_is_where_the_file_says(tmp_path: Path, text: str, path: str | None):
    file = tmp_path / "monitoring.config"
    file.write_text(text)

    assert read_monitoring_config_file(str(file)) == path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"prometheus_config { enabled: true }", "Invalid protobuf file: '.*': 1:21 .*enabled"),
        (b"\xff\xfe", "Invalid protobuf file"),
        (b'prometheus_config { enable: true path: "metrics" }', "'metrics': begin it with /"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, content: bytes, words: str):
    file = tmp_path / "monitoring.config"
    file.write_bytes(content)

    with pytest.raises(InvalidArgument, match=words):
        read_monitoring_config_file(str(file))


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ServingError, match="none does not exist") as failure:
        read_monitoring_config_file(str(tmp_path / "none"))

    assert failure.value.code is Code.NOT_FOUND
