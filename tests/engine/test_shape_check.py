"""Which shapes pass, which are asked about, and what a client is told; with a fake graph."""

import pytest

from server_ext.engine.shape_check import ShapeCheck, shape_text
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import TensorSpec


class FakeGraph:
    """Takes four dimensions whose last is 1, and remembers what it was asked."""

    def __init__(self, hides_operations=False):
        self.hides_operations = hides_operations
        self.asked = []

    def infer(self, inputs):
        self.asked.append(tuple(inputs))
        (image,) = inputs
        if len(image) != 4:
            raise ValueError(
                f"Shape must be rank 4 but is rank {len(image)} for '{{{{node a/b}}}} = Conv2D[T=1]"
                "(x, k)' with input shapes: [8]."
            )
        return [(image[0], 10)]


def check_of(graph, shape=(-1, 28, 28, 1)):
    return ShapeCheck(["image"], [TensorSpec("x:0", 1, shape)], graph)


@pytest.mark.parametrize("shape", [(1, 28, 28, 1), (64, 28, 28, 1), (0, 28, 28, 1)])
def test_what_the_signature_covers_passes_without_a_question(shape):
    graph = FakeGraph()

    check_of(graph).check((shape,))

    assert not graph.asked


@pytest.mark.parametrize(
    ("declared", "shape", "asked"),
    [
        ((-1, 28, 28, 1), (5, 32, 28, 1), (None, 32, 28, 1)),
        ((-1, -1, -1, 3), (5, 32, 28, 1), (None, None, None, 1)),
        ((3, 28, 28, 1), (5, 28, 28, 1), (5, 28, 28, 1)),
        ((-1, 784), (5, 28, 28, 1), (None, 28, 28, 1)),
        ((), (5, 28, 28, 1), (5, 28, 28, 1)),
        (None, (5, 28, 28, 1), (None, None, None, None)),
    ],
)
def test_inference_is_asked_about_the_shape_with_open_sizes_left_open(declared, shape, asked):
    graph = FakeGraph()

    check_of(graph, declared).check((shape,))

    assert graph.asked == [(asked,)]


def test_one_answer_holds_for_all_batch_sizes():
    graph = FakeGraph()
    check = check_of(graph)

    for rows in range(1, 20):
        check.check(((rows, 32, 32, 1),))
        with pytest.raises(InvalidArgument):
            check.check(((rows, 32),))

    assert graph.asked == [((None, 32, 32, 1),), ((None, 32),)]


def test_a_refusal_names_the_input_both_shapes_and_the_cause():
    with pytest.raises(InvalidArgument) as raised:
        check_of(FakeGraph()).check(((5, 784),))

    assert raised.value.message == (
        "input 'image' has shape [5, 784] where the signature has [n, 28, 28, 1]: "
        "Shape must be rank 4 but is rank 2 (Conv2D a/b)"
    )


def test_another_rank_is_refused_unasked_where_operations_are_hidden():
    graph = FakeGraph(hides_operations=True)
    check = check_of(graph, (-1, 784))

    with pytest.raises(InvalidArgument, match="branches or loops"):
        check.check(((5, 28, 28, 1),))

    assert not graph.asked


def test_hidden_operations_do_not_matter_to_inputs_of_the_declared_or_an_open_rank():
    graph = FakeGraph(hides_operations=True)

    check_of(graph).check(((5, 32, 32, 1),))
    check_of(graph, None).check(((5, 32, 32, 1),))

    assert len(graph.asked) == 2


def test_only_the_inputs_that_differ_are_named():
    specs = [TensorSpec("a:0", 1, (-1,)), TensorSpec("b:0", 1, (-1,))]

    class Refusing(FakeGraph):
        def infer(self, inputs):
            raise ValueError("no")

    with pytest.raises(InvalidArgument) as raised:
        ShapeCheck(["a", "b"], specs, Refusing()).check(((3,), (3, 1)))

    assert raised.value.message == "input 'b' has shape [3, 1] where the signature has [n]: no"


def test_output_shapes_are_those_of_exactly_these_inputs():
    check = check_of(FakeGraph())

    assert check.outputs(((0, 28, 28, 1),)) == ((0, 10),)
    assert check.outputs(((0, 28),)) == ()


@pytest.mark.parametrize(
    ("shape", "text"),
    [((-1, 28, 28, 1), "[n, 28, 28, 1]"), ((), "[]"), ((-1, -1), "[n, n]"), (None, "any")],
)
def test_shapes_are_written_for_people(shape, text):
    assert shape_text(shape) == text
