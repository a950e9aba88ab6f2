"""A reference for REST: a FastAPI app around a loaded SavedModel, with a fast JSON parser.

Run by uvicorn with several workers; each loads the model named by the environment variable
MODEL_DIRECTORY, and says so. The model runs in the pool of threads that FastAPI has for what blocks.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import orjson
import tensorflow as tf
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

app = FastAPI()
model = tf.saved_model.load(os.environ["MODEL_DIRECTORY"])
function = model.signatures["serving_default"]
[(input_name, expected)] = function.structured_input_signature[1].items()
[output_name] = function.structured_outputs
print("model loaded", flush=True)


def run(document: dict[str, Any]) -> bytes:
    kind = object if expected.dtype == tf.string else expected.dtype.as_numpy_dtype
    batch = np.asarray(document["instances"], dtype=kind)
    predictions = function(**{input_name: tf.constant(batch)})[output_name].numpy()
    if predictions.dtype == object:
        predictions = [text.decode() for text in predictions]
    return orjson.dumps({"predictions": predictions}, option=orjson.OPT_SERIALIZE_NUMPY)


@app.post("/v1/models/bench:predict")
async def predict(request: Request) -> Response:
    document = orjson.loads(await request.body())
    return Response(await run_in_threadpool(run, document), media_type="application/json")
