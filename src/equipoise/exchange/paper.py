"""Forms on paper: blank, annotated or filled in, as pages of HTML that print well, and as PDF."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from equipoise.errors import MissingExtra
from equipoise.forms.record import Value
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.model import Study

_WORDS = {
    "en": {
        "participant": "Participant", "visit": "Visit", "number": "Number", "date": "Date",
        "by": "Filled in by", "sign": "Signature", "yes": "Yes", "no": "No",
        "if": "asked if", "computed": "computed", "required": "required", "version": "version",
        "signed": "Signed electronically", "unsigned": "Not signed electronically.",
        "void": "no longer holds since", "record": "record", "act": "signature",
    },
    "zh-Hans": {
        "participant": "参与者", "visit": "访视", "number": "编号", "date": "日期",
        "by": "填写人", "sign": "签名", "yes": "是", "no": "否",
        "if": "询问条件", "computed": "计算值", "required": "必填", "version": "版本",
        "signed": "电子签名", "unsigned": "未电子签名。",
        "void": "自下列时间起失效", "record": "记录", "act": "签名",
    },
}  # fmt: skip
_STYLE = """
@page { size: A4; margin: 18mm 15mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; } @bottom-left { content: string(form); font: 8pt sans-serif; } }
body { font: 9.5pt/1.4 "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "DejaVu Sans", sans-serif; color: #111; }
h1 { font-size: 15pt; margin: 0 0 2mm; string-set: form content(); } h2 { font-size: 11pt; margin: 5mm 0 1mm; border-bottom: .4pt solid #555; break-after: avoid; }
.head { display: flex; flex-wrap: wrap; gap: 2mm 8mm; margin: 0 0 3mm; } .head span { min-width: 50mm; border-bottom: .3pt solid #888; }
.item { break-inside: avoid; padding: 1.2mm 0; border-bottom: .2pt solid #ddd; } .q { font-weight: 600; } .a { margin-top: .6mm; }
.box { display: inline-block; width: 3mm; height: 3mm; border: .5pt solid #111; margin: 0 1mm 0 3mm; text-align: center; line-height: 3mm; font-size: 8pt; }
.line { display: inline-block; min-width: 55mm; border-bottom: .5pt solid #111; } .small { font-size: 7.5pt; color: #444; } .note { font-size: 8pt; color: #333; }
article { break-before: page; }
.annotation { font: 7.5pt monospace; color: #8a1538; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """An electronic signature as it is printed: who, in which role, what it means, when, on what.

    `record` and `act`: digests of the version signed and of the act of signing. `void_at` and
    `void_why` where it no longer holds.
    """

    name: str
    role: str
    meaning: str
    at: datetime
    version: int
    record: str
    act: str
    void_at: datetime | None = None
    void_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stands in a form: where and when, and the answers; moments on the clock of `zone`."""

    participant: str
    visit: str
    number: int
    on: date
    version: int
    by: str
    zone: str
    values: Mapping[str, Value]
    signatures: tuple[Signed, ...] = ()


def form_page(
    study: Study,
    form: Form,
    language: str,
    *,
    annotated: bool = False,
    filled: Filled | None = None,
) -> str:
    """One form as HTML. `annotated` names each item, its type, range and target domain."""
    title = escape(form.title.say(language))
    return _document(title, _sheet(study, form, language, annotated, filled), language)


def record_book(
    study: Study, title: str, pages: Iterable[tuple[Form, Filled]], language: str
) -> str:
    """Filled forms one after the other as one page of HTML, with a list of them in front."""
    every = list(pages)
    listed = "".join(
        f'<li><a href="#f{number}">{escape(_name(form, filled, language))}</a></li>'
        for number, (form, filled) in enumerate(every)
    )
    sheets = "".join(
        f'<article id="f{number}">{_sheet(study, form, language, False, filled)}</article>'
        for number, (form, filled) in enumerate(every)
    )
    head = f"<header><h1>{escape(title)}</h1><ol>{listed}</ol></header>"
    return _document(escape(title), head + sheets, language)


def _name(form: Form, filled: Filled, language: str) -> str:
    number = f" {filled.number}" if filled.number else ""
    return f"{filled.on} · {form.title.say(language)}{number} · {filled.visit}"


def _document(title: str, body: str, language: str) -> str:
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _sheet(study: Study, form: Form, language: str, annotated: bool, filled: Filled | None) -> str:
    words = _WORDS.get(language, _WORDS["en"])
    body = "".join(_groups(study, form, language, annotated, filled))
    title = escape(form.title.say(language))
    about = escape(f"{study.protocol.id} {study.protocol.version} · {form.id}")
    domain = f' <span class="annotation">{escape(form.sdtm or "")}</span>' if annotated else ""
    help_text = f'<p class="note">{escape(form.help.say(language))}</p>' if form.help else ""
    return (
        f'<h1>{title}{domain}</h1><p class="small">{about}</p>'
        f"{_head(words, filled, form)}{help_text}{body}{_foot(words, filled)}"
    )


def pdf(page: str) -> bytes:
    """A page of HTML as PDF.

    Raises:
        MissingExtra: the library that makes PDF, or one of the system under it, is missing.

    """
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as problem:
        raise MissingExtra("report", "Printing forms") from problem
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    made: bytes = weasyprint.HTML(string=page).write_pdf(pdf_identifier=b"equipoise")
    return made


def _head(words: Mapping[str, str], filled: Filled | None, form: Form) -> str:
    lines = [("participant", filled.participant if filled else "")]
    lines.append(("visit", filled.visit if filled else ""))
    if form.repeats:
        lines.append(("number", str(filled.number) if filled else ""))
    lines.append(("date", filled.on.isoformat() if filled else ""))
    shown = "".join(f"<span>{words[name]}: {escape(text)}</span>" for name, text in lines)
    return f'<p class="head">{shown}</p>'


def _foot(words: Mapping[str, str], filled: Filled | None) -> str:
    if filled is not None:
        said = f"{words['version']} {filled.version} · {words['by']} {filled.by}"
        return f'<p class="small">{escape(said)}</p>{_manifest(words, filled)}'
    line = '<span class="line"></span>'
    return f"<p>{words['by']} {line} {words['sign']} {line}</p>"


def _manifest(words: Mapping[str, str], filled: Filled) -> str:
    """The signatures on a form, each with its meaning, its time and zone, and what it is bound to."""
    if not filled.signatures:
        return f'<p class="small">{words["unsigned"]}</p>'
    lines = "".join(_signed(words, one, filled.zone) for one in filled.signatures)
    return f"<h2>{words['signed']}</h2>{lines}"


def _signed(words: Mapping[str, str], one: Signed, zone: str) -> str:
    void = f"{words['void']} {_instant(one.void_at, zone)}: {one.void_why}" if one.void_at else ""
    bound = (
        f"{words['version']} {one.version} · {words['record']} {one.record} · "
        f"{words['act']} {one.act}"
    )
    return (
        f'<div class="item"><div class="q">{escape(one.name)} · {escape(one.role)}</div>'
        f'<div class="a">{escape(one.meaning)}</div>'
        f'<div class="a">{escape(_instant(one.at, zone))}</div>'
        + (f'<div class="a">{escape(void)}</div>' if void else "")
        + f'<div class="small">{escape(bound)}</div></div>'
    )


def _instant(at: datetime, zone: str) -> str:
    """A moment on the clock of the site with its distance from UTC and the name of its zone."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%Y-%m-%d %H:%M:%S} UTC{there:%z} ({zone})"


def _groups(
    study: Study, form: Form, language: str, annotated: bool, filled: Filled | None
) -> Iterator[str]:
    for group in form.groups:
        yield f"<h2>{escape(group.title.say(language))}</h2>"
        if annotated and group.shown_if:
            yield _annotation(_WORDS[language]["if"], group.shown_if)
        for item in group.items:
            yield _item(study, item, language, annotated, filled)


def _annotation(*said: str) -> str:
    return f'<div class="annotation">{escape(" · ".join(one for one in said if one))}</div>'


def _item(study: Study, item: Item, language: str, annotated: bool, filled: Filled | None) -> str:
    words = _WORDS.get(language, _WORDS["en"])
    star = " *" if item.required else ""
    value = filled.values.get(item.id) if filled else None
    zone = filled.zone if filled else "UTC"
    answer = _answer(study, item, language, value, zone)
    unit = f" {escape(item.unit)}" if item.unit and not item.codes else ""
    note = f'<div class="note">{escape(item.note.say(language))}</div>' if item.note else ""
    about = _about(item, words) if annotated else ""
    question = f'<span class="q">{escape(item.text.say(language))}{star}</span>'
    return f'<div class="item">{question}<div class="a">{answer}{unit}</div>{note}{about}</div>'


def _about(item: Item, words: Mapping[str, str]) -> str:
    bounds = f"{_number(item.low)}..{_number(item.high)}"
    return _annotation(
        item.id,
        item.type + (f"({item.codes})" if item.codes else ""),
        bounds if (item.low, item.high) != (None, None) else "",
        words["required"] if item.required else "",
        f"{words['computed']}: {item.derive}" if item.derive else "",
        f"{words['if']}: {item.shown_if}" if item.shown_if else "",
    )


def _number(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def _answer(study: Study, item: Item, language: str, value: Value | None, zone: str) -> str:
    """Boxes where there is a choice, else a line; with what was answered."""
    words = _WORDS.get(language, _WORDS["en"])
    if item.derive is None and item.type == "boolean":
        given = None if value is None else str(value).lower()
        return _boxes([("true", words["yes"]), ("false", words["no"])], (given,))
    if item.derive is None and item.codes is not None:
        codes = next(one.codes for one in study.protocol.code_lists if one.id == item.codes)
        chosen = value if isinstance(value, tuple) else (None if value is None else str(value),)
        return _boxes([(one.code, one.text.say(language)) for one in codes], chosen)
    return f'<span class="line">{escape(_text(value, zone))}&#8203;</span>'


def _boxes(choices: list[tuple[str, str]], chosen: tuple[str | None, ...]) -> str:
    return " ".join(
        f'<span class="box">{"✕" if code in chosen else ""}</span>{escape(text)}'
        for code, text in choices
    )


def _text(value: Value | None, zone: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)
