"""The shipped study says what its sources say: severity vectors, scales, eGFR, eligibility."""

from __future__ import annotations

import numpy as np
import pytest

import equipoise as eq
from equipoise.eligibility import assess
from equipoise.protocol.derive import derive
from equipoise.rules import UNKNOWN

BREATHING = {
    "resp_failure_ventilation": False,
    "support": "none",
    "shock": False,
    "organ_failure": False,
    "icu": False,
    "covid_symptoms": True,
    "on_air": True,
}
ON_OXYGEN = {"on_air": False, "support": "prongs", "fio2": 0.3}
WARD = {"location": "ward", "vasopressor": False, "dialysis": False}
HOME = {"location": "home", "support": "none", "activity_limited": False}


@pytest.fixture(scope="module")
def protocol():
    return eq.load("nct05787288").protocol


@pytest.mark.parametrize(
    ("measured", "severity"),
    [
        ({"rr": 29, "spo2": 94}, "moderate"),
        ({"rr": 30, "spo2": 96}, "severe"),
        ({"rr": 20, "spo2": 93}, "severe"),
        ({"rr": 20, "spo2": 94, "pf_ratio": 300}, "severe"),
        ({"rr": 20, "spo2": 94, "pf_ratio": 301}, "moderate"),
        ({"support": "imv"}, "critical"),
        ({"rr": 22, "spo2": 95, **ON_OXYGEN}, UNKNOWN),
        ({"rr": 20, "spo2": 96, "ct_progression": True}, "severe"),
        ({"spo2": 96}, UNKNOWN),
        ({"rr": 20, "spo2": 96, "organ_failure": True, "icu": True}, "critical"),
        ({"rr": 20, "spo2": 97, "covid_symptoms": False}, "mild"),
    ],
)
def test_severity_follows_the_decision_table(protocol, measured, severity):
    assert derive(protocol, "severity", {**BREATHING, **measured}) == severity


@pytest.mark.parametrize(
    ("seen", "cps", "actt"),
    [
        ({"location": "died"}, 10, 8),
        ({**HOME, "still_symptomatic": True}, 2, 1),
        ({**HOME, "still_symptomatic": True, "support": "prongs"}, 3, 2),
        ({**HOME, "activity_limited": True}, 3, 2),
        ({**WARD, "support": "none", "ongoing_medical_care": False}, 4, 3),
        ({**WARD, "support": "none", "ongoing_medical_care": True}, 4, 4),
        ({**WARD, "support": "mask"}, 5, 5),
        ({**WARD, "support": "hfnc"}, 6, 6),
        ({**WARD, "support": "imv", "pao2": 160, "fio2": 1.0}, 7, 7),
        ({**WARD, "support": "imv", "pao2": 140, "fio2": 1.0}, 8, 7),
        ({**WARD, "support": "imv", "vasopressor": True, "pao2": 140, "fio2": 1.0}, 9, 7),
        ({**WARD, "support": "imv", "dialysis": True, "pao2": 300, "fio2": 0.5}, 9, 7),
        ({**WARD, "support": "ecmo"}, 9, 7),
    ],
)
def test_both_scales_follow_from_what_is_measured(protocol, seen, cps, actt):
    assert (derive(protocol, "cps", seen), derive(protocol, "actt", seen)) == (cps, actt)


def test_the_kidney_filtration_rate_is_that_of_ckd_epi_2021(protocol):
    generator = np.random.default_rng(1)
    for _ in range(500):
        female = bool(generator.integers(2))
        creatinine, age = generator.uniform(15, 1500), int(generator.integers(18, 90))
        kappa, alpha, factor = (0.7, -0.241, 1.012) if female else (0.9, -0.302, 1.0)
        x = creatinine / 88.4 / kappa
        expected = 142 * min(x, 1) ** alpha * max(x, 1) ** -1.2 * 0.9938**age * factor
        answers = {
            "sex": "female" if female else "male",
            "creatinine": creatinine,
            "age_at_consent": age,
        }
        assert derive(protocol, "egfr", answers) == pytest.approx(expected, abs=0.1)


def test_nothing_answered_admits_nobody_and_fails_nobody(protocol):
    findings = assess(protocol, {})
    assert {finding.verdict for finding in findings} == {"unanswered"}
    assert [finding.criterion for finding in findings] == [
        *(f"I{k}" for k in range(1, 8)),
        *(f"X{k}" for k in range(1, 12)),
    ]


def test_age_limits_are_inclusive(protocol):
    verdicts = {
        age: next(
            f.verdict for f in assess(protocol, {"age_at_consent": age}) if f.criterion == "I2"
        )
        for age in (17, 18, 75, 76)
    }
    assert verdicts == {17: "fails", 18: "passes", 75: "passes", 76: "fails"}


def test_every_value_says_where_it_comes_from(protocol):
    stated = [*protocol.arms, *protocol.eligibility, *protocol.visits, *protocol.endpoints]
    stated += [*protocol.facts.values(), *protocol.products, protocol.randomisation]
    stated += [fact for product in protocol.products for fact in product.facts.values()]
    assert {one.origin for one in stated} == {"registered", "proxy", "proposal"}


def test_products_are_prepared_by_the_same_steps_and_times(protocol):
    first, *others = [product.handling for product in protocol.products]
    assert first
    assert all(other == first for other in others)
