"""Every role has a journey, in both languages: no browser is needed to know it."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from types import FunctionType

import pytest

from .conftest import LANGUAGES
from .journeys import PEOPLE

HERE = Path(__file__).parent


def _tests() -> dict[str, FunctionType]:
    found = {}
    for file in sorted(HERE.glob("test_*.py")):
        module = import_module(f"{__package__}.{file.stem}")
        for name, one in getmembers(module, isfunction):
            if name.startswith("test_") and one.__module__ == module.__name__:
                found[f"{file.stem}.{name}"] = one
    return found


def _marks(test: FunctionType, name: str) -> list[pytest.Mark]:
    return [one for one in getattr(test, "pytestmark", ()) if one.name == name]


def _languages(test: FunctionType) -> dict[str, bool]:
    """The languages in which a test is run, and whether the normal run does it."""
    every = [one.args[1] for one in _marks(test, "parametrize") if one.args[0] == "language"]
    said = [one if isinstance(one, str) else one.values[0] for some in every for one in some]
    normal = {one for some in every for one in some if isinstance(one, str)}
    return {one: one in normal and not _marks(test, "prove") for one in said}


def test_everybody_has_a_journey_in_both_languages_and_one_of_them_in_the_normal_run() -> None:
    seen: dict[str, dict[str, bool]] = defaultdict(dict)
    for test in _tests().values():
        for mark in _marks(test, "journey"):
            for person in mark.args:
                for language, normal in _languages(test).items():
                    seen[person][language] = normal or seen[person].get(language, False)
    assert seen.keys() == set(PEOPLE)
    assert {one for one in PEOPLE if set(seen[one]) != set(LANGUAGES)} == set()
    assert {one for one in PEOPLE if not any(seen[one].values())} == set()
