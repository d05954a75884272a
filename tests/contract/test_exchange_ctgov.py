"""The registry's record: its words and types, and nothing stated as registered that is not.

The shape below is the part of the ClinicalTrials.gov OpenAPI description (API version 2.0.5)
that the export uses: `str`, `int`, `bool`, `float`, `[of]`, a set of words, or an object.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from equipoise.exchange.registration import words, write_ctgov, write_who24
from equipoise.exchange.registration.ctgov import record_of
from equipoise.exchange.registration.who24 import completeness, items_of
from equipoise.exchange.registry import import_record
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.load import load
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.origin import Fact
from exchange_source import study

RECORDS = Path(__file__).parents[1] / "registry"


def one_of(listed: str) -> set[str]:
    return set(listed.split())


STATUS = one_of(
    "ACTIVE_NOT_RECRUITING COMPLETED ENROLLING_BY_INVITATION NOT_YET_RECRUITING RECRUITING "
    "SUSPENDED TERMINATED WITHDRAWN AVAILABLE NO_LONGER_AVAILABLE TEMPORARILY_NOT_AVAILABLE "
    "APPROVED_FOR_MARKETING WITHHELD UNKNOWN"
)
AGENCY = one_of("NIH FED OTHER_GOV INDIV INDUSTRY NETWORK AMBIG OTHER UNKNOWN")
PHASES = one_of("NA EARLY_PHASE1 PHASE1 PHASE2 PHASE3 PHASE4")
PURPOSES = one_of(
    "TREATMENT PREVENTION DIAGNOSTIC ECT SUPPORTIVE_CARE SCREENING HEALTH_SERVICES_RESEARCH "
    "BASIC_SCIENCE DEVICE_FEASIBILITY OTHER"
)
ARM_TYPES = one_of(
    "EXPERIMENTAL ACTIVE_COMPARATOR PLACEBO_COMPARATOR SHAM_COMPARATOR NO_INTERVENTION OTHER"
)
KINDS = one_of(
    "BEHAVIORAL BIOLOGICAL COMBINATION_PRODUCT DEVICE DIAGNOSTIC_TEST DIETARY_SUPPLEMENT DRUG "
    "GENETIC PROCEDURE RADIATION OTHER"
)
DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
NCT = re.compile(r"NCT\d{8}")
ORGANISATION = {"fullName": str, "class": AGENCY}
SPONSOR = {"name": str, "class": AGENCY}
OUTCOME = {"measure": str, "description": str, "timeFrame": str}
DAY = {"date": DATE, "type": {"ACTUAL", "ESTIMATED"}}
PERSON = {"name": str, "role": str}
MASKED = {"PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR"}
DESIGN = {
    "allocation": {"RANDOMIZED", "NON_RANDOMIZED", "NA"},
    "interventionModel": {"SINGLE_GROUP", "PARALLEL", "CROSSOVER", "FACTORIAL", "SEQUENTIAL"},
    "primaryPurpose": PURPOSES,
    "maskingInfo": {
        "masking": {"NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"},
        "whoMasked": [MASKED],
    },
}
SHAPE = {
    "hasResults": bool,
    "protocolSection": {
        "identificationModule": {
            "nctId": NCT,
            "orgStudyIdInfo": {"id": str},
            "secondaryIdInfos": [{"id": str}],
            "briefTitle": str,
            "officialTitle": str,
            "acronym": str,
            "organization": ORGANISATION,
        },
        "statusModule": {
            "overallStatus": STATUS,
            "startDateStruct": DAY,
            "primaryCompletionDateStruct": DAY,
            "completionDateStruct": DAY,
        },
        "sponsorCollaboratorsModule": {"leadSponsor": SPONSOR, "collaborators": [SPONSOR]},
        "oversightModule": {"oversightHasDmc": bool},
        "descriptionModule": {"briefSummary": str, "detailedDescription": str},
        "conditionsModule": {"conditions": [str], "keywords": [str]},
        "designModule": {
            "studyType": {"EXPANDED_ACCESS", "INTERVENTIONAL", "OBSERVATIONAL"},
            "phases": [PHASES],
            "designInfo": DESIGN,
            "enrollmentInfo": {"count": int, "type": {"ACTUAL", "ESTIMATED"}},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {"label": str, "type": ARM_TYPES, "description": str, "interventionNames": [str]}
            ],
            "interventions": [
                {"type": KINDS, "name": str, "description": str, "armGroupLabels": [str]}
            ],
        },
        "outcomesModule": {"primaryOutcomes": [OUTCOME], "secondaryOutcomes": [OUTCOME]},
        "eligibilityModule": {
            "eligibilityCriteria": str,
            "healthyVolunteers": bool,
            "sex": {"FEMALE", "MALE", "ALL"},
            "minimumAge": str,
            "maximumAge": str,
        },
        "contactsLocationsModule": {
            "centralContacts": [PERSON],
            "overallOfficials": [PERSON],
            "locations": [
                {"facility": str, "country": str, "geoPoint": {"lat": float, "lon": float}}
            ],
        },
    },
}


def wrong(value: Any, shape: Any, path: str = "") -> list[str]:
    """Where a value is not of a shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict) or not value:
            return [f"{path}: {value!r} is no object"]
        strange = [f"{path}.{name} is unknown" for name in value.keys() - shape.keys()]
        known = value.keys() & shape.keys()
        return strange + [w for n in known for w in wrong(value[n], shape[n], f"{path}.{n}")]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{path}: {value!r} is no list"]
        return [w for n, one in enumerate(value) for w in wrong(one, shape[0], f"{path}.{n}")]
    if isinstance(shape, set):
        return [] if value in shape else [f"{path}: {value!r} is no word of the registry"]
    if isinstance(shape, re.Pattern):
        return [] if isinstance(value, str) and shape.fullmatch(value) else [f"{path}: {value!r}"]
    return [] if type(value) is shape else [f"{path}: {value!r} is no {shape.__name__}"]


