"""The documents say what the code does: tables are complete, links resolve, nothing private leaks."""

import dataclasses
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from traitlets import Undefined

import server_ext
from server_ext.jupyter.app import TFSExtension
from server_ext.options import Options
from tfs_magics import magics

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
MAKE = re.compile(r"\bmake ([a-z]+)\b")

# Written in two halves, so that this file does not find itself.
REGISTRY_HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
PRIVATE_PATH = re.compile(r"(?<![\w.~:/-])/(home|root|work|Users)/\w")

DEFINED = {
    "%" * count + name: getattr(magics.TFSMagics, name)
    for count, kind in ((1, "line"), (2, "cell"))
    for name in magics.TFSMagics.magics[kind]
}


def repository_files() -> list[Path]:
    """Return what is or would be committed; without git, all but hidden folders."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        return [ROOT / name for name in names if not str(name).startswith((".venv", ".git/"))]
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def markdown_texts() -> dict[str, tuple[Path, str]]:
    """Return each Markdown file and the prose of each notebook, with the folder its links are in."""
    texts = {
        path.relative_to(ROOT).as_posix(): (path.parent, path.read_text())
        for path in repository_files()
        if path.suffix == ".md"
    }
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        texts[path.relative_to(ROOT).as_posix()] = (path.parent, prose)
    return texts


def table_rows(heading: str) -> list[list[str]]:
    """Return the cells of the rows of the first table below a heading of the README."""
    section = README.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def shown_default(option: dataclasses.Field[Any]) -> str:
    if option.default in (None, ""):
        return "-"
    return f"`{str(option.default).lower()}`"


def test_every_flag_stands_in_the_readme_with_its_default_and_its_help():
    expected = [
        [
            f"`--{option.name}`" + " (ours)" * option.metadata["ours"],
            shown_default(option),
            option.metadata["help"],
        ]
        for option in dataclasses.fields(Options)
    ]

    lines = "\n".join(f"| {' | '.join(row)} |" for row in expected)
    assert table_rows("### Flags") == expected, f"the README should have:\n{lines}"


def shown_setting(default: Any) -> str:
    """Return a trait's default as it is written in a configuration file."""
    return "-" if default in ("", Undefined) else f"`{default!r}`".replace("'", '"')


def test_every_setting_of_the_extension_stands_in_the_readme_with_its_default_and_its_help():
    traits = TFSExtension.class_own_traits(config=True)
    expected = [
        [f"`{name}`", shown_setting(traits[name].default_value), traits[name].help]
        for name in vars(TFSExtension)  # in the order of the class, not of the alphabet
        if name in traits
    ]

    lines = "\n".join(f"| {' | '.join(row)} |" for row in expected)
    assert table_rows("### Settings of the extension") == expected, (
        f"the README should have:\n{lines}"
    )


def test_every_magic_stands_in_the_readme_with_its_options():
    written = {row[0].strip("`").split()[0]: row[1] for row in table_rows("## Magics")}

    assert written.keys() == DEFINED.keys()
    for name, magic in DEFINED.items():
        parser = getattr(magic, "parser", None)
        options = parser._option_string_actions if parser else {}
        missing = [
            option
            for option in options
            if option.startswith("--") and option != "--help" and f"`{option}" not in written[name]
        ]
        assert not missing, name


@pytest.mark.parametrize("name", sorted(markdown_texts()))
def test_links_to_files_resolve(name: str):
    folder, text = markdown_texts()[name]
    targets = [target for target in LINK.findall(text) if "://" not in target]

    assert not [target for target in targets if not (folder / target).exists()]


@pytest.mark.parametrize("name", sorted(markdown_texts()))
def test_make_targets_that_are_named_exist(name: str):
    _, text = markdown_texts()[name]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`([^`\n]+)`|^(make .+)$", text, re.MULTILINE)
    named = {match[1] for inline, line in code if (match := MAKE.match(inline or line))}

    assert named <= targets


def test_the_changelog_starts_with_the_version_of_the_package():
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert versions[0] == server_ext.__version__


def test_the_npm_package_has_the_version_of_the_python_package():
    package = json.loads((ROOT / "js" / "package.json").read_text())

    assert package["version"] == server_ext.__version__


def test_the_architecture_names_every_module_of_the_server():
    text = (ROOT / "server_ext" / "ARCHITECTURE.md").read_text()
    tree = text.split("```")[1]
    modules = {path.name for path in ROOT.glob("server_ext/**/*.py")} - {"__init__.py"}

    assert set(re.findall(r"\w+\.py", tree)) == modules


@pytest.mark.parametrize(
    "path", repository_files(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_file_names_a_package_registry_or_a_path_of_one_machine(path: Path):
    text = path.read_bytes().decode(errors="replace")

    assert not [host for host in REGISTRY_HOSTS if host in text]
    assert not PRIVATE_PATH.search(text)


def test_python_in_the_documents_is_python():
    for folder, text in markdown_texts().values():
        for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            compile(code, str(folder), "exec")
