import os
from pathlib import Path

import pytest

from server_ext.batching import parameters
from server_ext.batching.parameters import Parameters, Pool
from server_ext.errors import Code, InvalidArgument, ServingError

ROOT = Path(__file__).parents[2]


def written(tmp_path: Path, text: str):
    file = tmp_path / "batching.txt"
    file.write_text(text)
    return parameters.read(str(file))


def test_an_empty_file_means_the_defaults_of_tensorflow_serving(tmp_path: Path):
    message = written(tmp_path, "")

    assert Parameters.of(message) == Parameters(
        max_batch_size=1000,
        timeout_s=0.0,
        max_enqueued_batches=10,
        allowed_batch_sizes=(),
        pad_variable_length_inputs=False,
        split=False,
        max_execution_batch_size=1000,
    )
    assert Pool.of(message) == Pool(os.cpu_count() or 1, "batch_threads")


def test_without_a_file_the_threads_have_another_name():
    assert Pool() == Pool(os.cpu_count() or 1, "model_server_batch_threads")


def test_every_field_is_read(tmp_path: Path):
    message = written(
        tmp_path,
        """
        max_batch_size { value: 32 }
        batch_timeout_micros { value: 2500 }
        max_enqueued_batches { value: 7 }
        num_batch_threads { value: 3 }
        thread_pool_name { value: "shared" }
        allowed_batch_sizes: 8
        allowed_batch_sizes: 32
        pad_variable_length_inputs: true
        enable_large_batch_splitting { value: true }
        max_execution_batch_size { value: 32 }
        """,
    )

    assert Pool.of(message) == Pool(3, "shared", light=0)
    assert Parameters.of(message) == Parameters(
        max_batch_size=32,
        timeout_s=0.0025,
        max_enqueued_batches=7,
        allowed_batch_sizes=(8, 32),
        pad_variable_length_inputs=True,
        split=True,
        max_execution_batch_size=32,
    )


@pytest.mark.parametrize(
    ("text", "largest_request", "largest_run"),
    [
        ("max_batch_size { value: 8 }", 8, 8),
        ("max_batch_size { value: 8 } max_execution_batch_size { value: 4 }", 8, 8),
        (
            "max_batch_size { value: 8 } max_execution_batch_size { value: 4 } "
            "enable_large_batch_splitting { value: true }",
            *(8, 4),
        ),
        ("max_batch_size { value: 8 } enable_large_batch_splitting { value: true }", 8, 8),
        (
            "max_execution_batch_size { value: 4 } enable_large_batch_splitting { value: true }",
            *(1000, 4),
        ),
    ],
)
def test_the_size_that_runs_differs_from_that_of_a_request_only_when_splitting(
    tmp_path: Path, text: str, largest_request: int, largest_run: int
):
    found = Parameters.of(written(tmp_path, text))

    assert (found.max_batch_size, found.max_execution_batch_size) == (largest_request, largest_run)


def test_no_enqueued_batch_means_one(tmp_path: Path):
    assert Parameters.of(written(tmp_path, "max_enqueued_batches { value: 0 }")) == Parameters(
        max_enqueued_batches=1
    )


def test_the_example_of_the_readme_can_be_read(tmp_path: Path):
    section = (ROOT / "README.md").read_text().split("### Batching\n")[1]

    message = written(tmp_path, section.split("```")[1])

    assert Pool.of(message).threads == 4
    assert Parameters.of(message).allowed_batch_sizes == (16, 64)


SPLIT = "enable_large_batch_splitting { value: true } "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_batch_size { value: 0 }", "input_batch_size_limit must be positive; was 0"),
        (
            "batch_timeout_micros { value: -5 }",
            "batch_timeout_micros must be non-negative; was -5",
        ),
        (
            "max_enqueued_batches { value: -1 }",
            "max_enqueued_batches must be positive; was -1",
        ),
        (
            SPLIT + "max_batch_size { value: 8 } max_enqueued_batches { value: 0 }",
            "max_enqueued_batches must be positive; was 0",
        ),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; "
            "last entry was 4; expected 8",
        ),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: [4, 2, 8]",
            r"allowed_batch_sizes must be positive and increase; they are \[4, 2, 8\]",
        ),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: [0, 8]",
            "allowed_batch_sizes must be positive",
        ),
        (
            SPLIT + "max_batch_size { value: 8 } max_execution_batch_size { value: 4 } "
            "allowed_batch_sizes: 4",
            "must match max_batch_size; last entry was 4; expected 8",
        ),
        (
            SPLIT + "max_batch_size { value: 8 } max_execution_batch_size { value: 4 } "
            "allowed_batch_sizes: 8",
            "must match max_execution_batch_size; last entry was 8; expected 4",
        ),
        (SPLIT, "needs max_execution_batch_size or max_batch_size"),
        (
            SPLIT + "max_batch_size { value: 4 } max_execution_batch_size { value: 8 }",
            "max_batch_size must not be less than max_execution_batch_size; they are 4 and 8",
        ),
        (
            SPLIT + "max_batch_size { value: 4 } max_execution_batch_size { value: 0 }",
            "max_execution_batch_size must be positive; was 0",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused_for_a_version(tmp_path: Path, text: str, words: str):
    message = written(tmp_path, text)

    with pytest.raises(InvalidArgument, match=words):
        Parameters.of(message)


def test_a_server_without_threads_is_refused(tmp_path: Path):
    message = written(tmp_path, "num_batch_threads { value: 0 }")

    with pytest.raises(InvalidArgument, match="num_batch_threads must be positive; was 0"):
        Pool.of(message)


@pytest.mark.parametrize(
    "text", ["max_batch_size: 32", "max_batch { value: 1 }", "max_batch_size { value: 1.5 }"]
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str):
    with pytest.raises(InvalidArgument, match=r"Invalid protobuf file: '.*batching\.txt'"):
        written(tmp_path, text)


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ServingError, match=r"batching parameters file .*none") as failure:
        parameters.read(str(tmp_path / "none"))

    assert failure.value.code is Code.NOT_FOUND


def test_a_version_may_have_a_file_of_its_own(tmp_path: Path):
    assert parameters.of_version(str(tmp_path)) is None

    (tmp_path / "batching_params.pbtxt").write_text("max_batch_size { value: 5 }")

    assert parameters.of_version(str(tmp_path)) == Parameters(
        max_batch_size=5, max_execution_batch_size=5
    )


def test_a_value_that_is_refused_is_said_with_the_file_it_stands_in(tmp_path: Path):
    file = tmp_path / parameters.VERSION_FILE
    file.write_text("max_batch_size { value: -1 }")

    with pytest.raises(InvalidArgument, match=f"was -1: it is max_batch_size .{file}"):
        parameters.of_version(str(tmp_path))
