"""The draft protocol and forms as plain data, and the gaps that a person has to close."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from equipoise.exchange.registration import words
from equipoise.exchange.registry.criteria import Split, split
from equipoise.exchange.registry.facts import facts_of
from equipoise.exchange.registry.record import Record

FORM = "eligibility"
EVENTS = "event"
VISIT = "screening"
_ROLES = {
    "PARTICIPANT": "participant",
    "CARE_PROVIDER": "dosing nurse",
    "INVESTIGATOR": "investigator",
    "OUTCOMES_ASSESSOR": "assessor",
}
_MECHANISM = "The registry record names this role; how it is kept masked is not stated."


@dataclass(slots=True)
class Draft:
    """A study in the making. Each gap is (code, message)."""

    record: Record
    protocol: dict[str, Any] = field(default_factory=dict)
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    gaps: list[tuple[str, str]] = field(default_factory=list)

    def gap(self, code: str, message: str) -> None:
        """Note something that the record does not say."""
        self.gaps.append((f"registry.{code}", message))


def draft_of(record: Record) -> Draft:
    """The draft of a record. Nothing is invented that is not marked as a proposal."""
    made = Draft(record)
    title = record.text("identificationModule", "briefTitle") or record.nct
    made.protocol = {
        "id": record.nct.lower(),
        "version": "0.1",
        "title": record.text("identificationModule", "officialTitle") or title,
        "short_title": title,
        "languages": ["en"],
        "origin": "proposal",
        "facts": facts_of(record),
        "population": record.text("eligibilityModule", "studyPopulation") or _population(record),
        "planned": _planned(made),
    }
    _arms(made)
    _randomisation(made)
    _blinding(made)
    _eligibility(made, split(record.text("eligibilityModule", "eligibilityCriteria")))
    _schedule(made)
    _analysis(made)
    _unstated(made)
    return made


def _population(record: Record) -> str:
    conditions = ", ".join(record.texts("conditionsModule", "conditions"))
    return f"People with: {conditions}" if conditions else "Not stated in the registry record"


def _planned(made: Draft) -> dict[str, Any]:
    count = made.record.whole_number("designModule", "enrollmentInfo", "count")
    if not count:
        made.gap("no-enrolment", "The record does not say how many participants are planned.")
        count = None
    source = f"ClinicalTrials.gov record {made.record.nct}"
    return {"value": count, "unit": "participants", "origin": "registered", "source": source}


def _arms(made: Draft) -> None:
    groups = made.record.objects("armsInterventionsModule", "armGroups")
    kinds = {
        one.text("name"): one
        for one in made.record.objects("armsInterventionsModule", "interventions")
    }
    arms, products, taken = [], [], set[str]()
    for number, group in enumerate(groups, 1):
        label = group.text("label") or f"Arm {number}"
        name = _identifier(label, f"arm-{number}", taken)
        role = "experimental" if group.text("type") == "EXPERIMENTAL" else "control"
        arms.append(
            {"id": name, "title": label, "role": role, "product": name, "origin": "registered"}
        )
        products.append(_product(name, label, group, kinds))
    if len(arms) < 2:
        said = f"The record names {len(arms)} arm{'s' * (len(arms) != 1)}"
        made.gap("arms", f"{said}: a randomised trial needs at least two.")
    if arms and not any(arm["role"] == "experimental" for arm in arms):
        made.gap("arms", "The record calls no arm experimental: say which one is.")
    made.protocol |= {"arms": arms, "products": products}


def _product(name: str, label: str, group: Record, kinds: dict[str, Record]) -> dict[str, Any]:
    named = group.texts("interventionNames")
    plain = [one.partition(": ")[2] or one for one in named]
    facts: dict[str, str] = {
        "arm_type": group.text("type"),
        "arm_description": group.text("description"),
        "interventions": "; ".join(plain),
    }
    found = [kinds[one] for one in plain if one in kinds]
    types = list(dict.fromkeys(one.text("type") for one in found))
    if len(types) == 1:
        facts["intervention_type"] = types[0]
    for number, one in enumerate(found, 1):
        facts[f"intervention_description_{number}"] = one.text("description")
    stated = {key: {"value": value} for key, value in facts.items() if value}
    title = "; ".join(plain) or label
    return {"id": name, "title": title, "facts": stated, "origin": "registered"}


def _identifier(label: str, otherwise: str, taken: set[str]) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40].strip("-")
    name = name if name and name not in taken else otherwise
    taken.add(name)
    return name


def _randomisation(made: Draft) -> None:
    said = made.record.text("designModule", "designInfo", "allocation")
    if said != "RANDOMIZED":
        made.gap("not-randomised", f"The record's allocation is {said or 'not stated'}.")
    made.gap("randomisation", "Ratio, method, strata and blocks are not in a registry record.")
    made.protocol["randomisation"] = {
        "scheme": "simple",
        "reason": "A placeholder: the registry record does not state the method.",
        "origin": "proposal",
    }


def _blinding(made: Draft) -> None:
    masked = made.record.texts("designModule", "designInfo", "maskingInfo", "whoMasked")
    named = {_ROLES[one] for one in masked if one in _ROLES}
    made.protocol["blinding"] = [
        {
            "role": role,
            "masking": "masked" if role in named else "not-guaranteed",
            "mechanism": _MECHANISM if role in named else "Not named as masked by the record.",
            "origin": "registered" if role in named else "proposal",
        }
        for role in _ROLES.values()
    ]
    level = made.record.text("designModule", "designInfo", "maskingInfo", "masking")
    if level not in ("", "NONE") and not named:
        made.gap("masked-roles", f"The record says {level} masking but not who is masked.")
    made.gap("masking-mechanism", "How the product is kept unrecognisable is not stated.")


def _eligibility(made: Draft, found: Split) -> None:
    items, criteria = [], []
    for one in found.criteria:
        name = f"{one.kind}_{one.number}"
        items.append({"id": name, "text": one.text, "type": "boolean", "origin": "registered"})
        criteria.append(
            {
                "id": f"{'I' if one.kind == 'inclusion' else 'X'}{one.number}",
                "kind": one.kind,
                "rule": name,
                "text": one.text,
                "origin": "registered",
                "source": f"ClinicalTrials.gov record {made.record.nct}",
            }
        )
    if not criteria:
        made.gap("no-criteria", "The record has no eligibility criteria that can be told apart.")
        items = [{"id": "eligible", "text": "Eligible", "type": "boolean", "origin": "proposal"}]
    else:
        words_ = "criteria are answered yes or no by hand: write rules over collected items."
        made.gap("criteria-by-hand", f"{len(criteria)} {words_}")
    for words_ in found.unplaced:
        shown = words_ if len(words_) <= 80 else f"{words_[:80]}..."
        made.gap("criteria-unplaced", f"Neither under inclusion nor exclusion: {shown}")
    if found.dropped:
        made.gap("criteria-dropped", f"{found.dropped} more criteria were not taken over.")
    made.protocol["eligibility"] = criteria
    made.forms[FORM] = _form(FORM, "Eligibility, as the registry words it", items, repeats=False)


def _form(name: str, title: str, items: list[dict[str, Any]], *, repeats: bool) -> dict[str, Any]:
    return {
        "id": name,
        "title": title,
        "audience": "blinded",
        "repeats": repeats,
        "origin": "proposal",
        "groups": [{"id": "questions", "title": title, "items": items}],
    }


def _schedule(made: Draft) -> None:
    made.gap("visits", "A registry record holds no visits: only screening is in the draft.")
    made.protocol |= {
        "code_lists": [
            _codes("relation", ("related", "Related"), ("unrelated", "Not related")),
            _codes(
                "outcome", ("recovered", "Recovered"), ("ongoing", "Ongoing"), ("fatal", "Fatal")
            ),
        ],
        "epochs": [{"id": "screening", "title": "Screening"}],
        "visits": [{"id": VISIT, "title": "Screening", "epoch": "screening", "day": 0}],
        "schedule": [
            {"id": "eligibility", "title": "Eligibility", "forms": [FORM], "at": [VISIT]},
            {"id": "events", "title": "Adverse events", "forms": [EVENTS], "log": True},
        ],
        "safety": {
            "event_form": EVENTS, "term_item": "term", "onset_item": "onset",
            "grade_item": "grade", "serious_item": "serious", "related_item": "related",
            "related_codes": ["related"], "outcome_item": "outcome", "fatal_codes": ["fatal"],
            "last_day": 30, "related_last_day": 30, "grading": "CTCAE 5.0",
        },
    }  # fmt: skip
    made.gap("safety", "Adverse-event rules are not in a registry record: these are proposals.")
    items: list[dict[str, Any]] = [
        {"id": "term", "text": "What happened", "type": "text", "required": True},
        {"id": "onset", "text": "First day", "type": "date"},
        {"id": "grade", "text": "Grade", "type": "integer", "low": 1, "high": 5},
        {"id": "serious", "text": "Serious", "type": "boolean"},
        {"id": "related", "text": "Related to the product", "type": "code", "codes": "relation"},
        {"id": "outcome", "text": "Outcome", "type": "code", "codes": "outcome"},
    ]
    made.forms[EVENTS] = _form(EVENTS, "Adverse event", items, repeats=True)


def _codes(name: str, *codes: tuple[str, str]) -> dict[str, Any]:
    return {"id": name, "codes": [{"code": code, "text": text} for code, text in codes]}


def _analysis(made: Draft) -> None:
    count = len(made.record.objects("outcomesModule", "primaryOutcomes"))
    if count:
        said = f"{count} primary outcome{'s' * (count != 1)} stand in the facts"
        made.gap("endpoints", f"{said}: write endpoints and estimands that compute them.")
    else:
        made.gap("no-outcomes", "The record states no primary outcome.")
    everyone = {"id": "everyone", "title": "All randomised", "kind": "randomised"}
    made.protocol |= {
        "endpoints": [],
        "estimands": [],
        "analysis": {"alpha": 0.05, "sides": 2, "sequence": [], "sets": [everyone]},
    }
    made.gap("analysis", "Alpha, analysis sets and their order are proposals.")


def _unstated(made: Draft) -> None:
    kind = made.record.text("designModule", "studyType")
    if kind and kind != "INTERVENTIONAL":
        made.gap("not-a-trial", f"The record is {words.several(kind)[0].lower()}, not a trial.")
    for name, fact in made.protocol["facts"].items():
        if fact["value"] is None:
            made.gap("not-stated", f"The record does not state `{name}`.")
    for path in dict.fromkeys(made.record.odd):
        made.gap("odd-value", f"`{path}` is not of the type that the registry documents; left out.")
    for name in ("minimum_age", "maximum_age"):
        if made.protocol["facts"].get(name, {}).get("value") is not None:
            made.gap("age", f"`{name}` is a fact, not yet a criterion with a rule.")
