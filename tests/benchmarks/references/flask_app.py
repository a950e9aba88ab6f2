"""A reference for REST: what many people write, a Flask app around a loaded SavedModel.

Run by gunicorn; every worker loads the model named by the environment variable MODEL_DIRECTORY, and
says so.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
model = tf.saved_model.load(os.environ["MODEL_DIRECTORY"])
function = model.signatures["serving_default"]
[(input_name, expected)] = function.structured_input_signature[1].items()
[output_name] = function.structured_outputs
print("model loaded", flush=True)


@app.post("/v1/models/bench:predict")
def predict() -> Response:
    kind = object if expected.dtype == tf.string else expected.dtype.as_numpy_dtype
    batch = np.asarray(request.get_json()["instances"], dtype=kind)
    outputs = function(**{input_name: tf.constant(batch)})
    predictions = outputs[output_name].numpy().tolist()
    if expected.dtype == tf.string:
        predictions = [text.decode() for text in predictions]
    return jsonify({"predictions": predictions})
