"""The yardstick of a restart: import TensorFlow, load these SavedModels into Sessions, say so, end."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

for directory in sys.argv[1:]:
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], directory)
print("loaded", flush=True)
