"""The shipped scenarios against the published calibration, and how scenarios extend others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from equipoise.protocol.heirs import inherited, merged
from equipoise.protocol.load import find, load, read
from equipoise.rehearsal.chain import median_day, occupancy

STUDY = load("nct05787288")
PURE = ("era-a", "era-b", "omicron-2023")

# Reference calibration 3.4: percent in R / 4 / 5 / 6 / 7 / dead.
OCCUPANCY = {
    ("era-a", "moderate"): {5: (42, 26, 19, 4, 6, 3), 7: (51, 19, 16, 4, 7, 4), 14: (71, 7, 7, 2, 7, 6), 28: (85, 2, 2, 1, 3, 7)},
    ("era-a", "severe"): {5: (31, 9, 25, 8, 20, 8), 7: (38, 8, 18, 6, 20, 9), 14: (55, 5, 9, 3, 16, 12), 28: (72, 3, 4, 1, 6, 14)},
    ("era-a", "critical"): {5: (6, 3, 14, 10, 61, 8), 7: (10, 3, 14, 9, 54, 10), 14: (25, 5, 14, 6, 36, 15), 28: (52, 5, 8, 3, 14, 19)},
    ("era-b", "moderate"): {5: (35, 47, 16, 1, 0, 1), 7: (46, 40, 12, 0, 0, 1), 14: (70, 23, 5, 0, 0, 2), 28: (90, 7, 1, 0, 0, 2)},
    ("era-b", "severe"): {5: (32, 12, 46, 2, 2, 5), 7: (42, 14, 34, 1, 2, 6), 14: (65, 13, 13, 0, 1, 8), 28: (84, 5, 2, 0, 1, 8)},
    ("era-b", "critical"): {5: (7, 4, 21, 6, 52, 11), 7: (11, 5, 21, 5, 45, 14), 14: (27, 7, 17, 3, 27, 19), 28: (51, 7, 8, 1, 10, 23)},
}  # fmt: skip
MEDIANS = {"era-a": (6.7, 11.6, 26.6), "era-b": (8.0, 8.9, 27.0)}
DEATHS = {"era-a": (6.6, 14.2, 19.0), "era-b": (1.9, 8.0, 22.5)}


@pytest.mark.parametrize(("scenario", "stratum"), OCCUPANCY)
def test_occupancy_is_that_of_the_published_table(scenario: str, stratum: str) -> None:
    course = STUDY.scenarios[scenario].course
    assert course is not None
    shares = 100 * occupancy(course, stratum)
    for day, expected in OCCUPANCY[scenario, stratum].items():
        assert np.abs(shares[day] - expected).max() <= 0.75, (day, shares[day].round(2))


@pytest.mark.parametrize("scenario", MEDIANS)
def test_medians_and_deaths_are_those_of_the_published_table(scenario: str) -> None:
    course = STUDY.scenarios[scenario].course
    assert course is not None
    for stratum, median, death in zip(
        ("moderate", "severe", "critical"), MEDIANS[scenario], DEATHS[scenario], strict=True
    ):
        assert median_day(course, stratum, "R") == pytest.approx(median, abs=0.06)
        assert 100 * occupancy(course, stratum)[28, -1] == pytest.approx(death, abs=0.06)


@pytest.mark.parametrize("scenario", PURE)
def test_in_a_pure_scenario_nothing_goes_wrong(scenario: str) -> None:
    found = STUDY.scenarios[scenario]
    conduct = found.conduct
    chances = [value for value in vars_of(conduct) if isinstance(value, int | float)]
    assert sum(chances) == 1.0  # everybody comes on the planned day
    assert not conduct.missed_visit
    assert not conduct.absent
    assert found.accrual.screen_failure == 0
    assert not found.events
    assert found.effect == 1.0


def vars_of(conduct: object) -> list[object]:
    return [getattr(conduct, name) for name in conduct.__slots__]  # type: ignore[attr-defined]


@pytest.mark.parametrize("scenario", PURE)
def test_each_pure_scenario_has_a_sibling_with_the_same_course(scenario: str) -> None:
    pure, real = STUDY.scenarios[scenario], STUDY.scenarios[f"{scenario}-conduct"]
    assert pure.course is not None
    assert real.course is not None
    assert real.course.transitions == pure.course.transitions
    assert real.strata == pure.strata
    assert real.conduct.withdrawal > 0
    assert real.events


def test_every_scenario_says_where_it_comes_from() -> None:
    for scenario in STUDY.scenarios.values():
        assert scenario.origin == "proposal"
        assert scenario.source


def test_every_drawn_item_exists_in_the_study() -> None:
    names = {f"{form.id}.{item.id}" for form in STUDY.forms.values() for item in form.items()}
    bare = {name.partition(".")[2] for name in names}
    for scenario in STUDY.scenarios.values():
        for name in scenario.items:
            start = name.removesuffix("*")
            assert (
                name in names
                or name in bare
                or any(one.startswith(start) for one in (*names, *bare))
            ), name


def test_mappings_are_mixed_and_lists_and_whole_tables_replaced() -> None:
    parent = {"a": {"x": 1, "y": [1, 2]}, "items": {"sex": {"shares": {"f": 1.0}}}}
    child = {"a": {"y": [3]}, "items": {"sex": {"shares": {"m": 1.0}}}}
    assert merged(parent, child) == {
        "a": {"x": 1, "y": [3]},
        "items": {"sex": {"shares": {"m": 1.0}}},
    }


def test_what_is_extended_must_exist() -> None:
    said = inherited("a", {"a": {"extends": "nobody"}})
    assert isinstance(said, str)
    assert "nobody" in said


def test_scenarios_cannot_extend_each_other_in_a_circle() -> None:
    said = inherited("a", {"a": {"extends": "b"}, "b": {"extends": "a"}})
    assert isinstance(said, str)
    assert "circle" in said


def test_a_wrong_extends_is_found_at_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(find("nct05787288"), folder)
    file = folder / "scenarios" / "era-a.yaml"
    file.write_text(file.read_text().replace("extends: era-b", "extends: era-q"))
    found = [one for one in read(folder).findings if "era-q" in one.message]
    assert [one.place.file for one in found] == ["scenarios/era-a.yaml"]
    assert found[0].place.line == 3
