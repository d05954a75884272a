"""Who calls: the holder of a token. Nobody without one gets further than a 401."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import HttpBearer

from equipoise.errors import NotPermitted, UnknownRecord, listed, say
from equipoise.protocol.model import Study
from equipoise_server.services.access.permissions import ALLOWED
from equipoise_server.services.access.program_tokens import Holder, holder
from equipoise_server.store import study as studies
from equipoise_server.store.models import Participant
from equipoise_server.web.api.body import take
from equipoise_server.web.api.pace import Pace
from equipoise_server.web.shared.visibility import ever_visible, sees_doses, visible_forms

pace = Pace()


class TooFastError(HttpError):
    """More requests than a token may send; `wait`: seconds until the next."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(429, f"Too many requests with this token. Wait {wait} s and go on")


class Bearer(HttpBearer):
    """`Authorization: Bearer eqp_...`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The caller, or None. What they sent is read here: nothing of a stranger's is.

        Raises:
            TooFastError: the token asks faster than it may.
            HttpError: what was sent cannot be read.

        """
        found = holder(token, timezone.now())
        if found is None:
            return None
        wait = pace.wait(found.digest, monotonic())
        if wait:
            raise TooFastError(wait)
        take(request)
        return Caller(holder=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A program that acts for a person in one role at one site."""

    holder: Holder

    @property
    def study(self) -> Study:
        """The study that runs here."""
        return studies.active()

    @property
    def sites(self) -> frozenset[str] | None:
        """The sites whose data may be read; None for all."""
        return None if self.holder.site is None else frozenset({self.holder.site})

    @property
    def sees_doses(self) -> bool:
        """Whether doses and kits may be seen."""
        return sees_doses({self.holder.role})

    def key(self, given: str) -> str:
        """The key of a request, apart from those of everybody else."""
        return f"api/{self.holder.user.pk}/{given}"

    def forms(self) -> frozenset[str]:
        """The forms of the version in force that may be read."""
        return visible_forms(self.study, {self.holder.role})

    def ever(self) -> frozenset[str]:
        """Those of every version: what was collected under an older one stays readable."""
        return ever_visible({self.holder.role})

    def require(self, step: str) -> None:
        """Refuse what the token's role may not do, whatever else its person may.

        Raises:
            NotPermitted: naming the roles that may.

        """
        if self.holder.role not in ALLOWED[step]:
            raise NotPermitted(
                step, say("a token of the role {allowed}", allowed=listed(ALLOWED[step], " or "))
            )

    def require_writing(self, step: str) -> None:
        """Refuse a change through a token that only reads.

        Raises:
            NotPermitted: it only reads, or its role may not.

        """
        self.require(step)
        if not self.holder.writes:
            raise NotPermitted(step, "a token that may write")

    def require_participant(self, code: str) -> None:
        """Refuse a participant of another site in the words for one who does not exist.

        Raises:
            UnknownRecord: there is none here.

        """
        found = Participant.objects.filter(pk=code)
        if self.sites is not None:
            found = found.filter(site__in=self.sites)
        if not found.exists():
            raise UnknownRecord(say("participant {code}", code=code))

    def require_form(self, form: str) -> None:
        """Refuse a form that the role does not see in the words for one that does not exist.

        Raises:
            UnknownRecord: there is none here.

        """
        if form not in self.ever():
            raise UnknownRecord(say("form {form}", form=form))
