"""Models that are exported in no time, for what a server looks like when it has some."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

SIDE = 28


def digits(folder: Path, versions: int = 2) -> None:
    """Write versions of a model that takes images and gives probabilities; each answers otherwise."""
    import tensorflow as tf

    class Digits(tf.Module):
        def __init__(self, seed: int) -> None:
            super().__init__()
            weights = tf.random.stateless_normal([SIDE * SIDE, 10], [seed, 1])
            self.weights = tf.Variable(weights, name="weights")

        @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 1], tf.float32, "image")])
        def read(self, image: Any) -> dict[str, Any]:
            rows = tf.reshape(image, [-1, SIDE * SIDE])
            return {"probabilities": tf.nn.softmax(rows @ self.weights / 4)}

    for version in range(1, versions + 1):
        module = Digits(version)
        tf.saved_model.save(module, str(folder / str(version)), signatures=module.read)


def counting(folder: Path) -> None:
    """Write a model that counts as far as it is told, which takes minutes for 2_000_000_000."""
    import tensorflow as tf

    class Counting(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="rounds")])
        def count(self, rounds: Any) -> dict[str, Any]:
            counted = tf.while_loop(lambda n: n < rounds, lambda n: [n + 1], [tf.constant(0)])
            return {"n": counted[0]}

    module = Counting()
    tf.saved_model.save(module, str(folder / "1"), signatures=module.count)


def endless(version: Path, folder: Path) -> Path:
    """Write a version that loads until it is let go; return what that takes."""
    shutil.copytree(version, folder)
    pipe = folder / "assets.extra" / "tf_serving_warmup_requests"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    return pipe


def let_go(pipe: Path) -> None:
    """Have a version that was endless load to its end: it waits to read, and finds nothing."""
    nothing = pipe.with_name("nothing")
    nothing.touch()
    with pipe.open("wb"):
        nothing.replace(pipe)  # it reads again, by the name


def damaged(folder: Path) -> None:
    """Write a version that cannot be loaded."""
    version = folder / "1"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_text("this is no model")


def copies(model: Path, folder: Path, names: list[str], versions: int) -> None:
    """Write models that are all the first version of this one."""
    for name in names:
        for version in range(1, versions + 1):
            shutil.copytree(model / "1", folder / name / str(version))