@pytest.fixture(params=["nct05787288", "three_arms", "NCT03418623", "NCT00465816"])
def protocol(request: pytest.FixtureRequest, tmp_path: Path) -> Protocol:
    if request.param == "three_arms":
        return study().protocol
    if request.param.startswith("NCT"):
        import_record(RECORDS / f"{request.param}.json", tmp_path / "draft")
        return load(tmp_path / "draft").protocol
    return load(request.param).protocol


def test_the_record_has_the_registrys_shape_and_words(protocol: Protocol) -> None:
    record, _ = record_of(protocol)
    assert wrong(record, SHAPE) == []
    section = record["protocolSection"]
    assert section["identificationModule"]["orgStudyIdInfo"]["id"]
    assert section["identificationModule"]["briefTitle"]
    json.dumps(record)


def test_the_shape_itself_refuses_nonsense() -> None:
    record, _ = record_of(study().protocol)
    record["protocolSection"]["statusModule"] = {"overallStatus": "NONSENSE"}
    assert wrong(record, SHAPE)
    record["protocolSection"]["statusModule"] = {"colour": "red"}
    assert wrong(record, SHAPE)


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [str(value)]


def test_nothing_but_what_is_registered_is_stated_in_the_name_of_a_registered_record() -> None:
    """Every text of the reference study's record is registered there, or listed as stated."""
    protocol = load("nct05787288").protocol
    record, gaps = record_of(protocol)
    stated = " ".join(leaves(record))
    for gap in gaps:
        if gap.kind == "left-out":
            for leaf in leaves(gap.value):
                assert len(leaf) < 12 or leaf not in stated, gap.path
    listed = {gap.path for gap in gaps if gap.kind == "stated"}
    assert listed == {
        "protocolSection.identificationModule.orgStudyIdInfo.id",
        "protocolSection.armsInterventionsModule.interventions",
    }
    section = record["protocolSection"]
    assert "outcomesModule" not in section
    assert "statusModule" not in section
    ours = [one for one in protocol.eligibility if one.origin != "registered"]
    text = section["eligibilityModule"]["eligibilityCriteria"]
    assert ours
    assert not [one.id for one in ours if one.text.say("en") in text]


def test_a_proposal_becomes_stated_when_it_is_registered_and_only_then() -> None:
    protocol = load("nct05787288").protocol

    def with_title(origin: Any) -> dict[str, Any]:
        facts = {**protocol.facts, "official_title": Fact(value="CANARY", origin=origin)}
        return record_of(replace(protocol, facts=Frozen(facts)))[0]

    assert "CANARY" not in json.dumps(with_title("proposal"))
    assert "CANARY" not in json.dumps(with_title("proxy"))
    assert "CANARY" in json.dumps(with_title("registered"))


