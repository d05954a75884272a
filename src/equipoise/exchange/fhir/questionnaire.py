"""A form as a FHIR R5 Questionnaire."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.exchange.fhir.language import (
    UCUM,
    URN,
    Resource,
    identifier,
    origin_of,
    say,
    translated,
    words,
)
from equipoise.protocol.forms import CodeList, Form, Item
from equipoise.protocol.model import Study

TYPES = {
    "integer": "integer",
    "decimal": "decimal",
    "text": "text",
    "code": "coding",
    "codes": "coding",
    "boolean": "boolean",
    "date": "date",
    "partial-date": "date",
    "datetime": "dateTime",
}
_EXTENSION = "http://hl7.org/fhir/StructureDefinition"


def questionnaire(study: Study, form: Form) -> Resource:
    """The Questionnaire of a form. Rules stand in extensions, in the words of the protocol."""
    protocol, language = study.protocol, study.protocol.languages[0]
    lists = {one.id: one for one in protocol.code_lists}
    made: Resource = {
        "resourceType": "Questionnaire",
        "id": identifier(protocol.id, form.id),
        "language": language,
        "extension": origin_of(form.origin),
        "url": f"{URN}:{protocol.id}:form:{form.id}",
        "version": protocol.version,
        "name": form.id,
    }
    say(made, "title", form.title, language)
    made |= {"status": "active", "subjectType": ["Patient"], "item": []}
    for group in form.groups:
        entry: Resource = {"linkId": f"group.{group.id}"}
        say(entry, "text", group.title, language)
        entry["type"] = "group"
        if group.shown_if:
            entry["extension"] = [_rule("shown-if", group.shown_if)]
        entry["item"] = [_item(item, lists, language) for item in group.items]
        made["item"].append(entry)
    return made


def _rule(kind: str, text: str) -> Resource:
    return {"url": f"{URN}:{kind}", "valueString": text}


def _item(item: Item, lists: Mapping[str, CodeList], language: str) -> Resource:
    made: Resource = {"extension": _extensions(item), "linkId": item.id}
    say(made, "text", item.text, language)
    made["type"] = TYPES[item.type]
    made["required"] = item.required
    if item.type == "codes":
        made["repeats"] = True
    if item.derive is not None:
        made["readOnly"] = True
    if item.max_length is not None and item.type == "text":
        made["maxLength"] = item.max_length
    codes = lists.get(item.codes or "")
    if codes is not None:
        made["answerOption"] = [
            _option(codes, number, language) for number in range(len(codes.codes))
        ]
    if not made["extension"]:
        del made["extension"]
    return made


def _extensions(item: Item) -> list[Resource]:
    found = origin_of(item.origin)
    if item.unit is not None:
        coding = {"system": UCUM, "code": item.unit}
        found.append({"url": f"{_EXTENSION}/questionnaire-unit", "valueCoding": coding})
    for name, bound in (("minValue", item.low), ("maxValue", item.high)):
        if bound is not None and item.type in ("integer", "decimal"):
            found.append({"url": f"{_EXTENSION}/{name}", **_bound(item, bound)})
    for kind, rule in (("shown-if", item.shown_if), ("derive", item.derive)):
        if rule is not None:
            found.append(_rule(kind, rule))
    if item.type == "partial-date":
        found.append({"url": f"{URN}:partial-date", "valueBoolean": True})
    return found


def _bound(item: Item, bound: float) -> Resource:
    if item.type == "integer" and float(bound).is_integer():
        return {"valueInteger": int(bound)}
    return {"valueDecimal": bound}


def _option(codes: CodeList, number: int, language: str) -> Resource:
    one = codes.codes[number]
    coding: Resource = {
        "system": f"{URN}:codes:{codes.id}",
        "code": one.code,
        "display": words(one.text, language),
    }
    others = translated(one.text, language)
    if others:
        coding["_display"] = others
    return {"valueCoding": coding}
