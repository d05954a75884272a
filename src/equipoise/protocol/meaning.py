"""The class of a change: from its place in the study, most careful rule first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from equipoise.protocol.places import Path

Meaning = Literal["cosmetic", "collects-more", "changes-meaning", "needs-reconsent"]
MEANINGS: tuple[Meaning, ...] = (
    "cosmetic",
    "collects-more",
    "changes-meaning",
    "needs-reconsent",
)

WORDS = frozenset(
    {
        "text", "title", "short_title", "message", "help", "note", "description", "plain",
        "reason", "mechanism", "source", "origin", "name", "summary", "population", "treatment",
        "missing", "composition", "sentinel", "sdtm", "code", "index", "version", "languages",
        "public", "(order)", "sites", "facts", "event",
    }
)  # fmt: skip
"""Keys that hold words for readers, or bookkeeping."""

RISK = frozenset(
    {
        "doses", "interval_hours", "minimum_gap_hours", "maximum_gap_hours", "course_hours",
        "holds", "stops", "reaction_hours", "first_dose_minutes", "later_dose_minutes",
    }
)  # fmt: skip
"""What decides how much product a person gets, how often, and under which watch."""

PROCEDURES = frozenset({"at", "optional", "daily", "per_dose", "condition"})


def meaning(path: Path, kind: str, before: Any, after: Any) -> Meaning:
    """What one difference means; a change that no rule knows changes the meaning."""
    rule = _RULES.get(str(path[0]), _protocol)
    return rule(tuple(str(step) for step in path), kind, before, after)


Steps = tuple[str, ...]


def _words_only(path: Steps) -> bool:
    return any(step in WORDS for step in path)


def _protocol(path: Steps, kind: str, before: Any, after: Any) -> Meaning:
    rule = _SECTIONS.get(path[1] if len(path) > 1 else "")
    found = rule(path[2:], kind, before, after) if rule else None
    if found is not None:
        return found
    return "cosmetic" if _words_only(path[1:]) else "changes-meaning"


def _documents(path: Steps, kind: str, before: Any, after: Any) -> Meaning:
    """A consent document in other words must be signed again."""
    return "cosmetic" if path[-1] == "version" and before == after else "needs-reconsent"


def _cosmetic(path: Steps, kind: str, before: Any, after: Any) -> Meaning:
    return "cosmetic"


def _forms(path: Steps, kind: str, before: Any, after: Any) -> Meaning:
    """Steps: forms, form, groups, group, items, item, key."""
    if kind == "added" and (len(path) == 2 or path[-2] in {"groups", "items"}):
        return "collects-more"
    if path[-1] == "required":
        return "collects-more" if after else "changes-meaning"
    return "cosmetic" if _words_only(path[2:]) else "changes-meaning"


def _arms(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    return None if _words_only(path) else "needs-reconsent"


def _products(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    """A dose, a strength, a volume: what people are given."""
    if "facts" in path and path[-1] in {"origin", "source"}:
        return "cosmetic"
    if len(path) < 2 or "facts" in path:
        return "needs-reconsent"
    return None


def _dosing(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    if _words_only(path):
        return None
    return "needs-reconsent" if not path or path[0] in RISK else "changes-meaning"


def _visits(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    """One visit more, or a call that becomes a journey, is more than people agreed to."""
    if len(path) == 1 and kind == "added":
        return "needs-reconsent"
    more = path[-1] == "contact" and before == "phone"
    return "needs-reconsent" if more else None


def _schedule(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    if len(path) == 1 and kind == "added":
        asked = isinstance(after, dict) and bool(PROCEDURES & set(after))
        return "needs-reconsent" if asked else "collects-more"
    if len(path) < 2:
        return None
    if path[1] in {"at", "optional"}:
        more = set(after or ()) - set(before or ())
        return "needs-reconsent" if more else "changes-meaning"
    if path[1] in PROCEDURES:
        return "changes-meaning" if kind == "removed" else "needs-reconsent"
    if path[1] == "forms":
        return "collects-more" if set(after or ()) > set(before or ()) else "changes-meaning"
    return None


def _code_lists(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    """The text of a code is what stored data mean, so it is more than words."""
    if "codes" in path or len(path) < 2:
        translated = kind == "added" and "text" in path
        if translated:
            return "cosmetic"
        return "collects-more" if kind == "added" else "changes-meaning"
    return None


def _scales(path: Steps, kind: str, before: Any, after: Any) -> Meaning | None:
    return "changes-meaning" if "levels" in path and kind != "added" else None


_SECTIONS: dict[str, Callable[[Steps, str, Any, Any], Meaning | None]] = {
    "arms": _arms,
    "products": _products,
    "dosing": _dosing,
    "visits": _visits,
    "schedule": _schedule,
    "code_lists": _code_lists,
    "scales": _scales,
}

_RULES: dict[str, Callable[[Steps, str, Any, Any], Meaning]] = {
    "protocol": _protocol,
    "forms": _forms,
    "consent": _documents,
    "pages": _cosmetic,
    "scenarios": _cosmetic,
}
