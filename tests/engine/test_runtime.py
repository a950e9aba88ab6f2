"""The door to TensorFlow: what is known of its operations and its version."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.tensorflow


def test_an_operation_has_a_definition_if_it_is_registered():
    from server_ext.engine import runtime

    assert runtime.definition_of("MatMul").name == "MatMul"
    assert runtime.definition_of("NobodyHasThisOperation") is None


def test_the_version_is_that_of_tensorflow():
    import tensorflow as tf

    from server_ext.engine import runtime

    assert runtime.version() == tf.__version__


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "Operation received an exception:Status: 2, message: could not create",
            "INVALID_ARGUMENT",
        ),
        ("Operation received an exception:Status: 1, message: no memory", "RESOURCE_EXHAUSTED"),
        ("Operation received an exception: Status: 3, message: never made", "UNIMPLEMENTED"),
        ("Operation received an exception:Status: 5, message: at run time", "ABORTED"),
        ("Input dims must be <= 5 and >=1\n\t [[{{node Softmax}}]]", "INVALID_ARGUMENT"),
        ("The queue was closed", "ABORTED"),
    ],
)
def test_what_onednn_refuses_is_no_reason_to_try_again(text, code):
    import tensorflow as tf

    from server_ext.engine import runtime

    error = runtime.serving_error(tf.errors.AbortedError(None, None, text))

    assert (error.code.name, error.message) == (code, text)
