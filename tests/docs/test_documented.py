"""The documentation names what the code has: every error code, verb and finding."""

import importlib.util
import inspect
from pathlib import Path

import pytest

from equipoise import errors

ROOT = Path(__file__).resolve().parents[2]
ERRORS = ROOT / "docs/reference/errors.md"


def _reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts/reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["errors.md", "commands.md", "permissions.md"])
def test_the_generated_reference_is_current(name):
    reference = _reference()
    written = (ROOT / "docs/reference" / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), "run scripts/reference.py"


def _classes():
    return [
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.EquipoiseError)
    ]


@pytest.mark.parametrize("error", _classes(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_an_anchor_and_a_place_in_the_tree(error):
    assert error.code
    assert f'<a id="{error.code}"></a>' in ERRORS.read_text(encoding="utf-8")
    assert error.__name__ in (errors.__doc__ or "")


def test_error_codes_are_unique():
    codes = [error.code for error in _classes()]
    assert len(set(codes)) == len(codes)


def test_every_make_target_is_explained():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("help", "demo", "test", "bench", "prove", "docs"):
        assert f"\n{target}:" in text


def test_the_readme_tells_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
