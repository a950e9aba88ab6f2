"""Sessions start from what the flags say."""

from __future__ import annotations

import pytest

from server_ext.engine.sessionconfig import session_config
from server_ext.errors import Code, InvalidArgument, ServingError

pytestmark = pytest.mark.tensorflow  # the messages import TensorFlow


def test_without_flags_only_the_placement_is_soft():
    config = session_config()

    assert config.allow_soft_placement
    assert not config.HasField("gpu_options")
    assert not config.HasField("graph_options")


def test_a_file_is_taken_as_it_is_and_the_flags_win(tmp_path):
    file = tmp_path / "session.config"
    file.write_text(
        "intra_op_parallelism_threads: 3 gpu_options { per_process_gpu_memory_fraction: 0.25 }"
    )

    assert session_config(str(file)).intra_op_parallelism_threads == 3
    assert session_config(str(file), 0.5).gpu_options.per_process_gpu_memory_fraction == 0.5


def test_bfloat16_is_the_only_mixed_precision(caplog):
    rewrites = session_config(mixed_precision="bfloat16").graph_options.rewrite_options
    assert rewrites.auto_mixed_precision_onednn_bfloat16 == type(rewrites).ON

    assert not session_config(mixed_precision="float16").HasField("graph_options")
    assert "--mixed_precision=float16 has no effect" in caplog.text


def test_a_file_that_cannot_be_read_or_parsed_is_named(tmp_path):
    wrong = tmp_path / "wrong.config"
    wrong.write_text("no_such_field: 1")

    with pytest.raises(InvalidArgument, match=f"Invalid protobuf file: '{wrong}'"):
        session_config(str(wrong))
    with pytest.raises(ServingError, match=r"session config file .*missing does not exist") as lost:
        session_config(str(tmp_path / "missing"))
    assert lost.value.code is Code.NOT_FOUND
