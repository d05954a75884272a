"""Blinded labels of a kit and its units, as a PDF to print.

A label says nothing but the study, the code, how to keep it and for how long it is good after
thawing: what every product has in common. It is made without asking the allocator.
"""

from __future__ import annotations

import hashlib
import html
import logging
from datetime import datetime

from django.db import connection

from equipoise.errors import MissingExtra, UnknownRecord, say
from equipoise.protocol.model import Study
from equipoise.supply import unit_code
from equipoise_server.services.access import permissions
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import supplies
from equipoise_server.store.models import User

WORDS = {
    "en": {
        "trial": "For clinical trial use only",
        "unit": "One single dose",
        "kit": "One course: {units} units",
        "keep": "Keep at {value} {unit}",
        "use": "Use within {hours:g} h of thawing",
        "back": "Return what is not used",
    },
    "zh-Hans": {
        "trial": "仅供临床试验使用",
        "unit": "单次剂量",
        "kit": "一个疗程：{units}个单元",
        "keep": "保存于{value} {unit}",
        "use": "解冻后{hours:g}小时内使用",
        "back": "未使用部分请退回",
    },
}
UNITS = {"Cel": "°C"}
_STYLE = """
@page { size: A4; margin: 8mm }
body { font: 8pt/1.25 "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", sans-serif; margin: 0 }
.label { display: inline-block; width: 60mm; height: 32mm; box-sizing: border-box; padding: 2mm;
  border: .2mm solid #000; margin: 0 1mm 1mm 0; overflow: hidden; vertical-align: top;
  break-inside: avoid }
img { float: right; width: 20mm; height: 20mm }
.code { font: bold 10pt monospace; white-space: nowrap }
p { margin: 0 }
"""


def labels(*, site: str, kit: str, language: str, by: User, at: datetime) -> bytes:
    """One label for the kit and one for each of its units. The same kit gives the same bytes.

    `language`: `en` or `zh-Hans`; any other is printed in English.

    Raises:
        UnknownRecord: no kit of this code is at the site.
        MissingExtra: the libraries that make a PDF are missing from the system.
        NotPermitted, Locked.

    """
    state = supplies.known(kit)
    if state.site != site:
        raise UnknownRecord(say("kit {kit} at site {site}", kit=kit, site=site))
    with connection.cursor() as cursor:
        study = require_unlocked(cursor, "print labels")
        permissions.require(cursor, "account for a unit", by=by, at=at, site=state.site)
    page = _page(study, kit, len(state.units), language if language in WORDS else "en")
    return _pdf(page, hashlib.sha256(f"{study.digest}/{kit}/{language}".encode()).digest()[:16])


def _page(study: Study, kit: str, units: int, language: str) -> str:
    words = WORDS[language]
    lines = [study.protocol.short_title.say(language), words["trial"], *_kept(study, language)]
    whole = _label(kit, [words["kit"].format(units=units), *lines, words["back"]])
    each = [
        _label(unit_code(kit, number), [words["unit"], *lines, words["back"]])
        for number in range(1, units + 1)
    ]
    body = "".join((whole, *each))
    return f'<html lang="{language}"><style>{_STYLE}</style><body>{body}</body></html>'


def _kept(study: Study, language: str) -> list[str]:
    """Storage and in-use limit, where every product states the same."""
    words, found = WORDS[language], []
    stated = {
        (fact.value, fact.unit)
        for product in study.protocol.products
        if (fact := product.facts.get("storage")) is not None
    }
    if len(stated) == 1:
        value, unit = stated.pop()
        found.append(words["keep"].format(value=value, unit=UNITS.get(unit or "", unit or "")))
    dosing = study.protocol.dosing
    if dosing is not None and dosing.in_use_hours is not None:
        found.append(words["use"].format(hours=dosing.in_use_hours))
    return found


def _label(code: str, lines: list[str]) -> str:
    said = "".join(f"<p>{html.escape(str(line))}</p>" for line in lines)
    return (
        f'<div class="label"><img src="{_qr(code)}" alt=""><p class="code">{code}</p>{said}</div>'
    )


def _qr(code: str) -> str:
    import segno

    return str(segno.make(code, error="m", micro=False).svg_data_uri(scale=4, border=2))


def _pdf(page: str, identifier: bytes) -> bytes:
    try:
        import weasyprint
    except (ImportError, OSError) as problem:
        raise MissingExtra("report", "Printing labels") from problem
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    made = weasyprint.HTML(string=page).write_pdf(pdf_identifier=identifier)
    return bytes(made)
