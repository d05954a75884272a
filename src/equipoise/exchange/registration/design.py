"""Design, arms and interventions of a registry record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from equipoise.exchange.registration import words
from equipoise.exchange.registration.gaps import REGISTERED, Statement
from equipoise.protocol.model import Product
from equipoise.protocol.origin import Fact, Origin

_P = "protocolSection.designModule"
_A = "protocolSection.armsInterventionsModule"


def state_design(made: Statement) -> None:
    """Place design, arms and interventions."""
    _word(made, f"{_P}.studyType", made.fact("study_type"), words.STUDY_TYPE)
    phase = made.fact("phase")
    phases = None if phase.value is None else words.find_all(phase.value, words.PHASE)
    if phase.value is not None and phases is None:
        made.unreadable(f"{_P}.phases", phase, ", ".join(words.PHASE))
    else:
        made.put(f"{_P}.phases", phases, phase.origin)
    _information(made)
    _masking(made)
    planned = made.protocol.planned
    count = planned.value if type(planned.value) is int else None
    enrolment = None if count is None else {"count": count, "type": "ESTIMATED"}
    made.put(f"{_P}.enrollmentInfo", enrolment, planned.origin)
    _arms(made)
    _interventions(made)


def _word(
    made: Statement, path: str, found: Fact, allowed: tuple[str, ...], derived: Fact | None = None
) -> None:
    """Place a fact that must be one of the registry's words, or what follows from the protocol."""
    said = found if found.value is not None or derived is None else derived
    word = None if said.value is None else words.find(said.value, allowed)
    if said.value is not None and word is None:
        made.unreadable(path, said, ", ".join(allowed))
    else:
        made.put(path, word, said.origin)


def _information(made: Statement) -> None:
    path, protocol = f"{_P}.designInfo", made.protocol
    random = Fact(value="randomised", origin=protocol.randomisation.origin)
    _word(made, f"{path}.allocation", made.fact("allocation"), words.ALLOCATION, random)
    groups = Fact(value="parallel", origin=protocol.origin) if len(protocol.arms) > 1 else None
    _word(made, f"{path}.interventionModel", made.fact("intervention_model"), words.MODEL, groups)
    _word(made, f"{path}.primaryPurpose", made.fact("primary_purpose"), words.PURPOSE)


def _masking(made: Statement) -> None:
    path = f"{_P}.designInfo.maskingInfo"
    roles = [one for one in made.protocol.blinding if words.masked_role(one.role)]
    masked = [one for one in roles if one.masking == "masked"]
    who = [word for one in masked if (word := words.masked_role(one.role))]
    origin = _shared(one.origin for one in roles)
    level = Fact(value=words.MASKING[min(len(who), 4)], origin=origin) if roles else None
    _word(made, f"{path}.masking", made.fact("masking"), words.MASKING, level)
    stated = made.fact("masked_role")
    if stated.value is None:
        made.put(f"{path}.whoMasked", who, origin)
        return
    named = words.find_all(stated.value, words.WHO_MASKED)
    if named is None:
        made.unreadable(f"{path}.whoMasked", stated, ", ".join(words.WHO_MASKED))
    else:
        made.put(f"{path}.whoMasked", named, stated.origin)


def _shared(origins: Iterable[Origin | None]) -> Origin | None:
    """The origin of all; the first that is not registered where they differ."""
    found = list(origins)
    return next((one for one in found if one != REGISTERED), found[0] if found else None)


def _arms(made: Statement) -> None:
    products = {one.id: one for one in made.protocol.products}
    groups, ours = [], []
    for arm in made.protocol.arms:
        product = products.get(arm.product)
        group: dict[str, Any] = {"label": arm.title.say("en")}
        kind = product.facts.get("arm_type", Fact()) if product else Fact()
        word = (
            "EXPERIMENTAL" if arm.role == "experimental" else words.find(kind.value, words.ARM_TYPE)
        )
        if word is not None:
            group["type"] = word
        if product is not None:
            group["interventionNames"] = [product.title.say("en")]
        groups.append(group)
        ours.append(arm.origin)
    made.put(f"{_A}.armGroups", groups, _shared(ours), needed=True)
    for number, group in enumerate(groups):
        if "type" not in group:
            made.put(f"{_A}.armGroups.{number}.type", None, None)


def _interventions(made: Statement) -> None:
    listed = [_intervention(made, product) for product in made.protocol.products]
    named = _shared(one.origin for one in made.protocol.products)
    made.put(f"{_A}.interventions", listed, named, needed=True)
    for number, one in enumerate(listed):
        if "type" not in one:
            made.put(f"{_A}.interventions.{number}.type", None, None)


def _intervention(made: Statement, product: Product) -> dict[str, Any]:
    arms = [arm.title.say("en") for arm in made.protocol.arms if arm.product == product.id]
    found: dict[str, Any] = {"name": product.title.say("en"), "armGroupLabels": arms}
    kind = words.find(product.facts.get("intervention_type", Fact()).value, words.INTERVENTION_TYPE)
    if kind is not None:
        found["type"] = kind
    facts = [
        f"{name.replace('_', ' ')}: {fact.value}{f' {fact.unit}' if fact.unit else ''}"
        for name, fact in product.facts.items()
        if fact.value is not None
        and name not in ("arm_type", "intervention_type")
        and (fact.origin == REGISTERED or not made.claims)
    ]
    if facts:
        found["description"] = "; ".join(facts)
    return found
