"""A Jupyter server inside of the test's own process, under a base URL that needs escapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from traitlets.config import Config

from server_ext.jupyter.app import TFSExtension


@pytest.fixture
def tfs_config() -> dict[str, Any]:
    """Options of the extension, for tests to override."""
    return {}


@pytest.fixture
def jp_server_config(tfs_config: dict[str, Any]) -> Config:
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {"server_ext": True, "jupyter_server_terminals": False},
                "allow_unauthenticated_access": False,
            },
            "TFSExtension": {"rest_port": 0, "grpc_port": 0, **tfs_config},
        }
    )


@pytest.fixture
def extension(jp_serverapp: Any, jp_asyncio_loop: Any) -> Iterator[TFSExtension]:
    """The extension, with its hook run as a Jupyter server does when its loop runs."""
    [app] = jp_serverapp.extension_manager.extension_apps["server_ext"]
    jp_asyncio_loop.run_until_complete(jp_serverapp.extension_manager.start_all_extensions())
    yield app
    jp_asyncio_loop.run_until_complete(jp_serverapp.cleanup_extensions())


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    return jp_root_dir
