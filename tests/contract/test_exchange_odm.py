"""ODM 1.3.2: order of elements, words, references, and every value replayed.

`ORDER` is the content model of the elements that the export writes, read from the ODM 1.3.2
foundation schema; `NEEDED` its required attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from equipoise.exchange.odm import write
from equipoise.exchange.odm.names import value_text
from exchange_source import ABOUT, ONE, TERM, TWO, VERSIONS, ByHand, study, version

Element = ElementTree.Element
SPACE = "{http://www.cdisc.org/ns/odm/v1.3}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ORDER = {
    "ODM": "Study AdminData ReferenceData ClinicalData",
    "Study": "GlobalVariables BasicDefinitions MetaDataVersion",
    "GlobalVariables": "StudyName StudyDescription ProtocolName",
    "BasicDefinitions": "MeasurementUnit",
    "MeasurementUnit": "Symbol",
    "MetaDataVersion": "Protocol StudyEventDef FormDef ItemGroupDef ItemDef CodeList ConditionDef MethodDef",
    "Protocol": "Description StudyEventRef",
    "StudyEventDef": "Description FormRef",
    "FormDef": "Description ItemGroupRef",
    "ItemGroupDef": "Description ItemRef",
    "ItemDef": "Description Question MeasurementUnitRef RangeCheck CodeListRef Alias",
    "RangeCheck": "CheckValue MeasurementUnitRef ErrorMessage",
    "CodeList": "Description CodeListItem",
    "CodeListItem": "Decode",
    "ConditionDef": "Description FormalExpression",
    "MethodDef": "Description FormalExpression",
    "AdminData": "User Location",
    "User": "LoginName DisplayName FullName",
    "Location": "MetaDataVersionRef",
    "ClinicalData": "SubjectData",
    "SubjectData": "AuditRecord SiteRef Annotation StudyEventData",
    "StudyEventData": "AuditRecord Annotation FormData",
    "FormData": "AuditRecord Annotation ItemGroupData",
    "ItemGroupData": "AuditRecord Annotation ItemData",
    "ItemData": "AuditRecord MeasurementUnitRef Annotation",
    "AuditRecord": "UserRef LocationRef DateTimeStamp ReasonForChange SourceID",
    **dict.fromkeys(("Description", "Question", "Symbol", "Decode"), "TranslatedText"),
}
NEEDED = {
    "ODM": "ODMVersion FileType FileOID CreationDateTime",
    "Study": "OID",
    "MeasurementUnit": "OID Name",
    "MetaDataVersion": "OID Name",
    "StudyEventRef": "StudyEventOID Mandatory",
    "StudyEventDef": "OID Name Repeating Type",
    "FormRef": "FormOID Mandatory",
    "FormDef": "OID Name Repeating",
    "ItemGroupRef": "ItemGroupOID Mandatory",
    "ItemGroupDef": "OID Name Repeating",
    "ItemRef": "ItemOID Mandatory",
    "ItemDef": "OID Name DataType",
    "RangeCheck": "SoftHard",
    "CodeList": "OID Name DataType",
    "CodeListItem": "CodedValue",
    "ConditionDef": "OID Name",
    "MethodDef": "OID Name Type",
    "User": "OID",
    "Location": "OID Name",
    "MetaDataVersionRef": "StudyOID MetaDataVersionOID EffectiveDate",
    "ClinicalData": "StudyOID MetaDataVersionOID",
    "SubjectData": "SubjectKey",
    "StudyEventData": "StudyEventOID",
    "FormData": "FormOID",
    "ItemGroupData": "ItemGroupOID",
    "ItemData": "ItemOID",
}
WORDS = {
    "Mandatory": {"Yes", "No"},
    "Repeating": {"Yes", "No"},
    "SoftHard": {"Soft", "Hard"},
    "Comparator": {"LT", "LE", "GT", "GE", "EQ", "NE", "IN", "NOTIN"},
    "DataType": {"integer", "float", "text", "boolean", "date", "datetime", "partialDate"},
    "TransactionType": {"Insert", "Update", "Remove", "Upsert", "Context"},
    "Type": {"Scheduled", "Unscheduled", "Common", "Computation"},
    "LocationType": {"Sponsor", "Site", "CRO", "Lab", "Other"},
    "FileType": {"Snapshot", "Transactional"},
}


@pytest.fixture
def odm(tmp_path: Path) -> Element:
    [file, _] = write(study(), ByHand(), tmp_path / "out", about=ABOUT)
    assert (file.path, file.rows) == ("odm.xml", len(VERSIONS))
    return ElementTree.parse(tmp_path / "out" / "odm.xml").getroot()


def every(root: Element, name: str) -> Iterator[Element]:
    return root.iter(SPACE + name)


def tag(element: Element) -> str:
    return element.tag.removeprefix(SPACE)


def test_elements_stand_in_the_order_of_the_schema_with_what_they_need(odm: Element) -> None:
    for element in odm.iter():
        assert element.tag.startswith(SPACE)
        allowed = ORDER.get(tag(element), "").split()
        held = [tag(child) for child in element]
        assert held == sorted(held, key=allowed.index), tag(element)
        missing = set(NEEDED.get(tag(element), "").split()) - element.attrib.keys()
        assert not missing, tag(element)


def test_words_are_those_of_the_schema(odm: Element) -> None:
    for element in odm.iter():
        for name, value in element.attrib.items():
            assert value
            assert value in WORDS.get(name, {value}), (tag(element), name)
        if tag(element) == "ItemDef" and element.get("DataType") in ("text", "integer", "float"):
            assert int(element.get("Length", "0")) > 0


def test_every_reference_leads_somewhere_and_every_identifier_is_unique(odm: Element) -> None:
    defined: dict[str, set[str]] = {}
    for element in odm.iter():
        if "OID" in element.attrib:
            kind = tag(element).removesuffix("Def")
            assert element.attrib["OID"] not in defined.setdefault(kind, set()), kind
            defined[kind].add(element.attrib["OID"])
    kinds = {"Method": "Method", "CollectionExceptionCondition": "Condition"}
    for element in odm.iter():
        for name, value in element.attrib.items():
            kind = name.removesuffix("OID")
            if name.endswith("OID") and name not in ("OID", "FileOID"):
                assert value in defined[kinds.get(kind, kind)], (tag(element), name, value)


def test_all_blinded_forms_and_no_other_are_described_in_every_language(odm: Element) -> None:
    blinded = {f"F.{one.id}" for one in study().forms.values() if one.audience == "blinded"}
    assert {one.get("OID") for one in every(odm, "FormDef")} == blinded
    for question in every(odm, "Question"):
        assert [one.get(LANG) for one in question] == ["en", "zh-Hans"]


def test_replaying_the_transactions_gives_the_newest_answers(odm: Element) -> None:
    held: dict[tuple[str | None, ...], dict[str, str]] = {}
    for subject in every(odm, "SubjectData"):
        for event in every(subject, "StudyEventData"):
            for form in every(event, "FormData"):
                key = (subject.get("SubjectKey"), form.get("FormOID"), form.get("FormRepeatKey"))
                answers = held.setdefault(key, {})
                for item in every(form, "ItemData"):
                    name = item.attrib["ItemOID"].rpartition(".")[2]
                    if item.get("TransactionType") == "Remove":
                        assert item.get("Value") is None
                        del answers[name]
                    else:
                        assert (item.get("TransactionType") == "Insert") == (name not in answers)
                        answers[name] = item.attrib["Value"]
    for line in ByHand().newest():
        number = str(line.number) if line.form == "event" else None
        document = json.loads(line.data or "{}")
        wanted = {name: value_text(value) for name, value in document.items()}
        assert held[line.participant, f"F.{line.form}", number] == wanted
    assert held[ONE, "F.event", "1"]["term"] == TERM


def test_every_change_says_who_where_when_and_why(odm: Element) -> None:
    for form in every(odm, "FormData"):
        for holder in (form, *every(form, "ItemData")):
            audit = holder.find(f"{SPACE}AuditRecord")
            assert audit is not None
            assert [tag(one) for one in audit][:3] == ["UserRef", "LocationRef", "DateTimeStamp"]
            update = form.get("TransactionType") == "Update"
            assert (audit.find(f"{SPACE}ReasonForChange") is not None) == (
                update or not list(every(form, "ItemData"))
            )


def test_people_without_records_and_redacted_records_are_not_forgotten(odm: Element) -> None:
    subjects = {one.get("SubjectKey"): one for one in every(odm, "SubjectData")}
    assert set(subjects) == {ONE, TWO, "S02-CCCCC-CCCCC"}
    [form] = every(subjects[TWO], "FormData")
    assert form.findtext(f".//{SPACE}ReasonForChange") == "redacted"
    assert not list(every(subjects["S02-CCCCC-CCCCC"], "FormData"))


def test_what_xml_cannot_carry_does_not_break_the_file(tmp_path: Path) -> None:
    nasty = 'a\x00b\x0bc\ufffe<]]>&"\t\r\n𝔘'
    lines = (version(ONE, "event", 1, 1, {"term": nasty}),)
    write(study(), ByHand(lines), tmp_path / "out", about=ABOUT)
    root = ElementTree.parse(tmp_path / "out" / "odm.xml").getroot()
    [item] = every(root, "ItemData")
    assert item.get("Value") == 'a\ufffdb\ufffdc\ufffd<]]>&"\t\r\n𝔘'


@pytest.mark.parametrize("number", [1e-7, 5e9, -0.1, 1e300, 123456789.123])
def test_decimals_have_no_exponent_and_keep_their_value(number: float) -> None:
    assert re.fullmatch(r"-?\d+(\.\d+)?", value_text(number))
    assert float(value_text(number)) == number
