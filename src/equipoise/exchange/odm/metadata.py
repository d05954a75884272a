"""Study and MetaDataVersion: visits, forms, groups, items, units, code lists, rules."""

from __future__ import annotations

from equipoise.exchange.csv.codebook import exported_forms
from equipoise.exchange.odm import names
from equipoise.exchange.odm.items import write_items
from equipoise.exchange.odm.xml import Writer
from equipoise.protocol.forms import CodeList, Form
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Study

_CONTEXT = "equipoise"


def write_study(xml: Writer, study: Study) -> None:
    """Write the Study element."""
    protocol = study.protocol
    with xml.element("Study", OID=names.study_oid(study)):
        with xml.element("GlobalVariables"):
            xml.leaf("StudyName", protocol.short_title.say("en"))
            xml.leaf("StudyDescription", protocol.title.say("en"))
            xml.leaf("ProtocolName", protocol.id)
        forms = exported_forms(study)
        _units(xml, forms)
        name = f"{protocol.id} {protocol.version}"
        with xml.element("MetaDataVersion", OID=names.version_oid(study), Name=name):
            _visits(xml, study, forms)
            for form in forms:
                _form(xml, form)
            for form in forms:
                _groups(xml, form)
            lists = {one.id: one for one in protocol.code_lists}
            for form in forms:
                write_items(xml, form, lists)
            used = {item.codes for form in forms for item in form.items() if item.type == "code"}
            for one in protocol.code_lists:
                if one.id in used:
                    _code_list(xml, one)
            _conditions(xml, forms)
            _methods(xml, forms)


def translate(xml: Writer, name: str, text: Text) -> None:
    """An element that holds a text in every language."""
    with xml.element(name):
        for language, words in text.items():
            xml.leaf("TranslatedText", words, xml_lang=language)


def _units(xml: Writer, forms: tuple[Form, ...]) -> None:
    units = dict.fromkeys(item.unit for form in forms for item in form.items() if item.unit)
    if not units:
        return
    with xml.element("BasicDefinitions"):
        for unit in units:
            with xml.element("MeasurementUnit", OID=names.unit_oid(unit), Name=unit):
                translate(xml, "Symbol", Text({"en": unit}))


def _visits(xml: Writer, study: Study, forms: tuple[Form, ...]) -> None:
    planned = _planned(study, forms)
    with xml.element("Protocol"):
        for number, visit in enumerate(planned, 1):
            oid = names.event_oid(visit)
            xml.empty("StudyEventRef", StudyEventOID=oid, OrderNumber=number, Mandatory="No")
    titles = {visit.id: visit.title.say("en") for visit in study.protocol.visits}
    for visit, held in planned.items():
        scheduled = visit in titles
        with xml.element(
            "StudyEventDef",
            OID=names.event_oid(visit),
            Name=titles.get(visit, names.OCCASIONS.get(visit, visit)),
            Repeating="No",
            Type="Scheduled" if scheduled else "Common",
        ):
            for form in held:
                xml.empty("FormRef", FormOID=names.form_oid(form), Mandatory="No")


def _planned(study: Study, forms: tuple[Form, ...]) -> dict[str, list[str]]:
    """The forms of each visit and occasion, in the order of the schedule."""
    exported = {form.id for form in forms}
    found: dict[str, list[str]] = {visit.id: [] for visit in study.protocol.visits}
    found |= {occasion: [] for occasion in names.OCCASIONS}
    for activity in study.protocol.schedule:
        visits = [*activity.at, *activity.optional]
        visits += ["daily"] * (activity.daily is not None)
        visits += ["dosing"] * activity.per_dose + ["log"] * activity.log
        for visit in visits:
            found.setdefault(visit, []).extend(one for one in activity.forms if one in exported)
    return {visit: list(dict.fromkeys(held)) for visit, held in found.items()}


def _form(xml: Writer, form: Form) -> None:
    repeating = "Yes" if form.repeats else "No"
    name = form.title.say("en")
    with xml.element("FormDef", OID=names.form_oid(form.id), Name=name, Repeating=repeating):
        translate(xml, "Description", form.title)
        for number, group in enumerate(form.groups, 1):
            oid = names.group_oid(form.id, group.id)
            xml.empty("ItemGroupRef", ItemGroupOID=oid, OrderNumber=number, Mandatory="No")


def _groups(xml: Writer, form: Form) -> None:
    for group in form.groups:
        oid, title = names.group_oid(form.id, group.id), group.title.say("en")
        with xml.element("ItemGroupDef", OID=oid, Name=title, Repeating="No"):
            for number, item in enumerate(group.items, 1):
                shown = item.shown_if or group.shown_if
                xml.empty(
                    "ItemRef",
                    ItemOID=names.item_oid(form.id, item.id),
                    OrderNumber=number,
                    Mandatory="Yes" if item.required and not shown else "No",
                    MethodOID=names.rule_oid("MT", form.id, item.id) if item.derive else None,
                    CollectionExceptionConditionOID=(
                        names.rule_oid("CE", form.id, item.id) if shown else None
                    ),
                )


def _code_list(xml: Writer, one: CodeList) -> None:
    with xml.element("CodeList", OID=f"CL.{one.id}", Name=one.id, DataType="text"):
        for number, code in enumerate(one.codes, 1):
            with xml.element("CodeListItem", CodedValue=code.code, OrderNumber=number):
                translate(xml, "Decode", code.text)


def _conditions(xml: Writer, forms: tuple[Form, ...]) -> None:
    """An item is not collected where its condition is true: the rule says when it is shown."""
    for form in forms:
        for group in form.groups:
            for item in group.items:
                rules = [rule for rule in (group.shown_if, item.shown_if) if rule]
                if rules:
                    shown = " and ".join(f"({rule})" for rule in rules)
                    _rule(xml, "ConditionDef", "CE", form, item.id, f"not ({shown})")


def _methods(xml: Writer, forms: tuple[Form, ...]) -> None:
    for form in forms:
        for item in form.items():
            if item.derive is not None:
                _rule(xml, "MethodDef", "MT", form, item.id, item.derive)


def _rule(xml: Writer, element: str, kind: str, form: Form, item: str, rule: str) -> None:
    oid = names.rule_oid(kind, form.id, item)
    computed = "Computation" if element == "MethodDef" else None
    with xml.element(element, OID=oid, Name=f"{form.id}.{item}", Type=computed):
        translate(xml, "Description", Text({"en": rule}))
        xml.leaf("FormalExpression", rule, Context=_CONTEXT)
