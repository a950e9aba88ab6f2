"""One server for all tests of this folder, with a model of each kind they need."""

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
def config_file(models: Path) -> Path:
    """Five models that exist, one of them broken, and one that does not."""
    config = models / "models.config"
    versions = {"constant": "model_version_policy { specific { versions: 1 versions: 3 } }"}
    entries = [
        f'config {{ name: "{name}" base_path: "{models / name}" model_platform: "tensorflow" '
        f"{versions.get(name, '')} }}"
        for name in ("constant", "pair", "words", "conv", "broken", "absent")
    ]
    config.write_text("model_config_list { " + "\n".join(entries) + " }")
    return config


@pytest.fixture(scope="session")
def native_server(config_file: Path, start_session_server: Any) -> Any:
    return start_session_server(f"--model_config_file={config_file}")


@pytest.fixture(scope="session")
def server_without_native_front(config_file: Path, start_session_server: Any) -> Any:
    """The same where pygrpc-native cannot be imported, as on Windows."""
    program = (
        "import sys; sys.modules['pygrpc_native'] = None; "
        "from server_ext.cli import main; sys.exit(main())"
    )
    return start_session_server(f"--model_config_file={config_file}", program=("-c", program))
