"""The protocol as frozen values. One class per thing an author writes down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.cleaning import NOTHING_PLANNED, Cleaning
from equipoise.protocol.conduct_rules import Dosing, SafetyBoard, SafetyRules
from equipoise.protocol.estimands import AnalysisPlan, Endpoint, Estimand, Objective
from equipoise.protocol.finalising import DeferredConsent, Lens, SignatureRule
from equipoise.protocol.forms import CodeList, Form
from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.imaging import NOTHING_IMAGED, Imaging
from equipoise.protocol.origin import Fact, Origin, Scalar
from equipoise.protocol.participants_plan import NOTHING_ASKED, ParticipantsPlan
from equipoise.protocol.people_plan import AS_USUAL, PeoplePlan
from equipoise.protocol.scenario import Scenario
from equipoise.protocol.supply_plan import USUAL, SupplyPlan
from equipoise.protocol.visits import STRICT, Activity, Epoch, Visit

Masking = Literal["masked", "unmasked", "not-guaranteed"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A group that participants are allocated to. `ratio` is a whole number of shares."""

    id: str
    title: Text
    role: Literal["experimental", "control"]
    product: str
    ratio: int = 1
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One handling step of a product. Every product must list the same steps and times."""

    id: str
    text: Text
    minutes: float | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is in a kit. `facts` state dose, volume, concentration, storage with origin."""

    id: str
    title: Text
    facts: Frozen[Fact] = Frozen()
    handling: tuple[Step, ...] = ()
    release_tests: tuple[ReleaseTest, ...] = ()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTest:
    """A limit on a certificate of analysis.

    `accept` is the one answer that passes; `accept_text` says it in each language.
    """

    id: str
    text: Text
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    accept: str | None = None
    accept_text: Text | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Randomisation:
    """How places are given out. `strata` name derived or collected items with finite values.

    `record` names what is recorded and reported but does not stratify (for instance site).
    """

    scheme: str
    parameters: Frozen[Scalar | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]] = Frozen()
    strata: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    reason: Text | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another scheme, shown beside the chosen one with its figures."""

    scheme: str
    parameters: Frozen[Scalar | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]] = Frozen()


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBlinding:
    """What one role knows. `role` is one of the words of the house."""

    role: str
    masking: Masking
    mechanism: Text
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One eligibility criterion.

    An inclusion passes when `rule` is true; an exclusion passes when it is false.
    Unknown never passes. `text` is for professionals, `plain` for the public.
    """

    id: str
    kind: Literal["inclusion", "exclusion"]
    rule: str
    text: Text
    plain: Text | None = None
    public: bool = True
    origin: Origin | None = None
    source: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a decision table: the first row whose `when` is true gives `value`."""

    when: str
    value: Scalar


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A value computed from items: an `expression`, or a decision table of `rows`.

    In a table the first true row wins. Names in `optional` count as absent (their row is
    skipped) when unmeasured; any other unknown in an earlier row makes the result unknown.
    `otherwise` is the value when every row is false.
    """

    id: str
    text: Text
    type: Literal["integer", "decimal", "code", "boolean"]
    unit: str | None = None
    codes: str | None = None
    expression: str | None = None
    rows: tuple[Row, ...] = ()
    optional: tuple[str, ...] = ()
    otherwise: Scalar | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An ordinal scale. Direction and death code are never implied."""

    id: str
    text: Text
    item: str
    direction: Literal["higher-is-worse", "higher-is-better"]
    death_code: int
    levels: Frozen[Text] = Frozen()
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A centre of the reference conduct. Real centres are opened in the office."""

    id: str
    name: Text
    timezone: str
    opens_on_day: int = 0
    latitude: float | None = None
    longitude: float | None = None
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything that decides how the trial runs."""

    id: str
    version: str
    title: Text
    short_title: Text
    languages: tuple[str, ...]
    origin: Origin
    facts: Frozen[Fact]
    population: Text
    planned: Fact
    arms: tuple[Arm, ...]
    products: tuple[Product, ...]
    randomisation: Randomisation
    blinding: tuple[RoleBlinding, ...]
    code_lists: tuple[CodeList, ...] = ()
    eligibility: tuple[Criterion, ...]
    derived: tuple[Derived, ...] = ()
    scales: tuple[Scale, ...] = ()
    epochs: tuple[Epoch, ...]
    visits: tuple[Visit, ...]
    schedule: tuple[Activity, ...]
    dosing: Dosing | None = None
    supply: SupplyPlan = USUAL
    safety: SafetyRules
    safety_board: SafetyBoard | None = None
    objectives: tuple[Objective, ...] = ()
    endpoints: tuple[Endpoint, ...]
    estimands: tuple[Estimand, ...]
    analysis: AnalysisPlan
    signatures: tuple[SignatureRule, ...] = ()
    deferred_consent: DeferredConsent | None = None
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One version of the consent document in one language (Markdown)."""

    id: str
    version: str
    language: str
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One public page in one language (Markdown)."""

    id: str
    language: str
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A loaded study folder: protocol, forms, scenarios, pages, consent texts; frozen.

    `digest` is the SHA-256 of the canonical JSON of protocol and forms: the identity
    written on every record. Scenarios, pages, the cleaning plan, the imaging plan with its
    recipes, what participants do themselves and what staff need are not part of it.
    `form_digests` gives the digest of each form definition.
    """

    protocol: Protocol
    forms: Frozen[Form]
    scenarios: Frozen[Scenario]
    pages: tuple[Page, ...]
    consents: tuple[ConsentText, ...]
    digest: str
    form_digests: Frozen[str]
    folder: str
    lenses: tuple[Lens, ...] = ()
    cleaning: Cleaning = NOTHING_PLANNED
    participants: ParticipantsPlan = NOTHING_ASKED
    people: PeoplePlan = AS_USUAL
    imaging: Imaging = NOTHING_IMAGED
    recipes: Frozen[str] = Frozen()
