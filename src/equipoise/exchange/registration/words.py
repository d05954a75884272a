"""The registry's words (ClinicalTrials.gov API v2), and how a study's own words find them."""

from __future__ import annotations

import re
from collections.abc import Iterable

STATUS = (
    "ACTIVE_NOT_RECRUITING", "COMPLETED", "ENROLLING_BY_INVITATION", "NOT_YET_RECRUITING",
    "RECRUITING", "SUSPENDED", "TERMINATED", "WITHDRAWN", "UNKNOWN",
)  # fmt: skip
STUDY_TYPE = ("INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS")
PHASE = ("NA", "EARLY_PHASE1", "PHASE1", "PHASE2", "PHASE3", "PHASE4")
ALLOCATION = ("RANDOMIZED", "NON_RANDOMIZED", "NA")
MODEL = ("SINGLE_GROUP", "PARALLEL", "CROSSOVER", "FACTORIAL", "SEQUENTIAL")
PURPOSE = (
    "TREATMENT", "PREVENTION", "DIAGNOSTIC", "ECT", "SUPPORTIVE_CARE", "SCREENING",
    "HEALTH_SERVICES_RESEARCH", "BASIC_SCIENCE", "DEVICE_FEASIBILITY", "OTHER",
)  # fmt: skip
MASKING = ("NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE")
WHO_MASKED = ("PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR")
SEX = ("FEMALE", "MALE", "ALL")
ARM_TYPE = (
    "EXPERIMENTAL", "ACTIVE_COMPARATOR", "PLACEBO_COMPARATOR", "SHAM_COMPARATOR",
    "NO_INTERVENTION", "OTHER",
)  # fmt: skip
INTERVENTION_TYPE = (
    "BEHAVIORAL", "BIOLOGICAL", "COMBINATION_PRODUCT", "DEVICE", "DIAGNOSTIC_TEST",
    "DIETARY_SUPPLEMENT", "DRUG", "GENETIC", "PROCEDURE", "RADIATION", "OTHER",
)  # fmt: skip
AGENCY = (
    "NIH", "FED", "OTHER_GOV", "INDIV", "INDUSTRY", "NETWORK", "AMBIG", "OTHER", "UNKNOWN",
)  # fmt: skip

_SAME = {
    "RANDOMISED": "RANDOMIZED",
    "NON_RANDOMISED": "NON_RANDOMIZED",
    "NOT_APPLICABLE": "NA",
    "N_A": "NA",
    "EARLY_PHASE_1": "EARLY_PHASE1",
    "PHASE_0": "EARLY_PHASE1",
    **{f"PHASE_{number}": f"PHASE{number}" for number in range(1, 5)},
    **{f"PHASE_{roman}": f"PHASE{n}" for n, roman in enumerate(("I", "II", "III", "IV"), 1)},
    **{str(number): f"PHASE{number}" for number in range(1, 5)},
    "OPEN_LABEL": "NONE",
    "OPEN": "NONE",
    "SINGLE_BLIND": "SINGLE",
    "DOUBLE_BLIND": "DOUBLE",
    "TRIPLE_BLIND": "TRIPLE",
    "PARALLEL_GROUP": "PARALLEL",
    "BOTH": "ALL",
    "ASSESSOR": "OUTCOMES_ASSESSOR",
}
_ROLES = {
    "participant": "PARTICIPANT",
    "dosing nurse": "CARE_PROVIDER",
    "investigator": "INVESTIGATOR",
    "assessor": "OUTCOMES_ASSESSOR",
}
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?", re.ASCII)
NCT = re.compile(r"NCT[0-9]{8}")


def find(value: object, allowed: Iterable[str]) -> str | None:
    """The registry's word for a study's word, or None.

    >>> find("Early Phase 1", PHASE), find("randomised", ALLOCATION), find("maybe", ALLOCATION)
    ('EARLY_PHASE1', 'RANDOMIZED', None)
    """
    word = re.sub(r"[^A-Z0-9]+", "_", str(value).upper()).strip("_")
    word = _SAME.get(word, word)
    return word if word in tuple(allowed) else None


def find_all(value: object, allowed: Iterable[str]) -> list[str] | None:
    """The registry's words for several, separated by commas, slashes or semicolons; all or None."""
    words = [find(part, allowed) for part in re.split(r"[,;/|]", str(value)) if part.strip()]
    return [word for word in words if word] if words and all(words) else None


def several(value: object) -> list[str]:
    """The parts of a list written as one text, separated by semicolons, or else by commas."""
    text = str(value)
    parts = text.split(";") if ";" in text else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def masked_role(role: str) -> str | None:
    """Who that is in the registry, for the roles that it asks about."""
    return _ROLES.get(role)


def is_date(value: object) -> bool:
    """Whether a value is a date as the registry takes it: a month or a day."""
    return isinstance(value, str) and _DATE.fullmatch(value) is not None
