"""A protocol as a FHIR R5 ResearchStudy."""

from __future__ import annotations

from equipoise.exchange.fhir.language import URN, Resource, concept, identifier, origin_of, say
from equipoise.exchange.registration import words
from equipoise.protocol.model import Arm, Study
from equipoise.protocol.origin import Fact

_PHASES = {
    "NA": "n-a",
    "EARLY_PHASE1": "early-phase-1",
    "PHASE1": "phase-1",
    "PHASE2": "phase-2",
    "PHASE3": "phase-3",
    "PHASE4": "phase-4",
}
_PHASE_SYSTEM = "http://terminology.hl7.org/CodeSystem/research-study-phase"
_OBJECTIVE_SYSTEM = "http://terminology.hl7.org/CodeSystem/research-study-objective-type"


def research_study(study: Study) -> Resource:
    """The ResearchStudy. Every value that is no registered fact says so in an extension."""
    protocol, language = study.protocol, study.protocol.languages[0]
    made: Resource = {
        "resourceType": "ResearchStudy",
        "id": identifier(protocol.id),
        "language": language,
        "extension": origin_of(protocol.origin),
        "url": f"{URN}:{protocol.id}",
        "identifier": _identifiers(study),
        "version": protocol.version,
        "name": protocol.id,
    }
    say(made, "title", protocol.title, language)
    made["label"] = [{"value": protocol.short_title.say(language)}]
    made["status"] = "active"
    for name, found in (("phase", _phase(study)), ("condition", _conditions(study))):
        if found:
            made[name] = found
    say(made, "description", protocol.population, language)
    _sponsor(made, study)
    _recruitment(made, study)
    made["comparisonGroup"] = [_group(arm, language) for arm in protocol.arms]
    made["objective"] = [
        {
            "extension": origin_of(one.origin),
            "name": one.text.say(language),
            "type": _objective_type(one.level),
        }
        for one in protocol.objectives
    ]
    made["outcomeMeasure"] = [
        {"extension": origin_of(one.origin), "name": one.title.say(language)}
        for one in protocol.endpoints
    ]
    return {name: value for name, value in made.items() if value not in ([], None)}


def _identifiers(study: Study) -> list[Resource]:
    registered = study.protocol.facts.get("identifier", Fact())
    found: list[Resource] = [{"system": f"{URN}:study", "value": study.protocol.id}]
    if registered.value is not None:
        found.append({"extension": origin_of(registered.origin), "value": str(registered.value)})
    found.append({"system": f"{URN}:protocol-digest", "value": study.digest})
    return found


def _phase(study: Study) -> Resource | None:
    fact = study.protocol.facts.get("phase", Fact())
    if fact.value is None:
        return None
    found = words.find_all(fact.value, words.PHASE)
    coding = [{"system": _PHASE_SYSTEM, "code": _PHASES[one]} for one in found or []]
    made = {"extension": origin_of(fact.origin), "coding": coding, "text": str(fact.value)}
    return {name: value for name, value in made.items() if value}


def _conditions(study: Study) -> list[Resource]:
    fact = study.protocol.facts.get("condition", Fact())
    if fact.value is None:
        return []
    return [
        {"extension": origin_of(fact.origin), **concept(one)} for one in words.several(fact.value)
    ]


def _sponsor(made: Resource, study: Study) -> None:
    fact = study.protocol.facts.get("lead_sponsor", Fact())
    if fact.value is None:
        return
    role = {"coding": [{"code": "lead-sponsor"}], "text": "lead sponsor"}
    made["associatedParty"] = [
        {"extension": origin_of(fact.origin), "name": str(fact.value), "role": role}
    ]


def _recruitment(made: Resource, study: Study) -> None:
    planned = study.protocol.planned
    if type(planned.value) is int and planned.value > 0:
        made["recruitment"] = {
            "extension": origin_of(planned.origin),
            "targetNumber": planned.value,
        }


def _group(arm: Arm, language: str) -> Resource:
    return {
        "extension": origin_of(arm.origin),
        "linkId": arm.id,
        "name": arm.title.say(language),
        "type": concept(arm.role),
    }


def _objective_type(level: str) -> Resource:
    code = level if level in ("primary", "secondary", "exploratory") else None
    made = concept(level)
    return {"coding": [{"system": _OBJECTIVE_SYSTEM, "code": code}], **made} if code else made
