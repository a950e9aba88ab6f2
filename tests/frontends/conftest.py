"""One server for all tests of this folder: two models, several versions, all signatures kinds we need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, export_constant: Any) -> Path:
    """A directory with `constant` (versions 1, 2 and 3), `pair`, `words`, `scale` and `broken`."""
    import tensorflow as tf

    base = tmp_path_factory.mktemp("models")
    (base / "constant").mkdir()
    for version in (1, 2, 3):
        export_constant(base / "constant" / str(version), float(version))

    class Pair(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 2], tf.float32, name="left"),
                tf.TensorSpec([None, 2], tf.int64, name="right"),
            ]
        )
        def add(self, left: Any, right: Any) -> dict[str, Any]:
            return {"sum": left + tf.cast(right, tf.float32)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def double(self, x: Any) -> dict[str, Any]:
            return {"y": 2.0 * x}

    pair = Pair()
    tf.saved_model.save(
        pair, str(base / "pair/7"), signatures={"serving_default": pair.add, "double": pair.double}
    )

    class Words(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def upper(self, text: Any) -> dict[str, Any]:
            return {"upper": tf.strings.upper(text), "raw_bytes": text}

    words = Words()
    tf.saved_model.save(words, str(base / "words/1"), signatures=words.upper)

    inputs = tf.keras.Input((8, 8, 1), name="image")
    outputs = tf.keras.layers.Dense(3)(
        tf.keras.layers.Flatten()(tf.keras.layers.Conv2D(2, 3)(inputs))
    )
    tf.keras.Model(inputs, outputs).export(str(base / "conv/1"), verbose=False)

    (base / "broken" / "1").mkdir(parents=True)
    (base / "broken" / "1" / "saved_model.pb").write_bytes(b"this is not a model")
    return base


@pytest.fixture(scope="session")
def server(models: Path, start_session_server: Any) -> Any:
    config = models / "models.config"
    config.write_text(
        f"""
        model_config_list {{
          config {{ name: "constant" base_path: "{models}/constant" model_platform: "tensorflow"
                    model_version_policy {{ specific {{ versions: 1 versions: 3 }} }} }}
          config {{ name: "pair" base_path: "{models}/pair" model_platform: "tensorflow" }}
          config {{ name: "words" base_path: "{models}/words" model_platform: "tensorflow" }}
          config {{ name: "conv" base_path: "{models}/conv" model_platform: "tensorflow" }}
          config {{ name: "broken" base_path: "{models}/broken" model_platform: "tensorflow" }}
          config {{ name: "absent" base_path: "{models}/absent" model_platform: "tensorflow" }}
        }}
        """
    )
    return start_session_server(f"--model_config_file={config}")
