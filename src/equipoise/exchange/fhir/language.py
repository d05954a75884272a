"""Pieces that both kinds of resource use: names, codes, translations, origins."""

from __future__ import annotations

import re
from typing import Any

from equipoise.protocol.frozen import Text
from equipoise.protocol.origin import Origin

URN = "urn:equipoise"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
UCUM = "http://unitsofmeasure.org"

Resource = dict[str, Any]


def identifier(*parts: str) -> str:
    """A resource id of the parts: letters, digits, - and . only, 64 characters at most."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(parts))[:64]


def words(text: Text, language: str) -> str:
    """A text in the language of the resource; never empty."""
    return text.say(language) or "-"


def translated(text: Text, language: str) -> Resource | None:
    """The extension block that carries the other languages of a text, or None."""
    others = [(key, value) for key, value in text.items() if key != language and value]
    if not others:
        return None
    return {"extension": [_translation(key, value) for key, value in others]}


def _translation(language: str, content: str) -> Resource:
    return {
        "url": TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": language},
            {"url": "content", "valueString": content},
        ],
    }


def say(resource: Resource, name: str, text: Text, language: str) -> None:
    """Put a text and its translations into a resource."""
    resource[name] = words(text, language)
    others = translated(text, language)
    if others:
        resource[f"_{name}"] = others


def origin_of(origin: Origin | None) -> list[Resource]:
    """The extension that says where a value comes from."""
    return [{"url": f"{URN}:origin", "valueCode": origin}] if origin else []


def concept(text: str) -> Resource:
    """A CodeableConcept of words alone."""
    return {"text": text}
