"""What a record states, as facts with the origin `registered` and the record as source."""

from __future__ import annotations

from typing import Any

from equipoise.exchange.registry.record import Record

_TEXTS = {
    "other_identifier": ("identificationModule", "orgStudyIdInfo", "id"),
    "organization": ("identificationModule", "organization", "fullName"),
    "brief_title": ("identificationModule", "briefTitle"),
    "official_title": ("identificationModule", "officialTitle"),
    "acronym": ("identificationModule", "acronym"),
    "current_status": ("statusModule", "overallStatus"),
    "start_date": ("statusModule", "startDateStruct", "date"),
    "primary_completion_date": ("statusModule", "primaryCompletionDateStruct", "date"),
    "completion_date": ("statusModule", "completionDateStruct", "date"),
    "registration_date": ("statusModule", "studyFirstSubmitDate"),
    "last_modified": ("statusModule", "lastUpdateSubmitDate"),
    "lead_sponsor": ("sponsorCollaboratorsModule", "leadSponsor", "name"),
    "lead_sponsor_class": ("sponsorCollaboratorsModule", "leadSponsor", "class"),
    "brief_summary": ("descriptionModule", "briefSummary"),
    "detailed_description": ("descriptionModule", "detailedDescription"),
    "study_type": ("designModule", "studyType"),
    "allocation": ("designModule", "designInfo", "allocation"),
    "intervention_model": ("designModule", "designInfo", "interventionModel"),
    "primary_purpose": ("designModule", "designInfo", "primaryPurpose"),
    "masking": ("designModule", "designInfo", "maskingInfo", "masking"),
    "masking_description": ("designModule", "designInfo", "maskingInfo", "maskingDescription"),
    "sex": ("eligibilityModule", "sex"),
    "minimum_age": ("eligibilityModule", "minimumAge"),
    "maximum_age": ("eligibilityModule", "maximumAge"),
    "study_population": ("eligibilityModule", "studyPopulation"),
    "ipd_sharing": ("ipdSharingStatementModule", "ipdSharing"),
}
_LISTS = {
    "phase": ("designModule", "phases"),
    "masked_role": ("designModule", "designInfo", "maskingInfo", "whoMasked"),
    "condition": ("conditionsModule", "conditions"),
    "keywords": ("conditionsModule", "keywords"),
}
_NAMES = {
    "collaborators": ("sponsorCollaboratorsModule", "collaborators"),
    "contacts": ("contactsLocationsModule", "centralContacts"),
    "principal_investigator": ("contactsLocationsModule", "overallOfficials"),
}
EXPECTED = (
    "official_title", "current_status", "start_date", "lead_sponsor", "condition", "study_type",
    "phase", "allocation", "masking", "minimum_age", "maximum_age", "country",
)  # fmt: skip
"""Facts without which the draft says that the record does not say."""

MOST_OUTCOMES = 50


def facts_of(record: Record) -> dict[str, dict[str, Any]]:
    """The facts of a record, in the order in which a reader looks for them."""
    found: dict[str, Any] = {"identifier": record.nct}
    found |= {name: record.text(*path) for name, path in _TEXTS.items()}
    found |= {name: "; ".join(record.texts(*path)) for name, path in _LISTS.items()}
    for name, path in _NAMES.items():
        found[name] = "; ".join(one.text("name") for one in record.objects(*path))
    places = record.objects("contactsLocationsModule", "locations")
    found["country"] = "; ".join(
        dict.fromkeys(filter(None, (one.text("country") for one in places)))
    )
    found["number_of_centres"] = len(places) or None
    found["healthy_volunteers"] = record.flag("eligibilityModule", "healthyVolunteers")
    for level in ("primary", "secondary"):
        found |= _outcomes(record, level)
    stated = {name: value for name, value in found.items() if value not in (None, "")}
    for name in EXPECTED:
        stated.setdefault(name, None)
    source = f"ClinicalTrials.gov record {record.nct}"
    return {
        name: {"value": value, "origin": "registered", "source": source}
        for name, value in stated.items()
    }


def _outcomes(record: Record, level: str) -> dict[str, str]:
    found = {}
    listed = record.objects("outcomesModule", f"{level}Outcomes")[:MOST_OUTCOMES]
    for number, one in enumerate(listed, 1):
        name = f"{level}_outcome_{number}"
        found[name] = one.text("measure")
        found[f"{name}_description"] = one.text("description")
        found[f"{name}_time_frame"] = one.text("timeFrame")
    return found
