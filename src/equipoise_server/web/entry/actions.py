"""What can be done about a participant: one table. Each row is a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from equipoise.participant import ParticipantState
from equipoise.participant.state import Level, Signatory
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.consenting.consent import consent
from equipoise_server.services.participants.complete import complete
from equipoise_server.services.participants.discharge import discharge
from equipoise_server.services.participants.fail_screening import fail_screening
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.readmit import readmit
from equipoise_server.services.participants.stop_dosing import stop_dosing
from equipoise_server.services.participants.withdraw import withdraw
from equipoise_server.services.supply.account_for import hand_in
from equipoise_server.services.supply.dispense import dispense
from equipoise_server.services.supply.replace_kit import replace_kit
from equipoise_server.store.models import User
from equipoise_server.web.entry.spot import me
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.words import LEVELS, SIGNATORIES, Words

InputKind = Literal["date", "moment", "text", "choice"]
Choices = tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing to fill in. `choices` may depend on the study and the participant."""

    name: str
    label: Words
    kind: InputKind
    required: bool = True
    hint: Words = ""
    choices: Callable[[Study, ParticipantState], Choices] = lambda _study, _state: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An action that somebody asked for, with what was filled in, typed."""

    code: str
    by: User
    at: datetime
    key: str
    values: Mapping[str, Any]

    @property
    def who(self) -> dict[str, Any]:
        """The arguments that every service takes."""
        return {"participant": self.code, "by": self.by, "at": self.at, "key": self.key}

    def on(self) -> date:
        """The day that was filled in."""
        return cast(date, self.values["on"])

    def text(self, name: str) -> str:
        """A text that was filled in."""
        return str(self.values.get(name) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One verb of the trial as a page. `step` is its row in the table of permissions."""

    name: str
    step: str
    title: Words
    says: Words
    button: Words
    run: Callable[[Asked], object]
    possible: Callable[[ParticipantState], bool]
    inputs: tuple[Input, ...] = ()
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An action that the viewer may take now."""

    title: Words
    url: str
    main: bool


def offers(page: Page, state: ParticipantState, at: datetime) -> tuple[Offer, ...]:
    """The actions that fit the participant's state and the viewer's role."""
    if page.trial is None or page.trial.locked_at is not None:
        return ()
    by = me(page)
    return tuple(
        Offer(
            title=one.title,
            url=reverse("entry:act", args=(state.code, one.name)),
            main=one.main,
        )
        for one in ACTIONS
        if one.possible(state) and permissions.may(one.step, by=by, at=at, site=state.site)
    )


def _open(state: ParticipantState) -> bool:
    return state.status in ("screening", "consented", "randomised")


def _followed(state: ParticipantState) -> bool:
    return state.consented and _open(state)


def _screening(state: ParticipantState) -> bool:
    return _open(state) and not state.randomised


def _dosed(state: ParticipantState) -> bool:
    return state.randomised and _open(state) and state.dosing_stopped_at is None


def _versions(study: Study, _state: ParticipantState) -> Choices:
    """The versions of the consent document, newest first. Whether one fits the service says."""
    known = sorted({one.version for one in study.consents}, reverse=True)
    return tuple((one, one) for one in known)


def _signatories(_study: Study, _state: ParticipantState) -> Choices:
    return tuple(SIGNATORIES.items())


def _levels(_study: Study, _state: ParticipantState) -> Choices:
    return tuple(LEVELS.items())


def _level(text: str) -> Level:
    return cast(Level, text)


def _consent(asked: Asked) -> None:
    signatory = cast(Signatory, asked.text("signatory"))
    signed = asked.values["signed_at"]
    consent(version=asked.text("version"), signatory=signatory, signed_at=signed, **asked.who)


def _withdraw(asked: Asked) -> None:
    level, reason = _level(asked.text("level")), asked.text("reason")
    withdraw(level=level, on=asked.on(), reason=reason, **asked.who)


def _complete(asked: Asked) -> None:
    complete(on=asked.on(), reason=asked.text("reason"), **asked.who)


def _fail(asked: Asked) -> None:
    fail_screening(on=asked.on(), reason=asked.text("reason"), **asked.who)


_ON = Input(name="on", label=_("Date"), kind="date")
_WHY = Input(name="reason", label=_("Reason"), kind="text")

ACTIONS: tuple[Action, ...] = (
    Action(
        name="consent",
        step="consent",
        title=_("Record consent"),
        says=_("Record who signed which version, and when. The signed paper stays at the site."),
        button=_("Record the consent"),
        run=_consent,
        possible=lambda state: _screening(state) and not state.consented,
        inputs=(
            Input(name="version", label=_("Version signed"), kind="choice", choices=_versions),
            Input(name="signatory", label=_("Signed by"), kind="choice", choices=_signatories),
            Input(name="signed_at", label=_("Signed at"), kind="moment"),
        ),
        main=True,
    ),
    Action(
        name="randomise",
        step="randomise",
        title=_("Randomise"),
        says=_(
            "The participant gets the next place of their stratum, and a kit. This cannot be "
            "undone. You will see the code of the kit, nothing else."
        ),
        button=_("Randomise now"),
        run=lambda asked: randomise(**asked.who),
        possible=lambda state: state.status == "consented",
        main=True,
    ),
    Action(
        name="dispense",
        step="dispense",
        title=_("Hand out the kit"),
        says=_("The participant's kit leaves the stock of the site and is kept for them."),
        button=_("Hand out the kit"),
        run=lambda asked: dispense(**asked.who),
        possible=lambda state: _dosed(state) and (not state.doses or len(state.kits) > 1),
        main=True,
    ),
    Action(
        name="replace-kit",
        step="replace a kit",
        title=_("Take a replacement kit"),
        says=_(
            "The kit in use is lost or not valid. You get the code of another one; the old one is "
            "not used any more."
        ),
        button=_("Take the replacement"),
        run=lambda asked: replace_kit(reason=asked.text("reason"), **asked.who),
        possible=_dosed,
        inputs=(_WHY,),
    ),
    Action(
        name="hand-in",
        step="account for a unit",
        title=_("Hand in unused units"),
        says=_("Units that the participant does not need come back. They are not used again."),
        button=_("Hand them in"),
        run=lambda asked: hand_in(reason=asked.text("reason"), **asked.who),
        possible=lambda state: state.randomised,
        inputs=(_WHY,),
    ),
    Action(
        name="fail-screening",
        step="fail screening",
        title=_("Close the screening"),
        says=_("The participant is not randomised. Say why; a participant may also decline."),
        button=_("Close the screening"),
        run=_fail,
        possible=_screening,
        inputs=(_ON, _WHY),
    ),
    Action(
        name="stop-dosing",
        step="stop dosing",
        title=_("Stop dosing for good"),
        says=_("No further dose is given. Visits go on as planned."),
        button=_("Stop dosing"),
        run=lambda asked: stop_dosing(reason=asked.text("reason"), **asked.who),
        possible=_dosed,
        inputs=(_WHY,),
    ),
    Action(
        name="discharge",
        step="follow up",
        title=_("Record discharge"),
        says=_("The day on which the participant left the hospital."),
        button=_("Record the discharge"),
        run=lambda asked: discharge(on=asked.on(), **asked.who),
        possible=lambda state: state.randomised and _open(state) and state.in_hospital,
        inputs=(_ON,),
    ),
    Action(
        name="readmit",
        step="follow up",
        title=_("Record readmission"),
        says=_("The day on which the participant came back to hospital."),
        button=_("Record the readmission"),
        run=lambda asked: readmit(on=asked.on(), **asked.who),
        possible=lambda state: state.randomised and _open(state) and not state.in_hospital,
        inputs=(_ON,),
    ),
    Action(
        name="withdraw",
        step="withdraw",
        title=_("Record a withdrawal"),
        says=_("Record from what the participant withdraws. Nobody needs to give a reason."),
        button=_("Record the withdrawal"),
        run=_withdraw,
        possible=_followed,
        inputs=(
            Input(name="level", label=_("Withdraws from"), kind="choice", choices=_levels),
            _ON,
            Input(name="reason", label=_("Reason, if one was given"), kind="text", required=False),
        ),
    ),
    Action(
        name="complete",
        step="complete",
        title=_("Record the end of the study"),
        says=_("The participant's last day in the study: as planned, lost, or otherwise."),
        button=_("Record the end"),
        run=_complete,
        possible=lambda state: state.randomised and _open(state),
        inputs=(_ON, _WHY),
    ),
)
BY_NAME = {one.name: one for one in ACTIONS}
