"""Parts of the protocol as the public page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from equipoise.exchange.distances import Place, kilometres
from equipoise.protocol.model import Study
from equipoise.protocol.origin import Fact
from equipoise_server.store.queries import participants
from equipoise_server.store.queries import trial as trials
from equipoise_server.store.queries.recruiting import PublicSite, public_sites
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import fact_label, plain_text, said, unit_text
from equipoise_server.web.shared.words import (
    MASKING,
    ORIGINS,
    ROLES,
    SCHEMES,
    Badge,
    Words,
)

OUTSIDE: dict[str, Words] = {
    "family": _("Family"),
    "volunteer": _("Volunteer"),
    "CT reader": _("CT reader"),
    "central laboratory": _("Central laboratory"),
}
"""Whom a blinding table may name beside the roles of the trial."""
SITE_STATUS: dict[str, Words] = {
    "recruiting": _("Recruiting"),
    "not-yet": _("Not yet recruiting"),
    "paused": _("Paused"),
    "closed": _("Closed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Title, population and planned size."""

    short: str
    title: str
    population: str
    planned: str
    origin: Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFact:
    """One key fact. `value` is "" where it is not known."""

    label: Words
    value: str
    unit: str
    origin: Badge
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArm:
    """One arm in words."""

    title: str
    product: str
    control: bool
    shares: int
    origin: Badge
    facts: tuple[ShownFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCriterion:
    """One criterion in plain words."""

    text: str
    inclusion: bool
    origin: Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSite:
    """A centre, whether it recruits, whom one talks to. `distance` in km from a named place."""

    name: str
    code: str
    recruiting: bool
    status: Words
    randomised: int
    person: str
    person_role: str
    phone: str
    open: bool
    distance: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBlinding:
    """What one role knows, and how that is kept so."""

    role: Words
    masking: Badge
    mechanism: str
    origin: Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRandomisation:
    """How places are given out. `reason` is "" where the protocol gives none."""

    how: Words
    scheme: str
    ratio: str
    strata: tuple[str, ...]
    reason: str
    origin: Badge
    commitment: str | None


def headline(study: Study, language: str) -> Headline:
    """What the page begins with."""
    protocol = study.protocol
    return Headline(
        short=protocol.short_title.say(language),
        title=protocol.title.say(language),
        population=protocol.population.say(language),
        planned=plain_text(protocol.planned.value or ""),
        origin=_badge(protocol.planned.origin),
    )


def facts(study: Study, language: str) -> tuple[ShownFact, ...]:
    """The key facts, each with where it comes from."""
    return _facts(study.protocol.facts, language)


def _facts(stated: Mapping[str, Fact], language: str) -> tuple[ShownFact, ...]:
    return tuple(
        ShownFact(
            label=fact.named(name, language) if fact.label else fact_label(name),
            value="" if fact.value is None else plain_text(fact.value),
            unit=unit_text(fact.unit),
            origin=_badge(fact.origin),
            source=fact.source or "",
        )
        for name, fact in stated.items()
    )


def _badge(origin: str | None) -> Badge:
    return ORIGINS[origin or "proposal"]


def arms(study: Study, language: str) -> tuple[ShownArm, ...]:
    """The arms, in the order of the protocol."""
    products = {product.id: product for product in study.protocol.products}
    return tuple(
        ShownArm(
            title=arm.title.say(language),
            product=products[arm.product].title.say(language),
            control=arm.role == "control",
            shares=arm.ratio,
            origin=_badge(arm.origin),
            facts=_facts(products[arm.product].facts, language),
        )
        for arm in study.protocol.arms
    )


def criteria(study: Study, language: str) -> dict[str, tuple[ShownCriterion, ...]]:
    """Who can take part (`inclusion`) and who cannot (`exclusion`), in plain words."""
    shown = tuple(
        ShownCriterion(
            text=(one.plain or one.text).say(language),
            inclusion=one.kind == "inclusion",
            origin=_badge(one.origin),
        )
        for one in study.protocol.eligibility
        if one.public
    )
    return {
        "inclusion": tuple(one for one in shown if one.inclusion),
        "exclusion": tuple(one for one in shown if not one.inclusion),
    }


def sites(page: Page, here: Place | None = None) -> tuple[ShownSite, ...]:
    """The opened centres with their status now; the nearest first where a place was named."""
    joined: dict[str, int] = {}
    for state in participants.states(None):
        if state.randomised:
            joined[state.site] = joined.get(state.site, 0) + 1
    shown = [_site(one, joined.get(one.code, 0), here, page.language) for one in public_sites()]
    far = float("inf")
    if here is not None:
        shown.sort(key=lambda one: far if one.distance is None else one.distance)
    return tuple(shown)


def _site(site: PublicSite, randomised: int, here: Place | None, language: str) -> ShownSite:
    distance = None
    if here is not None and site.latitude is not None and site.longitude is not None:
        distance = round(kilometres(here, site.latitude, site.longitude))
    return ShownSite(
        name=said(site.name, language),
        code=site.code,
        recruiting=site.recruiting,
        status=SITE_STATUS[site.status],
        randomised=randomised,
        person=site.contact_name,
        person_role=site.contact_role,
        phone=site.phone,
        open=site.status != "closed",
        distance=distance,
    )


def blinding(study: Study, language: str) -> tuple[ShownBlinding, ...]:
    """What each role knows."""
    return tuple(
        ShownBlinding(
            role=ROLES.get(one.role) or OUTSIDE.get(one.role, one.role),
            masking=MASKING[one.masking],
            mechanism=one.mechanism.say(language),
            origin=_badge(one.origin),
        )
        for one in study.protocol.blinding
    )


def randomisation(study: Study, language: str) -> ShownRandomisation:
    """How places are given out, and the commitment to the sealed list."""
    plan = study.protocol.randomisation
    derived = {one.id: one.text.say(language) for one in study.protocol.derived}
    items = {
        item.id: item.text.say(language) for form in study.forms.values() for item in form.items()
    }
    return ShownRandomisation(
        how=SCHEMES.get(plan.scheme, plan.scheme),
        scheme=plan.scheme,
        ratio=":".join(str(arm.ratio) for arm in study.protocol.arms),
        strata=tuple(derived.get(name) or items.get(name) or name for name in plan.strata),
        reason=plan.reason.say(language) if plan.reason else "",
        origin=_badge(plan.origin),
        commitment=trials.commitment(),
    )
