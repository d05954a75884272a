"""What can be done with the stock of a site: one table. Each row is a form of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from django.utils.translation import gettext_lazy as _

from equipoise.ids import tidied
from equipoise_server.allocator import depot
from equipoise_server.services.supply.account_for import Became, account_for
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.supply.refresh_validity import refresh_validity
from equipoise_server.services.supply.transfer_kits import transfer_kits
from equipoise_server.store.models import Kit, User
from equipoise_server.web.shared.words import Words
from equipoise_server.web.supply.stocked import names

Condition = Literal["valid", "damaged"]
Choices = tuple[tuple[str, Words], ...]
CONDITIONS: Choices = (
    ("", _("has not arrived")),
    ("valid", _("arrived, in order")),
    ("damaged", _("arrived, damaged")),
)
BECAME: Choices = (
    ("returned", _("returned unused")),
    ("destroyed", _("destroyed")),
    ("lost", _("lost")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to fill in; `choices` empty: a line of text."""

    name: str
    label: Words
    choices: Choices = ()
    hint: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for, as typed."""

    site: str
    by: User
    at: datetime
    key: str
    typed: Mapping[str, str]

    def text(self, name: str) -> str:
        """What was typed, without spaces around it."""
        return self.typed.get(name, "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One form. `step` is its row in the table of permissions; `wrong` what is missing."""

    name: str
    step: str
    title: Words
    says: Words
    button: Words
    fields: Callable[[str, datetime], tuple[Field, ...]]
    run: Callable[[Asked], object]
    wrong: Callable[[Asked], dict[str, Words]] = lambda _asked: {}
    empty: Words = ""


def expected(site: str, at: datetime) -> list[str]:
    """Kits that were sent to the site and have not been looked at there."""
    sent = depot.sent(site=site, at=at)
    seen = Kit.objects.filter(site=site, pk__in=sent).exclude(status="sent")
    known = set(seen.values_list("pk", flat=True))
    return [code for code in sent if code not in known]


def _expected_fields(site: str, at: datetime) -> tuple[Field, ...]:
    return tuple(Field(name=code, label=code, choices=CONDITIONS) for code in expected(site, at))


def _check_in(asked: Asked) -> None:
    """Both conditions are one delivery; each keeps its own key, so that a retry is safe."""
    codes = expected(asked.site, asked.at)
    conditions: tuple[Condition, ...] = ("valid", "damaged")
    for condition in conditions:
        kits = [code for code in codes if asked.text(code) == condition]
        if kits:
            receive(
                site=asked.site,
                kits=kits,
                condition=condition,
                by=asked.by,
                at=asked.at,
                key=f"{asked.key}/{condition}",
            )


def _nothing_arrived(asked: Asked) -> dict[str, Words]:
    chosen = {asked.text(name) for name in asked.typed} & {"valid", "damaged"}
    return {} if chosen else {"": _("Choose at least one kit that has arrived.")}


def _other_sites(site: str, _at: datetime) -> tuple[Field, ...]:
    others = tuple((code, code) for code in sorted(names()) if code != site)
    return (
        Field(name="to", label=_("To site"), choices=others),
        Field(
            name="shares",
            label=_("Shares"),
            hint=_("A share is one kit for each place of the ratio. At least 4."),
        ),
    )


def _transfer(asked: Asked) -> None:
    transfer_kits(
        site=asked.site,
        to=asked.text("to"),
        shares=int(asked.text("shares")),
        by=asked.by,
        at=asked.at,
        key=asked.key,
    )


def _wrong_transfer(asked: Asked) -> dict[str, Words]:
    found: dict[str, Words] = {}
    if asked.text("to") not in names():
        found["to"] = _("Choose a site.")
    if not re.fullmatch(r"[0-9]{1,4}", asked.text("shares")):
        found["shares"] = _("Write a whole number.")
    return found


def _unit_fields(_site: str, _at: datetime) -> tuple[Field, ...]:
    return (
        Field(
            name="units",
            label=_("Code of the unit or kit"),
            hint=_("Several are separated by spaces. A kit means all that is left in it."),
        ),
        Field(name="became", label=_("What became of it"), choices=BECAME),
        Field(name="reason", label=_("Reason")),
    )


def _codes(asked: Asked) -> list[str]:
    return [tidied(code) for code in re.split(r"[\s,;]+", asked.text("units")) if code]


def _account_for(asked: Asked) -> None:
    account_for(
        units=_codes(asked),
        became=cast(Became, asked.text("became")),
        reason=asked.text("reason"),
        by=asked.by,
        at=asked.at,
        key=asked.key,
    )


def _wrong_unit(asked: Asked) -> dict[str, Words]:
    found: dict[str, Words] = {}
    if not _codes(asked):
        found["units"] = _("Read or type the code on the unit.")
    if asked.text("became") not in dict(BECAME):
        found["became"] = _("Choose from the list.")
    if not asked.text("reason"):
        found["reason"] = _("Say why in a few words.")
    return found


def _refresh(asked: Asked) -> None:
    refresh_validity(site=asked.site, by=asked.by, at=asked.at, key=asked.key)


ACTS: tuple[Act, ...] = (
    Act(
        name="check-in",
        step="receive",
        title=_("Check in a delivery"),
        says=_("Compare each code with the box. Look at the logger before you put kits away."),
        button=_("Check in"),
        fields=_expected_fields,
        run=_check_in,
        wrong=_nothing_arrived,
        empty=_("No kit is on its way to this site."),
    ),
    Act(
        name="unit",
        step="account for a unit",
        title=_("Returned, destroyed or lost"),
        says=_("Say what became of a unit that was not given. This cannot be undone."),
        button=_("Record it"),
        fields=_unit_fields,
        run=_account_for,
        wrong=_wrong_unit,
    ),
    Act(
        name="transfer",
        step="keep the stock",
        title=_("Send kits to another site"),
        says=_("Which kits go is drawn, so that nobody can tell them apart. You see the codes."),
        button=_("Send them"),
        fields=_other_sites,
        run=_transfer,
        wrong=_wrong_transfer,
    ),
    Act(
        name="refresh",
        step="account for a unit",
        title=_("Ask which kits are valid"),
        says=_("The depot says which kits must not be used. It does not say why."),
        button=_("Ask now"),
        fields=lambda _site, _at: (),
        run=_refresh,
    ),
)
BY_NAME = {one.name: one for one in ACTS}