def test_a_word_that_the_registry_does_not_know_is_a_gap_and_not_guessed() -> None:
    protocol = load("nct05787288").protocol
    said = {
        name: Fact(value="sort of", origin="registered")
        for name in ("phase", "masking", "masked_role", "allocation", "current_status", "sex")
    }
    said["start_date"] = Fact(value="last spring", origin="registered")
    said["healthy_volunteers"] = Fact(value="perhaps", origin="registered")
    record, gaps = record_of(replace(protocol, facts=Frozen({**protocol.facts, **said})))
    assert wrong(record, SHAPE) == []
    assert "sort of" not in json.dumps(record)
    assert sum(gap.kind == "unreadable" for gap in gaps) == len(said)


@pytest.mark.parametrize(
    ("written", "allowed", "word"),
    [
        ("Early Phase 1", words.PHASE, "EARLY_PHASE1"),
        ("phase ii", words.PHASE, "PHASE2"),
        ("2", words.PHASE, "PHASE2"),
        ("Not applicable", words.PHASE, "NA"),
        ("double-blind", words.MASKING, "DOUBLE"),
        ("open label", words.MASKING, "NONE"),
        ("non-randomised", words.ALLOCATION, "NON_RANDOMIZED"),
        ("", words.PHASE, None),
        ("phase 5", words.PHASE, None),
    ],
)
def test_everyday_words_find_the_registrys(written: str, allowed: Any, word: str | None) -> None:
    assert words.find(written, allowed) == word


def test_two_phases_are_two_words() -> None:
    assert words.find_all("Phase 2/Phase 3", words.PHASE) == ["PHASE2", "PHASE3"]
    assert words.find_all("Phase 2/perhaps", words.PHASE) is None


def test_a_record_survives_import_and_export(tmp_path: Path) -> None:
    """What the registry said comes back as the registry said it."""
    source = RECORDS / "NCT03418623.json"
    given = json.loads(source.read_text())["protocolSection"]
    import_record(source, tmp_path / "draft")
    made, _ = record_of(load(tmp_path / "draft").protocol)
    back = made["protocolSection"]
    for module, field in (
        ("identificationModule", "nctId"),
        ("identificationModule", "orgStudyIdInfo"),
        ("identificationModule", "briefTitle"),
        ("identificationModule", "officialTitle"),
        ("statusModule", "overallStatus"),
        ("conditionsModule", "conditions"),
        ("designModule", "phases"),
        ("eligibilityModule", "sex"),
        ("eligibilityModule", "minimumAge"),
        ("eligibilityModule", "healthyVolunteers"),
    ):
        assert back[module].get(field) == given[module].get(field), field
    info = given["designModule"]["designInfo"]
    assert (
        back["designModule"]["designInfo"]["maskingInfo"]["whoMasked"]
        == (info["maskingInfo"]["whoMasked"])
    )
    assert (
        back["designModule"]["enrollmentInfo"]["count"]
        == (given["designModule"]["enrollmentInfo"]["count"])
    )


def test_the_folder_holds_record_gaps_and_checksums(tmp_path: Path) -> None:
    files = write_ctgov(load("nct05787288"), tmp_path / "out")
    assert [one.path for one in files] == ["study.json", "gaps.json", "SHA256SUMS"]
    gaps = json.loads((tmp_path / "out" / "gaps.json").read_text(encoding="utf-8"))["gaps"]
    assert {"missing", "left-out", "stated"} == {gap["kind"] for gap in gaps}
    assert all(gap["origin"] != "registered" for gap in gaps if gap["kind"] != "missing")


def test_all_24_items_are_there_and_the_gate_counts_the_filled(tmp_path: Path) -> None:
    reference: Study = load("nct05787288")
    items = items_of(reference.protocol)
    assert [one.number for one in items] == list(range(1, 25))
    gate = completeness(items)
    assert not gate["complete"]
    assert gate["filled"] + len(gate["missing"]) == 24
    assert {1, 5, 12, 17} <= {one.number for one in items if one.registered}
    assert {10, 19, 20} <= set(gate["not_registered"])  # ours, and it says so
    files = write_who24(reference, tmp_path / "out")
    assert next(one.rows for one in files if one.path == "who24.csv") == 24


def test_the_gate_opens_when_everything_is_said() -> None:
    protocol = load("nct05787288").protocol
    names = (
        "registration_date", "funding", "collaborators", "public_contact", "scientific_contact",
        "start_date", "current_status", "ethics_review", "completion_date", "results", "ipd_sharing",
    )  # fmt: skip
    more = {name: Fact(value="said", origin="registered") for name in names}
    full = replace(protocol, facts=Frozen({**protocol.facts, **more}))
    assert completeness(items_of(full))["complete"]
