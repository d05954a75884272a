"""What is refused about kits, units and lots. The words are the same whatever a kit holds."""

from __future__ import annotations

from equipoise.errors.refused import Refused, UnitNotValid
from equipoise.errors.said import listed, say


class KitNotValid(UnitNotValid):
    """The kit is damaged, expired, in quarantine or recalled; which of them is not said."""

    code = "refused.kit-not-valid"

    def __init__(self, unit: str) -> None:
        super().__init__(unit, "the kit is not valid for use")


class UnitUsed(UnitNotValid):
    """The unit was given before."""

    code = "refused.unit-used"

    def __init__(self, unit: str) -> None:
        Refused.__init__(
            self,
            say(
                "Unit {unit} has already been given. Do not give it again: scan the next unit of the kit.",
                unit=unit,
            ),
        )


class UnitOfAnother(UnitNotValid):
    """The unit belongs to another participant."""

    code = "refused.unit-of-another"

    def __init__(self, unit: str, participant: str) -> None:
        Refused.__init__(
            self,
            say(
                "Unit {unit} does not belong to a kit of {participant}. Do not give it: scan a unit of the participant's own kit.",
                unit=unit,
                participant=participant,
            ),
        )


class UnitElsewhere(UnitNotValid):
    """The kit is recorded at another site."""

    code = "refused.unit-elsewhere"

    def __init__(self, unit: str, site: str) -> None:
        Refused.__init__(
            self,
            say(
                "Unit {unit} is not in the stock of site {site}. Do not use it: put it aside and call the pharmacy.",
                unit=unit,
                site=site,
            ),
        )


class ThawedTooLongAgo(UnitNotValid):
    """The unit is past its in-use limit."""

    code = "refused.thawed-too-long"

    def __init__(self, unit: str, hours: float) -> None:
        Refused.__init__(
            self,
            say(
                "Unit {unit} was thawed more than {hours} hours ago and must not be given. Record it as destroyed and take the replacement.",
                unit=unit,
                hours=f"{hours:g}",
            ),
        )


class SecondPersonRequired(Refused):
    """A unit is prepared by one person and verified by another."""

    code = "refused.second-person"

    def __init__(self, unit: str) -> None:
        super().__init__(
            say(
                "Unit {unit} was not recorded as prepared: a second person has to verify it, and the same person cannot do both. Ask a colleague to scan it too.",
                unit=unit,
            )
        )


class LotNotReleasable(Refused):
    """A lot without a complete certificate within the limits of the protocol."""

    code = "refused.lot-not-releasable"

    def __init__(self, lot: str, why: tuple[str, ...]) -> None:
        self.why = why
        super().__init__(
            say(
                "Lot {lot} was not released: {why}. Keep it in quarantine and record the deviation.",
                lot=lot,
                why=listed(why, "; "),
            )
        )


class UnitsOpen(Refused):
    """Units are not accounted for."""

    code = "refused.units-open"

    MOST = 12

    def __init__(self, units: tuple[str, ...]) -> None:
        self.units = units
        shown = ", ".join(units[: self.MOST])
        more = f" and {len(units) - self.MOST} more" if len(units) > self.MOST else ""
        super().__init__(
            say(
                "The study was not locked: {units} units are not accounted for: {shown}{more}. Record each as given, returned, destroyed or lost.",
                units=len(units),
                shown=shown,
                more=more,
            )
        )
