"""Names that refer to something which the study does not define."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.conduct_rules import Dosing
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.places import Key, Path

Reference = tuple[Path, str | None, Iterable[str], str]
"""Path of the reference, its text, what it may be, and the word for that."""


def reference_findings(subject: Subject) -> Iterator[Finding]:
    """Every id that is named but not defined."""
    for path, name, known, what in _references(subject):
        choices = list(known)
        if name is None or name in choices:
            continue
        near = get_close_matches(name, choices, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "define it, or correct the name."
        words = f"There is no {what} `{name}`: {hint}"
        yield subject.finding("study.unknown-name", path, words)
    yield from _ambiguous(subject)


def _references(subject: Subject) -> Iterator[Reference]:
    yield from _structure(subject)
    yield from _forms(subject)
    yield from _dosing(subject)
    yield from _safety(subject)
    yield from _finalising(subject)
    yield from _endpoints(subject)
    yield from _estimands(subject)
    yield from _analysis(subject)


def _top(*keys: Key) -> Path:
    return (PROTOCOL_FILE, *keys)


def _each(keys: tuple[Key, ...], names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    for number, name in enumerate(names):
        yield _top(*keys, number), name


def _structure(subject: Subject) -> Iterator[Reference]:
    protocol = subject.protocol
    products = [one.id for one in protocol.products]
    epochs = [one.id for one in protocol.epochs]
    visits = [one.id for one in protocol.visits]
    for number, arm in enumerate(protocol.arms):
        yield _top("arms", number, "product"), arm.product, products, "product"
    for number, visit in enumerate(protocol.visits):
        yield _top("visits", number, "epoch"), visit.epoch, epochs, "epoch"
    for number, activity in enumerate(protocol.schedule):
        for kind, names in (("at", activity.at), ("optional", activity.optional)):
            for path, name in _each(("schedule", number, kind), names):
                yield path, name, visits, "visit"
        for path, name in _each(("schedule", number, "forms"), activity.forms):
            yield path, name, subject.study.forms, "form"
    for path, name in _each(("randomisation", "strata"), protocol.randomisation.strata):
        yield path, name, _values(subject), "item or derived value"
    for number, scale in enumerate(protocol.scales):
        yield _top("scales", number, "item"), scale.item, _anywhere(subject), "item"


def _values(subject: Subject) -> list[str]:
    return [*subject.names.types, *subject.names.ambiguous]


def _anywhere(subject: Subject) -> list[str]:
    return [name for name in _values(subject) if name.count(".") < 2]


def _forms(subject: Subject) -> Iterator[Reference]:
    lists = [one.id for one in subject.protocol.code_lists]
    for form in subject.study.forms.values():
        for number, group in enumerate(form.groups):
            for position, item in enumerate(group.items):
                path = subject.form_path(form.id, "groups", number, "items", position, "codes")
                yield path, item.codes, lists, "code list"
    for number, derived in enumerate(subject.protocol.derived):
        yield _top("derived", number, "codes"), derived.codes, lists, "code list"
        for path, name in _each(("derived", number, "optional"), derived.optional):
            yield path, name, _values(subject), "item or derived value"


def _items(subject: Subject, form: str | None) -> list[str]:
    found = subject.study.forms.get(form or "")
    return [item.id for item in found.items()] if found else []


def _dosing(subject: Subject) -> Iterator[Reference]:
    dosing = subject.protocol.dosing
    if dosing is None:
        return
    for key in ("administration_form", "preparation_form", "reaction_form"):
        yield _top("dosing", key), getattr(dosing, key), subject.study.forms, "form"
    for path, name in _each(("dosing", "reaction_items"), dosing.reaction_items):
        yield path, name, _items(subject, dosing.reaction_form), "item on the reaction form"
    yield from _dose_items(subject, dosing)
    yield from _reaction_sheet(subject, dosing)


def _dose_items(subject: Subject, dosing: Dosing) -> Iterator[Reference]:
    items, known = dosing.items, _items(subject, dosing.administration_form)
    what = "item on the administration form"
    if items is None:
        return
    for key in (
        "number",
        "unit",
        "amount",
        "start",
        "stop",
        "previous_start",
        "loaded",
        "residual",
    ):
        yield _top("dosing", "items", key), getattr(items, key), known, what
    for key in ("at_start", "at_stop", "short"):
        for path, name in _each(("dosing", "items", key), getattr(items, key)):
            yield path, name, known, what
    for name in items.usual:
        yield _top("dosing", "items", "usual"), name, known, what


def _reaction_sheet(subject: Subject, dosing: Dosing) -> Iterator[Reference]:
    sheet, known = dosing.reaction_sheet, _items(subject, dosing.reaction_form)
    what = "item on the reaction form"
    if sheet is None:
        return
    for key in ("number", "start", "closed"):
        yield _top("dosing", "reaction_sheet", key), getattr(sheet, key), known, what
    for number, point in enumerate(sheet.points):
        for name in (point.mark, *point.items):
            yield _top("dosing", "reaction_sheet", "points", number), name, known, what


def _safety(subject: Subject) -> Iterator[Reference]:
    safety = subject.protocol.safety
    forms = subject.study.forms
    yield _top("safety", "event_form"), safety.event_form, forms, "form"
    yield _top("safety", "death_form"), safety.death_form, forms, "form"
    known = _items(subject, safety.event_form)
    for key in ("term", "onset", "grade", "serious", "related", "outcome"):
        name = getattr(safety, f"{key}_item")
        if safety.event_form in forms:
            yield _top("safety", f"{key}_item"), name, known, "item on the event form"
    if safety.death_form in forms:
        items = _items(subject, safety.death_form)
        yield _top("safety", "death_item"), safety.death_item, items, "item on the death form"
    for item, key, codes in (
        (safety.related_item, "related_codes", safety.related_codes),
        (safety.outcome_item, "fatal_codes", safety.fatal_codes),
    ):
        listed = _codes(subject, safety.event_form, item)
        for path, name in _each(("safety", key), codes if listed else ()):
            yield path, name, listed, f"code of `{item}`"


def _codes(subject: Subject, form: str, item: str) -> list[str]:
    kind = subject.names.types.get(f"{form}.{item}")
    return sorted(kind.codes) if kind and kind.codes else []


def _finalising(subject: Subject) -> Iterator[Reference]:
    blinded = [one.id for one in subject.study.forms.values() if one.audience == "blinded"]
    for number, rule in enumerate(subject.protocol.signatures):
        for path, name in _each(("signatures", number, "forms"), rule.forms):
            yield path, name, blinded, "form of the blinded side"
    for number, report in enumerate(subject.protocol.safety.reports):
        path = ("safety", "reports", number)
        yield _top(*path, "form"), report.form, blinded, "form of the blinded side"
        known = _items(subject, report.form)
        for key in ("aware_item", "submitted_item", "outcome_item"):
            name = getattr(report, key)
            if name is not None:
                yield _top(*path, key), name, known, f"item on form `{report.form}`"
        codes = _codes(subject, report.form, report.outcome_item or "")
        for where, code in _each((*path, "open_codes"), report.open_codes if codes else ()):
            yield where, code, codes, f"code of `{report.outcome_item}`"


def _endpoints(subject: Subject) -> Iterator[Reference]:
    visits = [one.id for one in subject.protocol.visits]
    for number, endpoint in enumerate(subject.protocol.endpoints):
        yield _top("endpoints", number, "form"), endpoint.form, subject.study.forms, "form"
        for key in ("visit", "baseline"):
            yield _top("endpoints", number, key), getattr(endpoint, key), visits, "visit"
        if endpoint.form in subject.study.forms:
            items = _items(subject, endpoint.form)
            path = _top("endpoints", number, "item")
            yield path, endpoint.item, items, f"item on form `{endpoint.form}`"


def _estimands(subject: Subject) -> Iterator[Reference]:
    protocol = subject.protocol
    endpoints = [one.id for one in protocol.endpoints]
    sets = [one.id for one in protocol.analysis.sets]
    for number, objective in enumerate(protocol.objectives):
        for path, name in _each(("objectives", number, "endpoints"), objective.endpoints):
            yield path, name, endpoints, "endpoint"
    for number, estimand in enumerate(protocol.estimands):
        at: tuple[Key, ...] = ("estimands", number)
        yield _top(*at, "endpoint"), estimand.endpoint, endpoints, "endpoint"
        yield _top(*at, "set"), estimand.set, sets, "analysis set"
        methods = [((*at, "main"), estimand.main)]
        methods += [
            ((*at, "supplementary", position), one)
            for position, one in enumerate(estimand.supplementary)
        ]
        for keys, method in methods:
            yield _top(*keys, "endpoint"), method.endpoint, endpoints, "endpoint"
            yield _top(*keys, "set"), method.set, sets, "analysis set"
            for kind, names in (("strata", method.strata), ("covariates", method.covariates)):
                for path, name in _each((*keys, kind), names):
                    yield path, name, [*_values(subject), "site"], "item or derived value"


def _analysis(subject: Subject) -> Iterator[Reference]:
    protocol = subject.protocol
    plan = protocol.analysis
    estimands = [one.id for one in protocol.estimands]
    for path, name in _each(("analysis", "sequence"), plan.sequence):
        yield path, name, estimands, "estimand"
    if plan.interim and plan.interim.estimand:
        yield _top("analysis", "interim", "estimand"), plan.interim.estimand, estimands, "estimand"
    for number, basis in enumerate(plan.sample_size):
        path = _top("analysis", "sample_size", number, "estimand")
        yield path, basis.estimand, estimands, "estimand"
    for kind, names in (("baseline", plan.baseline), ("subgroups", plan.subgroups)):
        for path, name in _each(("analysis", kind), names):
            yield path, name, [*_values(subject), "site"], "item or derived value"
    for number, panel in enumerate(plan.panels):
        yield _top("analysis", "panels", number, "form"), panel.form, subject.study.forms, "form"
        for path, name in _each(("analysis", "panels", number, "items"), panel.items):
            if panel.form in subject.study.forms:
                yield path, name, _items(subject, panel.form), f"item on form `{panel.form}`"
    for key in ("standard_care", "blinding"):
        form = getattr(plan, f"{key}_form")
        yield _top("analysis", f"{key}_form"), form, subject.study.forms, "form"
        if form in subject.study.forms:
            item = getattr(plan, f"{key}_item")
            yield _top("analysis", f"{key}_item"), item, _items(subject, form), f"item on `{form}`"


def _ambiguous(subject: Subject) -> Iterator[Finding]:
    """Strata and lists of the analysis that name an item which several forms collect."""
    protocol = subject.protocol
    named = list(_each(("randomisation", "strata"), protocol.randomisation.strata))
    named += _each(("analysis", "baseline"), protocol.analysis.baseline)
    named += _each(("analysis", "subgroups"), protocol.analysis.subgroups)
    for path, name in named:
        if name in subject.names.ambiguous:
            where = " or ".join(f"`{one}`" for one in subject.names.ambiguous[name])
            words = f"Several forms collect `{name}`: write {where}."
            yield subject.finding("study.ambiguous-name", path, words)
