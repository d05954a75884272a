"""Tables that must agree with what they describe."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import jsonschema
import pytest
import yaml

from equipoise.design import spending
from equipoise.errors import DesignError
from equipoise.protocol.check import alpha, expressions
from equipoise.protocol.check.schemes import SCHEMES
from equipoise.protocol.schema import FILES, schema
from equipoise.randomisation import SCHEMES as REAL
from equipoise.randomisation import scheme
from equipoise.rules import ItemType, check, parse

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "tests" / "studies" / "three_arms"


def test_every_finding_code_is_documented_and_every_documented_code_exists():
    sources = (ROOT / "src" / "equipoise" / "protocol").rglob("*.py")
    used = {
        code for file in sources for code in re.findall(r'"(study\.[a-z-]+)"', file.read_text())
    }
    page = (ROOT / "docs" / "reference" / "findings.md").read_text()
    documented = re.findall(r"^\| `(study\.[a-z-]+)` \|", page, flags=re.MULTILINE)
    assert sorted(documented) == sorted(used)


def test_the_schemes_that_check_knows_are_those_of_randomisation():
    assert set(SCHEMES) == set(REAL)
    for name, kind in REAL.items():
        real = {one.name: one.default is MISSING for one in fields(kind) if one.init}
        assert {key: one.needed for key, one in SCHEMES[name].items()} == real


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("permuted-block", {"size": 1}), ("big-stick", {"limit": 0}), ("efron", {"p": 0.4}),
        ("random-block", {"sizes": ()}), ("random-block", {"sizes": (4, 4)}),
        ("block-urn", {"lambda_": 0}), ("wei-urn", {"initial": -1, "added": 1}),
        ("chen", {"limit": 3, "p": 1.5}), ("minimisation", {"factors": ("a",), "measure": "x"}),
    ],
)  # fmt: skip
def test_what_check_refuses_randomisation_refuses_too(name: str, given: dict):
    from equipoise.protocol.check.schemes import _problem

    assert any(_problem(SCHEMES[name][key], value) for key, value in given.items())
    with pytest.raises(DesignError):
        scheme(name, **given)


def test_the_spending_kinds_that_check_knows_are_those_of_design():
    assert spending.KINDS.items() <= alpha.SPENDING.items()


def test_units_that_differ_are_still_told_apart_from_other_problems():
    names = {"a": ItemType(kind="number", unit="mg"), "b": ItemType(kind="number", unit="s")}
    (problem,) = check(parse("a > b"), names)
    assert problem.problem.endswith(expressions.UNITS_DIFFER)


@pytest.mark.parametrize("file", FILES)
def test_the_json_schema_accepts_what_the_loader_accepts(file: str):
    found = schema(file)
    jsonschema.Draft202012Validator.check_schema(found)
    for path in SOUND.glob(file):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        errors = list(jsonschema.Draft202012Validator(found).iter_errors(_text_keys(document)))
        assert errors == [], path


def _text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _text_keys(one) for key, one in value.items()}
    return [_text_keys(one) for one in value] if isinstance(value, list) else value
