"""The house's rules about files, functions and words, checked on every run."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for p in (ROOT / "src").rglob("*.py") if "migrations" not in p.parts)
EVERY = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
MOST_LINES = 400
MOST_FUNCTION_LINES = 50
MEDIAN_FUNCTION_LINES = 10
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
BASE_OF_DJANGO = ROOT / "src/equipoise_server/sqlite/base.py"  # the name Django looks for


def _functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def test_no_file_is_longer_than_the_limit():
    lengths = {p: p.read_text(encoding="utf-8").count("\n") for p in EVERY}
    assert not [str(p.relative_to(ROOT)) for p, n in lengths.items() if n > MOST_LINES]


def test_no_function_is_longer_than_the_limit():
    long = [name for path in EVERY for name, size in _functions(path) if size > MOST_FUNCTION_LINES]
    assert not long


def test_the_median_function_is_short():
    sizes = sorted(size for path in SOURCES for _, size in _functions(path))
    assert sizes[len(sizes) // 2] < MEDIAN_FUNCTION_LINES


def test_every_file_name_says_what_lives_there():
    assert not [p for p in EVERY if p.stem in VAGUE and p != BASE_OF_DJANGO]


def test_nothing_is_left_open_or_skipped():
    left = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not [str(p) for p in SOURCES if left.search(p.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("package", ["equipoise", "equipoise_server"])
def test_every_module_says_what_it_is_for(package):
    bare = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if package in path.parts and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not bare


def test_the_core_reads_no_clock_and_no_hidden_randomness():
    hidden = re.compile(
        r"datetime\.now|date\.today|utcnow|time\.time\(|^import random|from random import"
        r"|os\.urandom|secrets\.|np\.random\.(?!Generator|Philox)",
        re.MULTILINE,
    )
    core = [p for p in SOURCES if "equipoise" in p.parts]
    assert not [str(p) for p in core if hidden.search(p.read_text(encoding="utf-8"))]


def test_no_study_is_named_in_the_sources():
    named = re.compile(r"nct0?5787288", re.IGNORECASE)
    allowed = {"errors", "cli", "__init__.py"}
    seen = [
        str(p.relative_to(ROOT))
        for p in SOURCES
        if named.search(p.read_text("utf-8")) and not allowed & {p.name, *p.parts}
    ]
    assert not [name for name in seen if "commands" not in name]
