"""What happens to arrays of other shapes than the signature's, and to empty batches.

Shapes that would abort the process if they came through are tried in a process of its own.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from server_ext.errors import InvalidArgument

pytestmark = pytest.mark.tensorflow

TRY_SHAPES = """
import json, sys
import numpy as np
from server_ext.engine import savedmodel
from server_ext.errors import InvalidArgument

path, name, shapes = json.loads(sys.argv[1])
model = savedmodel.load(path)
signature = model.signatures[name]
(alias,) = signature.inputs
answers = []
for shape in shapes:
    try:
        outputs = model.run(signature, {alias: np.zeros(shape, "f")}, list(signature.outputs))
        answers.append([list(output.shape) for output in outputs])
    except InvalidArgument as error:
        answers.append(error.message)
print(json.dumps(answers))
"""


@pytest.fixture
def answers_of_a_process():
    """Feed zeros of each shape to a signature in a new process; return shapes or error texts."""

    def answers(path, name, *shapes):
        done = subprocess.run(
            [sys.executable, "-c", TRY_SHAPES, json.dumps([str(path), name, shapes])],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
        return json.loads(done.stdout)

    return answers


def test_a_wrong_rank_for_a_convolution_is_refused_and_the_process_lives(
    convolution, answers_of_a_process
):
    wrong = [[], [8], [0], [8, 8, 1], [1, 64], [1, 1, 8, 8, 1]]

    *refusals, fine = answers_of_a_process(convolution, "serving_default", *wrong, [2, 8, 8, 1])

    assert fine == [[2, 3]]
    for shape, refusal in zip(wrong, refusals, strict=True):
        expected = f"input 'image' has shape {shape} where the signature has [n, 8, 8, 1]: Shape "
        assert refusal.startswith(f"{expected}must be rank 4 but is rank {len(shape)} (Conv2D ")


@pytest.mark.parametrize("name", ["branch", "loop"])
def test_a_wrong_rank_is_refused_where_inference_cannot_see(
    name, hidden_operations, answers_of_a_process
):
    wrong = [[], [8, 8], [1, 8, 8], [1, 1, 8, 8, 1]]

    *refusals, fine = answers_of_a_process(hidden_operations, name, *wrong, [2, 8, 8, 1])

    assert fine == [[2, 8, 8, 1]]
    assert all("branches or loops" in refusal for refusal in refusals)


def test_huge_sizes_without_data_are_refused_and_the_process_lives(
    hidden_operations, answers_of_a_process
):
    refusal, fine, empty = answers_of_a_process(
        hidden_operations, "steps", [0, 2**31], [2, 3], [0, 3]
    )

    assert refusal.startswith("Input 'x' is empty but has shape [0, 2147483648]")
    assert fine == [[2, 3]]
    assert empty == [[0, 3]]


def test_wrong_sizes_are_refused_with_the_cause(convolution, run):
    with pytest.raises(
        InvalidArgument, match=r"has shape \[1, 8, 8, 3\] where .*: Depth of output"
    ):
        run(convolution, image=np.zeros((1, 8, 8, 3), "f"))


def test_other_sizes_than_declared_are_taken_where_the_graph_takes_them(convolution, run):
    assert run(convolution, image=np.zeros((2, 9, 7, 1), "f"))["output_0"].shape == (2, 3)


def test_another_rank_than_declared_is_taken_where_the_graph_takes_it(half_plus_two, run):
    x = np.array([1, 2, 5], np.float32)

    assert run(half_plus_two, x=x)["y"].tolist() == [2.5, 3, 4.5]


def test_an_input_of_open_rank_takes_any_shape_the_graph_takes(module, half_plus_two, run):
    for shape in [(), (3,), (2, 1, 4)]:
        assert run(module, "any_rank", x=np.zeros(shape, "f"))["y"].shape == shape
        assert run(half_plus_two, "open", x=np.zeros(shape, "f"))["y"].shape == shape


def test_a_variable_of_tensorflow_1_can_be_an_output(half_plus_two, run):
    assert run(half_plus_two, "open", x=np.zeros((1, 1), "f"))["half"] == 0.5


def test_an_empty_batch_gets_empty_outputs_of_the_right_shape(convolution, run):
    output = run(convolution, image=np.zeros((0, 8, 8, 1), "f"))["output_0"]

    assert (output.shape, output.dtype) == ((0, 3), np.float32)


def test_an_empty_batch_of_wrong_sizes_is_refused_all_the_same(convolution, run):
    with pytest.raises(InvalidArgument, match="Depth of output"):
        run(convolution, image=np.zeros((0, 8, 8, 3), "f"))


def test_an_empty_batch_of_strings_gets_empty_strings(module, run):
    outputs = run(module, "strings", words=np.array([], object))

    assert (outputs["upper"].shape, outputs["upper"].dtype) == ((0,), object)
    assert outputs["joined"].item() == b""


def test_outputs_that_are_not_rows_are_computed_for_an_empty_batch_too(module, run):
    outputs = run(module, "mean", x=np.zeros((0, 2), "f"))

    assert outputs["mean"].tolist() == [0, 0]
    assert outputs["rows"].item() == 0
