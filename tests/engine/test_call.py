"""How a call finds its arrays, orders its outputs and answers empty batches; nothing real runs."""

import numpy as np
import pytest

from server_ext.engine.call import Call
from server_ext.engine.wiring import Wiring
from server_ext.errors import Internal, InvalidArgument
from server_ext.lifecycle.servable import Signature, TensorSpec

DT_FLOAT, DT_STRING = 1, 7


class FakeGraph:
    """Infers what it is told to."""

    hides_operations = False

    def __init__(self, *outputs):
        self.outputs = list(outputs)

    def infer(self, inputs):
        if not self.outputs:
            raise ValueError("cannot tell")
        return self.outputs


def tensors(**names):
    return {alias: TensorSpec(name, DT_FLOAT, (-1, 2)) for alias, name in names.items()}


def signature(inputs, outputs, defaults=frozenset()):
    return Signature("s", "", inputs, outputs, b"", defaults)


def fails(*fed):
    raise Internal("kernel failed")


def rows(*values):
    return np.array([[value, value] for value in values], np.float32).reshape(-1, 2)


def test_outputs_come_in_the_order_asked_for():
    wiring = Wiring(
        signature(tensors(a="x:0"), tensors(same="x:0", y="y:0", z="z:0")), ["z", "same", "y", "z"]
    )
    call = Call(wiring, lambda x: [x + 1, x + 2], FakeGraph(), {})

    outputs = call({"a": rows(0)})

    # fetched in the order of the outputs: z first
    assert [output[0, 0] for output in outputs] == [1, 0, 2, 1]


def test_a_given_alias_wins_over_the_default_of_another():
    wiring = Wiring(signature(tensors(a="x:0", b="x:0"), tensors(y="y:0")), ["y"])
    call = Call(wiring, lambda x: [x], FakeGraph(), {"a": rows(7)})

    assert call({})[0][0, 0] == 7
    assert call({"b": rows(1)})[0][0, 0] == 1


def test_aliases_of_one_tensor_may_share_a_value_that_is_not_a_number():
    wiring = Wiring(signature(tensors(a="x:0", b="x:0"), tensors(y="y:0")), ["y"])
    call = Call(wiring, lambda x: [x], FakeGraph(), {})

    assert np.isnan(call({"a": rows(np.nan), "b": rows(np.nan)})[0]).all()
    with pytest.raises(InvalidArgument, match="send the same for each, or only one"):
        call({"a": rows(1), "b": rows(2)})


@pytest.mark.parametrize("inferred", [(0, 5), (None, 5)])
def test_an_empty_batch_that_the_graph_cannot_take_gets_the_inferred_shape(inferred):
    wiring = Wiring(signature(tensors(a="x:0"), tensors(y="y:0")), ["y"])
    call = Call(wiring, fails, FakeGraph(inferred), {})

    (output,) = call({"a": rows()})

    assert (output.shape, output.dtype) == ((0, 5), np.float32)


@pytest.mark.parametrize("inferred", [(2, 5), (0, None), None])
def test_an_empty_batch_of_unknown_outcome_is_the_graphs_to_answer(inferred):
    wiring = Wiring(signature(tensors(a="x:0"), tensors(y="y:0")), ["y"])

    computed = Call(wiring, lambda x: [rows(1, 2)], FakeGraph(inferred), {})({"a": rows()})

    assert computed[0].tolist() == [[1, 1], [2, 2]]
    with pytest.raises(Internal, match="kernel failed"):
        Call(wiring, fails, FakeGraph(inferred), {})({"a": rows()})


def test_without_inference_an_empty_batch_is_the_graphs_to_answer():
    wiring = Wiring(signature(tensors(a="x:0"), tensors(y="y:0")), ["y"])

    with pytest.raises(Internal, match="kernel failed"):
        Call(wiring, fails, FakeGraph(), {})({"a": rows()})


def test_an_empty_input_that_is_no_batch_gets_no_guessed_answer():
    wiring = Wiring(signature(tensors(a="x:0"), tensors(y="y:0")), ["y"])
    no_columns = np.zeros((1, 0), np.float32)

    with pytest.raises(Internal, match="kernel failed"):
        Call(wiring, fails, FakeGraph((None, 5)), {})({"a": no_columns})


def test_a_graph_is_not_run_on_huge_sizes_without_data():
    wiring = Wiring(
        signature({"a": TensorSpec("x:0", DT_FLOAT, (-1, -1))}, tensors(y="y:0")), ["y"]
    )
    huge = np.zeros((0, 2**31), np.float32)

    with pytest.raises(InvalidArgument, match=r"'a' is empty but has shape \[0, 2147483648\]"):
        Call(wiring, fails, FakeGraph((None, 5)), {})({"a": huge})


def test_scalars_become_arrays_again():
    outputs = {"n": TensorSpec("n:0", DT_FLOAT, ()), "s": TensorSpec("s:0", DT_STRING, ())}
    wiring = Wiring(signature({}, outputs), ["n", "s"])

    number, text = Call(wiring, lambda: [np.float32(2), b"two"], FakeGraph(), {})({})

    assert (number.shape, number.dtype, number.item()) == ((), np.float32, 2)
    assert (text.shape, text.dtype, text.item()) == ((), object, b"two")
