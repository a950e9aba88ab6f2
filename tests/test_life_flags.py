"""Flags about the life of versions, on real servers."""

from __future__ import annotations

import pytest
import requests

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def model(tmp_path, export_constant):
    """The base path of a model with version 1."""
    base = tmp_path / "m"
    base.mkdir()
    export_constant(base / "1", 1.0)
    return base


def statuses(server):
    answer = requests.get(f"{server.url}/v1/models/m", timeout=30)
    return {int(e["version"]): e for e in answer.json()["model_version_status"]}


def predict(server):
    body = {"instances": [[0, 0, 0, 0]]}
    return requests.post(f"{server.url}/v1/models/m:predict", json=body, timeout=30)


def test_a_version_beyond_the_memory_limit_is_refused_and_the_old_one_serves(
    start_server, model, export_constant, eventually
):
    size = sum(file.stat().st_size for file in model.rglob("*") if file.is_file())
    limit = int(1.2 * 1.5 * size)
    server = start_server(
        f"--model_base_path={model}",
        "--model_name=m",
        "--num_load_threads=1",
        "--num_unload_threads=1",
        f"--total_model_memory_limit_bytes={limit}",
    )

    export_constant(model / "2", 2.0)
    refused = eventually(
        lambda: statuses(server).get(2, {}).get("state") == "END" and statuses(server)[2]
    )

    assert refused["status"]["error_code"] == "RESOURCE_EXHAUSTED"
    assert (
        "Insufficient resources to load servable {name: m version: 2}"
        in refused["status"]["error_message"]
    )
    assert statuses(server)[1]["state"] == "AVAILABLE"
    assert predict(server).json()["predictions"][0]["b"] == 1.0


def test_tags_that_no_graph_has_are_told(start_server, model):
    server = start_server(
        f"--model_base_path={model}", "--model_name=m", "--saved_model_tags=train,gpu"
    )

    status = statuses(server)[1]

    assert (status["state"], status["status"]["error_code"]) == ("END", "NOT_FOUND")
    assert (
        "Could not find meta graph def matching supplied tags" in status["status"]["error_message"]
    )
    assert "train" in status["status"]["error_message"]
