"""Classify and regress over REST: documents, answers and errors of a real server."""

from __future__ import annotations

import base64

import pytest
import requests

pytestmark = pytest.mark.tensorflow

TWO = [{"x": 1.5, "who": "me"}, {"x": 0.0}]


@pytest.fixture(scope="module")
def server(native_server):
    return native_server


def post(server, target, body):
    url = f"{server.url}/v1/models/{target}"
    if isinstance(body, str):
        return requests.post(url, data=body, timeout=30)
    return requests.post(url, json=body, timeout=30)


def error_of(response):
    assert response.headers["content-type"] == "application/json"
    return response.json()["error"]


def test_classify_answers_with_pairs_of_label_and_score(server):
    response = post(server, "examples:classify", {"examples": TWO})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"results": [[["low", 0.0], ["me", 1.5]], [["low", 0.0], ["", 0.0]]]}
    assert '["low",0.0]' in response.text


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("labels", [[["low", 0.0], ["me", 0.0]], [["low", 0.0], ["", 0.0]]]),
        ("scores", [[["", 0.0], ["", 1.5]], [["", 0.0], ["", 0.0]]]),
    ],
)
def test_labels_or_scores_may_be_missing(server, signature, expected):
    body = {"signature_name": signature, "examples": TWO}

    assert post(server, "examples/versions/5:classify", body).json() == {"results": expected}


def test_a_label_that_is_not_utf_8_is_base64(server):
    body = {"signature_name": "bad_label", "examples": [{}]}

    results = post(server, "examples:classify", body).json()["results"]

    assert results == [[[{"b64": base64.b64encode(b"a\xff").decode()}, 0.0]]]


@pytest.mark.parametrize("signature", ["regress", "column"])
def test_regress_answers_with_one_number_for_each_example(server, signature):
    body = {"signature_name": signature, "examples": TWO}

    response = post(server, "examples:regress", body)

    assert response.status_code == 200
    assert response.json() == {"results": [1.5, 0.0]}


def test_floats_have_the_digits_of_a_float32_and_may_be_infinite(server):
    text = '{"signature_name": "%s", "examples": [{"x": 0.1}, {"x": NaN}, {"x": -1e39}]}'

    regressed = post(server, "examples:regress", text % "regress").text
    classified = post(server, "examples:classify", text % "scores").text

    assert regressed.split(": ")[1] == "[0.1,NaN,-Infinity]\n}"
    assert '[["",0.0],["",NaN]]' in classified


def test_a_context_holds_for_all_examples_and_an_example_wins(server):
    body = {"context": {"x": 2.0, "who": "all"}, "examples": [{}, {"x": 4.0}]}

    classified = post(server, "examples:classify", body).json()["results"]
    regressed = post(server, "examples:regress", {**body, "signature_name": "regress"}).json()

    assert classified == [[["low", 0.0], ["all", 2.0]], [["low", 0.0], ["all", 4.0]]]
    assert regressed == {"results": [2.0, 4.0]}


@pytest.mark.parametrize("verb", ["classify", "regress"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("[1]", "Is not object"),
        ({"signature_name": 1}, "'signature_name' key must be a string value"),
        ({"context": []}, "Example must be JSON object but got JSON Array"),
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [[1]]}, "Example must be JSON object but got JSON Array"),
        (
            {"examples": [{"x": None}]},
            "Feature: x has element with unexpected JSON type: Null",
        ),
        (
            {"examples": [{"x": 2**64 - 1}]},
            "Feature: x has uint64_t element. Only int64_t is supported.",
        ),
        (
            {"examples": [{"x": [1.5, 2]}]},
            "Unexpected element type in feature: x expecting type: float",
        ),
    ],
)
def test_the_document_is_looked_at_before_the_model(server, verb, body, words):
    response = post(server, f"nobody:{verb}", body)

    assert response.status_code == 400
    assert words in error_of(response)


@pytest.mark.parametrize(
    ("target", "signature", "status", "words"),
    [
        ("nobody:classify", "", 404, "Servable not found for request: Latest(nobody)"),
        ("examples/versions/6:regress", "", 404, "Specific(examples, 6)"),
        ("examples/labels/no:classify", "", 400, "Unrecognized servable version label: no"),
        ("examples:classify", "no", 400, "No signature was found with the name: no"),
        ("examples:regress", "no", 400, "No signature was found with the name: no"),
        ("examples:classify", "no_inputs", 400, "No classification inputs found"),
        ("examples:classify", "double_scores", 400, "Expected scores Tensor of DT_FLOAT"),
        ("examples:regress", "", 400, "Expected one output Tensor"),
        ("examples:regress", "wide", 400, "Expected output Tensor shape to be either"),
        ("examples:regress", "wants_numbers", 400, "Expects arg[0] to be float but string"),
        ("examples:Classify", "", 400, "Malformed request: POST /v1/models/examples:Classify"),
        ("examples:Regress", "", 400, "use predict, classify or regress"),
    ],
)
def test_a_wrong_model_or_signature_is_answered_with_what_was_wrong(
    server, target, signature, status, words
):
    response = post(server, target, {"signature_name": signature, "examples": TWO})

    assert response.status_code == status
    assert words in error_of(response)


def test_integers_do_not_become_floats(server):
    """`{"x": 80}` is an int64 feature, as in TensorFlow Serving; the model wants a float."""
    body = {"signature_name": "regress", "examples": [{"x": 80}]}

    response = post(server, "examples:regress", body)

    assert response.status_code == 400
    assert "Key: x" in error_of(response)
    assert "Data types don't match" in error_of(response)


@pytest.mark.parametrize("verb", ["classify", "regress"])
def test_a_verb_needs_post(server, verb):
    response = requests.get(f"{server.url}/v1/models/examples:{verb}", timeout=30)

    assert response.status_code == 400
    assert f"send :{verb} with POST, not GET" in error_of(response)


def test_with_the_flag_the_method_of_a_signature_must_be_the_one_that_is_used(models, start_server):
    checking = start_server(
        "--model_name=examples",
        f"--model_base_path={models / 'examples'}",
        "--enable_signature_method_name_check",
    )

    def ask(verb, signature):
        body = {"signature_name": signature, "examples": TWO, "instances": [""]}
        response = post(checking, f"examples:{verb}", body)
        return response.status_code, response.json().get("error", "")

    assert ask("classify", "serving_default") == (200, "")
    assert ask("regress", "regress") == (200, "")
    status, error = ask("classify", "served")
    assert status == 400
    assert (
        "Expected classification signature method_name to be tensorflow/serving/classify" in error
    )
    status, error = ask("regress", "odd_method")
    assert status == 400
    assert "Expected regression signature method_name to be tensorflow/serving/regress" in error
    status, error = ask("predict", "odd_method")
    assert status == 500
    assert "Expected prediction signature method_name to be one of" in error
    assert "Feature: x" in ask("predict", "regress")[1]  # the model was run
