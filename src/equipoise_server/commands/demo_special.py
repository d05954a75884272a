"""The special situations of a demonstration: what a record says, and the report that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from equipoise.protocol.finalising import SpecialReport
from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario, SpecialCase
from equipoise_server.services.records.report_special import report_special
from equipoise_server.store import life
from equipoise_server.store.models import User

Later = Callable[[str, date, int, Callable[[datetime], None]], None]


@dataclass(slots=True, kw_only=True)
class Cases:
    """The cases of a scenario that nobody at the site has come into yet."""

    study: Study
    site: str
    left: list[SpecialCase] = field(default_factory=list)

    def of(self, given: Mapping[str, Any], site: str) -> SpecialCase | None:
        """The case that begins with this record; each begins once."""
        if site != self.site or given.get("reason"):
            return None
        place = (given["form"], given["visit"])
        found = next((one for one in self.left if (one.form, one.visit) == place), None)
        if found is not None:
            self.left.remove(found)
        return found

    def report(self, case: SpecialCase, given: Mapping[str, Any], by: User, later: Later) -> None:
        """Plan the report: the site knew when the record was saved."""
        code, known_at = given["participant"], given["at"]
        rules = next(one for one in self.study.protocol.safety.reports if one.id == case.report)

        def act(at: datetime) -> None:
            report_special(
                case.report,
                participant=code,
                values=_values(case, rules, code, known_at),
                on=given["on"],
                by=by,
                at=at,
                key=f"{given['key']}/{case.report}",
            )

        later(code, given["on"], 1, act)


def _values(
    case: SpecialCase, rules: SpecialReport, code: str, known_at: datetime
) -> dict[str, object]:
    values: dict[str, object] = dict(case.items)
    values[rules.aware_item] = known_at
    values[rules.submitted_item] = known_at + timedelta(hours=case.after_hours)
    if case.doses is not None:
        given = [one for one in life.state_of(code).doses if one.amount != "not"]
        values[case.doses] = len(given)
    return values


def cases_of(study: Study, scenario: Scenario, site: str) -> Cases:
    """The cases of a scenario, for the site whose staff have the logins."""
    return Cases(study=study, site=site, left=list(scenario.special))
