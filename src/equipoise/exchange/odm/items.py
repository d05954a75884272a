"""ItemDef: question, unit, range checks, code list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from equipoise.exchange.odm import names
from equipoise.exchange.odm.xml import Writer
from equipoise.protocol.forms import CodeList, Form, Item


def write_items(xml: Writer, form: Form, lists: Mapping[str, CodeList]) -> None:
    """Write the definitions of a form's items."""
    for item in form.items():
        codes = lists.get(item.codes or "")
        with xml.element(
            "ItemDef",
            OID=names.item_oid(form.id, item.id),
            Name=item.id,
            DataType=names.DATA_TYPES[item.type],
            Length=names.length_of(item, len(codes.codes) if codes else 0),
            SignificantDigits=6 if item.type == "decimal" else None,
        ):
            _content(xml, item, codes)


def _content(xml: Writer, item: Item, codes: CodeList | None) -> None:
    with xml.element("Question"):
        for language, words in item.text.items():
            xml.leaf("TranslatedText", words, xml_lang=language)
    if item.unit:
        xml.empty("MeasurementUnitRef", MeasurementUnitOID=names.unit_oid(item.unit))
    for comparator, bound, strength in _bounds(item):
        with xml.element("RangeCheck", Comparator=comparator, SoftHard=strength):
            xml.leaf("CheckValue", _number(item, bound))
            if item.unit:
                xml.empty("MeasurementUnitRef", MeasurementUnitOID=names.unit_oid(item.unit))
    if codes is not None and item.type == "code":
        xml.empty("CodeListRef", CodeListOID=f"CL.{codes.id}")
    if item.code:
        xml.empty("Alias", Context="concept", Name=item.code)


def _bounds(item: Item) -> Iterator[tuple[str, float, str]]:
    bounds = (
        ("GE", item.low, "Hard"),
        ("LE", item.high, "Hard"),
        ("GE", item.expect_low, "Soft"),
        ("LE", item.expect_high, "Soft"),
    )
    for comparator, bound, strength in bounds:
        if bound is not None and item.type in ("integer", "decimal"):
            yield comparator, bound, strength


def _number(item: Item, bound: float) -> str:
    whole = item.type == "integer" and float(bound).is_integer()
    return names.value_text(int(bound) if whole else float(bound))
