"""What every column means, in every language of the study."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from equipoise.exchange.bundle import Bundle
from equipoise.exchange.csv.cells import Json
from equipoise.exchange.csv.tables import columns_of, path_of, write_table
from equipoise.protocol.forms import CodeList, Form, Item
from equipoise.protocol.model import Protocol, Study

_PLAIN = (
    "type", "unit", "codes", "required", "low", "high", "expect_low", "expect_high", "max_length",
    "shown_if", "derive", "identifying", "code", "origin",
)  # fmt: skip


def write_codebook(bundle: Bundle, study: Study) -> None:
    """Write `codebook.csv`, `codelists.csv` and both together as `codebook.json`."""
    languages = study.protocol.languages
    forms = exported_forms(study)
    columns = [column for form in forms for column in _columns(form)]
    header = ["file", "column", "form", "form_title", "group", "group_title", "item", *_PLAIN]
    header += [f"text.{language}" for language in languages]
    rows = (
        [*_flat(column, header[: -len(languages)]), *_said(column["text"], languages)]
        for column in columns
    )
    write_table(bundle, "codebook.csv", header, rows)
    codes = [_code_list(one) for one in _used(study.protocol, columns)]
    _write_code_lists(bundle, codes, languages)
    document = {
        "study": study.protocol.id,
        "version": study.protocol.version,
        "digest": study.digest,
        "languages": list(languages),
        "columns": columns,
        "code_lists": codes,
    }
    bundle.add("codebook.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def exported_forms(study: Study) -> tuple[Form, ...]:
    """The forms whose records lie on the blinded side, in the order of the schedule."""
    order = [name for activity in study.protocol.schedule for name in activity.forms]
    found = [study.forms[name] for name in dict.fromkeys([*order, *study.forms])]
    return tuple(form for form in found if form.audience == "blinded")


def _columns(form: Form) -> Iterable[dict[str, Any]]:
    names = columns_of(form)
    for group in form.groups:
        for item in group.items:
            yield {
                "file": path_of(form),
                "column": names[item.id],
                "form": form.id,
                "form_title": dict(form.title),
                "group": group.id,
                "group_title": dict(group.title),
                "item": item.id,
                **_of_item(item),
                "text": dict(item.text),
            }


def _of_item(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in _PLAIN}


def _flat(column: dict[str, Any], names: list[str]) -> list[Json]:
    return [_one(column[name]) for name in names]


def _one(value: Any) -> Json:
    """A title in the language that comes first; anything else as it is."""
    return next(iter(value.values()), "") if isinstance(value, dict) else value


def _said(words: dict[str, str], languages: tuple[str, ...]) -> list[Json]:
    return [words.get(language) for language in languages]


def _used(protocol: Protocol, columns: list[dict[str, Any]]) -> list[CodeList]:
    used = {column["codes"] for column in columns}
    return [one for one in protocol.code_lists if one.id in used]


def _code_list(one: CodeList) -> dict[str, Any]:
    codes = [{"code": code.code, "text": dict(code.text)} for code in one.codes]
    return {"id": one.id, "origin": one.origin, "codes": codes}


def _write_code_lists(
    bundle: Bundle, lists: list[dict[str, Any]], languages: tuple[str, ...]
) -> None:
    header = ["list", "code", "origin", *(f"text.{language}" for language in languages)]
    rows = (
        [one["id"], code["code"], one["origin"], *_said(code["text"], languages)]
        for one in lists
        for code in one["codes"]
    )
    write_table(bundle, "codelists.csv", header, rows)
