"""The shape of the code, read from its source: which way imports run, and who may use what."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("server_ext/**/*.py"), *ROOT.glob("tfs_magics/**/*.py")])

# Lowest first. A part may import from lower lines, never from its neighbours on the same line.
LAYERS = [
    {
        "errors",
        "flags",
        "flagvalues",
        "allocator",
        "chatter",
        "latecomers",
        "latencies",
        "loglines",
        "metrics",
        "protos",
        "secretfile",
        "signals",
        "streams",
    },
    {"hosting", "options", "otherflags", "lifecycle"},
    {"codecs", "textproto", "loggingconfig"},
    {"modelconfig", "platformconfig", "monitoringconfig", "sslconfig", "engine", "batching"},
    {"configfile", "commandline", "requestlog"},
    {"api"},
    {"frontends"},
    {"loaders", "fronts"},
    {"server"},
    {"control"},
    {"cli"},
    {"jupyter"},
    {"__main__"},
]
LAYER = {part: number for number, parts in enumerate(LAYERS) for part in parts}

RUNTIME_DOORS = {
    "server_ext/engine/profiler.py",
    "server_ext/engine/runtime.py",
    "server_ext/engine/tfrecord.py",
}
ASYNC_ROOMS = {
    "server_ext/frontends/asgi.py",
    "server_ext/jupyter/app.py",
    "server_ext/jupyter/connections.py",
    "server_ext/jupyter/feed.py",
    "server_ext/jupyter/handlers/about.py",
    "server_ext/jupyter/handlers/base.py",
    "server_ext/jupyter/handlers/events.py",
    "server_ext/jupyter/handlers/history.py",
    "server_ext/jupyter/handlers/logs.py",
    "server_ext/jupyter/handlers/models.py",
    "server_ext/jupyter/handlers/proxy.py",
    "server_ext/jupyter/handlers/server.py",
    "server_ext/jupyter/handlers/status.py",
    "server_ext/jupyter/handlers/versions.py",
    "server_ext/jupyter/service.py",
    "server_ext/jupyter/turnstile.py",
    "server_ext/jupyter/upstream.py",
}


class Import(NamedTuple):
    """A module imported somewhere; `lazy` inside of a function, `typing` for annotations only."""

    file: str
    line: int
    module: str
    lazy: bool
    typing: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports(path: Path) -> list[Import]:
    """Return the imports of a file; `from package import module` names the module where it is one."""
    file = path.relative_to(ROOT).as_posix()
    found = []
    for node, lazy, typing in walk(ast.parse(path.read_text()), False, False):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: write imports absolute"
            names = [submodule(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        found += [Import(file, node.lineno, name, lazy, typing) for name in names]
    return found


def walk(node: ast.AST, lazy: bool, typing: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    """Yield every node below, with whether it runs late and whether only type checkers see it."""
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        unseen = typing or (
            isinstance(node, ast.If)
            and ast.unparse(node.test).endswith("TYPE_CHECKING")
            and child in node.body
        )
        yield child, inside, unseen
        yield from walk(child, inside, unseen)


def submodule(package: str, name: str) -> str:
    path = ROOT / package.replace(".", "/") / name
    return f"{package}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else package


ALL_IMPORTS = [found for path in SOURCES for found in imports(path)]


def part_of(module: str) -> str:
    """Return the part of server_ext a module belongs to: `api` for `server_ext.api.predict`."""
    return [*module.split("."), "", ""][1]


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_every_part_of_the_server_has_a_layer():
    modules = [module_of(path.relative_to(ROOT).as_posix()) for path in SOURCES]
    parts = {part_of(module) for module in modules if module.startswith("server_ext.")}

    assert not parts - LAYER.keys(), "give these a line in LAYERS"


def test_imports_of_the_server_run_downwards():
    wrong = [
        str(found)
        for found in ALL_IMPORTS
        if found.file.startswith("server_ext/") and found.module.startswith("server_ext.")
        for importer, imported in [(part_of(module_of(found.file)), part_of(found.module))]
        if importer  # the package itself only tells Jupyter where the extension is
        and importer != imported
        and LAYER[imported] >= LAYER[importer]
    ]

    assert not wrong


def test_the_server_knows_nothing_of_the_magics():
    assert not [
        str(found)
        for found in ALL_IMPORTS
        if found.file.startswith("server_ext/") and found.module.split(".")[0] == "tfs_magics"
    ]


def test_the_magics_import_only_the_version_the_lowest_layer_and_what_hosts_share():
    allowed = {
        "server_ext",
        "server_ext.chatter",
        "server_ext.errors",
        "server_ext.flagvalues",
    }

    assert not [
        str(found)
        for found in ALL_IMPORTS
        if found.file.startswith("tfs_magics/")
        and found.module.split(".")[0] == "server_ext"
        and found.module not in allowed
        and not found.module.startswith("server_ext.hosting")
    ]


def test_the_extension_of_jupyter_knows_the_host_and_nothing_of_the_server_behind_it():
    allowed = (
        "server_ext.errors",
        "server_ext.flagvalues",
        "server_ext.options",
        "server_ext.hosting",
        "server_ext.jupyter",
    )

    assert not [
        str(found)
        for found in ALL_IMPORTS
        if found.file.startswith("server_ext/jupyter/")
        and found.module.startswith("server_ext.")
        and not found.module.startswith(allowed)
    ]


def test_the_package_itself_imports_nothing_but_the_extension_when_jupyter_asks():
    found = [found for found in ALL_IMPORTS if found.file == "server_ext/__init__.py"]

    assert all(
        each.lazy and each.module.startswith("server_ext.jupyter.")
        for each in found
        if each.module != "typing"
    )


def test_no_module_imports_itself_by_a_detour():
    graph: dict[str, set[str]] = {}
    for found in ALL_IMPORTS:
        if not found.lazy and not found.typing:
            graph.setdefault(module_of(found.file), set()).add(found.module)

    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_the_runtime_of_tensorflow_has_few_doors():
    runtime = [
        found
        for found in ALL_IMPORTS
        if found.module.split(".")[0] in ("tensorflow", "keras")
        and not found.module.startswith("tensorflow.core.")
        and not found.typing
    ]
    wrong = [
        str(found)
        for found in runtime
        if found.file not in RUNTIME_DOORS
        and not (found.file.startswith("tfs_magics/export") and found.lazy)
    ]

    assert not wrong
    assert {found.file for found in runtime} >= RUNTIME_DOORS


def test_the_lifecycle_needs_the_standard_library_only():
    assert not [
        str(found)
        for found in ALL_IMPORTS
        if found.file.startswith("server_ext/lifecycle/")
        and not found.typing
        and found.module.split(".")[0] not in sys.stdlib_module_names
        and not found.module.startswith(("server_ext.lifecycle", "server_ext.errors"))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_async_code_stays_in_its_room(path: Path):
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    used = any(isinstance(node, kinds) for node in ast.walk(ast.parse(path.read_text())))

    assert used == (path.relative_to(ROOT).as_posix() in ASYNC_ROOMS)
