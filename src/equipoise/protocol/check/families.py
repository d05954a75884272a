"""All finding families. To add one, write a file like its neighbours and list it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from equipoise.protocol.check.alpha import alpha_findings
from equipoise.protocol.check.arms import arm_findings
from equipoise.protocol.check.blinding import blinding_findings
from equipoise.protocol.check.claims import claim_findings
from equipoise.protocol.check.cleaning import cleaning_findings
from equipoise.protocol.check.code_lists import code_list_findings
from equipoise.protocol.check.consents import consent_findings
from equipoise.protocol.check.dates import date_findings
from equipoise.protocol.check.derived import derived_findings
from equipoise.protocol.check.expressions import expression_findings
from equipoise.protocol.check.ids import id_findings
from equipoise.protocol.check.imaging import imaging_findings
from equipoise.protocol.check.languages import language_findings
from equipoise.protocol.check.later import later_findings
from equipoise.protocol.check.plain_language import plain_language_findings
from equipoise.protocol.check.products import product_findings
from equipoise.protocol.check.ranges import range_findings
from equipoise.protocol.check.references import reference_findings
from equipoise.protocol.check.scales import scale_findings
from equipoise.protocol.check.scenarios import scenario_findings
from equipoise.protocol.check.schemes import scheme_findings
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.check.units import unit_findings
from equipoise.protocol.check.visits import visit_findings
from equipoise.protocol.findings import Finding

Family = Callable[[Subject], Iterable[Finding]]

FAMILIES: tuple[Family, ...] = (
    id_findings,
    reference_findings,
    expression_findings,
    unit_findings,
    code_list_findings,
    visit_findings,
    later_findings,
    derived_findings,
    scale_findings,
    arm_findings,
    product_findings,
    blinding_findings,
    scheme_findings,
    alpha_findings,
    range_findings,
    date_findings,
    scenario_findings,
    language_findings,
    claim_findings,
    plain_language_findings,
    cleaning_findings,
    consent_findings,
    imaging_findings,
)
