"""Files of a record: send, look at what is left of them, attach, withdraw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from equipoise.errors import FileRefused, OutOfOrder, say
from equipoise.protocol.imaging import FileRule
from equipoise_server.services.access import permissions
from equipoise_server.services.imaging import readings
from equipoise_server.services.imaging.attach_image import CLOSELY, attach_image, withdraw_image
from equipoise_server.services.imaging.offer_image import (
    Spot,
    discard_image,
    offer_image,
    offer_of,
)
from equipoise_server.store import image_files
from equipoise_server.store.models import Image, ImageOffer
from equipoise_server.store.queries import imaging, records
from equipoise_server.store.queries import participants as people
from equipoise_server.store.save import Place, visits_of
from equipoise_server.web.imaging import frame
from equipoise_server.web.shared.errors import status_of
from equipoise_server.web.shared.page import Page, page_for
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.values import form_title, visit_title
from equipoise_server.web.shared.visibility import visible_forms
from equipoise_server.web.shared.words import Badge, Words

KIND = "images"
DID: dict[str, Badge] = {
    "removed": Badge(icon="minus", label=gettext_lazy("removed"), tone="good"),
    "replaced": Badge(icon="link", label=gettext_lazy("replaced"), tone="good"),
    "blanked": Badge(icon="ring", label=gettext_lazy("blanked"), tone="good"),
    "kept": Badge(icon="check", label=gettext_lazy("kept"), tone="warn"),
}
STANDING: dict[str, Badge] = {
    "in-use": Badge(icon="check", label=gettext_lazy("In use"), tone="good"),
    "withdrawn": Badge(icon="exit", label=gettext_lazy("No longer used"), tone="warn"),
    "erased": Badge(icon="cross", label=gettext_lazy("Destroyed"), tone="grave"),
}
READ: dict[str, Badge] = {
    "none": Badge(icon="ring", label=gettext_lazy("Not read yet")),
    "one": Badge(icon="half", label=gettext_lazy("Read once"), tone="info"),
    "third": Badge(icon="question", label=gettext_lazy("A third reader decides"), tone="warn"),
    "complete": Badge(icon="check", label=gettext_lazy("Reading complete"), tone="good"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The files of one rule at one record."""

    rule: FileRule
    title: str
    takes: str
    files: tuple[tuple[Image, Badge, Any, str], ...]
    read: Badge | None
    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A record that the viewer may see."""

    place: Place
    site: str
    title: str
    visit: Words
    day: date
    saved: bool


def _where(page: Page, code: str, form: str, visit: str, number: int) -> Where:
    state = people.state(code)
    if state is None:
        raise Http404
    page.require_site(KIND, state.site)
    study = page.study
    if form not in visible_forms(study, page.viewer.roles_at(state.site)):
        raise Http404
    if not study.imaging.files_of(form) or visit not in visits_of(study, form):
        raise Http404
    heads = records.heads([code]).get(code, [])
    saved = [one.on for one in heads if (one.form, one.visit, one.number) == (form, visit, number)]
    return Where(
        place=Place(participant=code, form=form, visit=visit, number=number),
        site=state.site,
        title=form_title(study, form, page.language, number),
        visit=visit_title(study, visit, page.language),
        day=saved[0] if saved else _today(page, state.site),
        saved=bool(saved),
    )


def _today(page: Page, site: str) -> date:
    """The calendar date at the site."""
    return timezone.now().astimezone(ZoneInfo(page.zone_of(site))).date()


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def files(page: Page, code: str, form: str, visit: str, number: int) -> HttpResponse:
    """The files of a record, a place to send more, and what waits to be looked at."""
    here = _where(page, code, form, visit, number)
    outcome = frame.Outcome()
    if page.request.method == "POST":
        withdrawing = page.request.POST.get("act") == "withdraw"
        outcome = _withdraw(page) if withdrawing else _upload(page, here)
        if outcome.error is None:
            back = reverse("imaging:files", args=[code, form, visit, number])
            return HttpResponseRedirect(f"{back}?done=withdrawn" if withdrawing else outcome.answer)
    waiting = ImageOffer.objects.filter(
        user=frame.me(page), participant=code, form=form, visit=visit, number=number
    )
    context = {
        "here": here,
        "filed": [_filed(page, here, one) for one in page.study.imaging.files_of(form)],
        "waiting": waiting.order_by("at"),
        "attaching": _may(page, "attach an image", here.site),
        "withdrawing": _may(page, "withdraw an image", here.site),
        "outcome": outcome,
        "done": page.request.GET.get("done", ""),
        "on": page.request.POST.get("on", here.day.isoformat()),
        "key": frame.new_key(),
        "record": reverse("site:record", args=[code, form, visit, number]),
        "crumbs": (
            (_("Participants"), reverse("site:participants")),
            (code, reverse("site:participant", args=[code])),
        ),
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "imaging/files.html", context, status=status)


def _may(page: Page, step: str, site: str) -> bool:
    if page.trial is None or page.trial.locked_at is not None or page.moment.past:
        return False
    return permissions.may(step, by=frame.me(page), at=timezone.now(), site=site)


def _filed(page: Page, here: Where, rule: FileRule) -> Filed:
    place = here.place
    at = (place.participant, place.form, place.visit, place.number)
    scan = imaging.scan_at(at, rule.id)
    rows = imaging.images_of(scan) if scan is not None else ()
    listed, why = [], imaging.reasons(place.participant)
    for row in rows:
        gone = imaging.withdrawal_of(row)
        word = "in-use" if gone is None else "erased" if gone.erased else "withdrawn"
        listed.append((row, STANDING[word], gone, why.get(row.code, "")))
    kinds = ", ".join(one.upper() for one in rule.kinds)
    used = sum(gone is None for _row, _badge, gone, _why in listed)
    return Filed(
        rule=rule,
        title=rule.title.say(page.language),
        takes=f"{kinds} · {rule.largest_mib:g} MiB · {used}/{rule.most}",
        files=tuple(listed),
        read=_read(page, rule, scan) if scan is not None else None,
        full=used >= rule.most,
    )


def _read(page: Page, rule: FileRule, scan: Any) -> Badge | None:
    reading = page.study.imaging.reading_of(rule.id)
    sight = imaging.sight_of(scan)
    if reading is None or not sight.images:
        return None
    if readings.complete(reading, sight.readings):
        return READ["complete"]
    if readings.needs_third(reading, sight.readings):
        return READ["third"]
    return READ["one" if sight.readings else "none"]


def _upload(page: Page, here: Where) -> frame.Outcome:
    """De-identify what was sent; the answer is where to look at it."""
    sent = page.request.FILES.getlist("file")
    rule = page.request.POST.get("rule", "")
    if not sent:
        return frame.Outcome(
            error=FileRefused("no file arrived; none was chosen, or it is too large")
        )
    try:
        on = date.fromisoformat(page.request.POST.get("on", ""))
    except ValueError:
        return frame.Outcome(error=OutOfOrder(str(here.place), "its date is none"))
    if on > _today(page, here.site):
        return frame.Outcome(
            error=OutOfOrder(str(here.place), say("its date {on} lies ahead", on=on))
        )
    return _offered(page, Spot(place=here.place, rule=rule), [one.read() for one in sent], on)


def _offered(page: Page, spot: Spot, sent: Sequence[bytes], on: date) -> frame.Outcome:
    """All of them, or none: where one is refused, the others of this time are thrown away."""
    tokens: list[str] = []
    for data in sent:
        done = frame.attempt(
            page,
            lambda by, at, _key, data=data: offer_image(  # type: ignore[misc]
                spot=spot, data=data, on=on, by=by, at=at
            ),
        )
        if done.error is not None:
            for token in tokens:
                discard_image(token=token, by=frame.me(page))
            return done
        tokens.append(done.answer)
    return frame.Outcome(answer=reverse("imaging:review", args=[tokens[0]]))


def _withdraw(page: Page) -> frame.Outcome:
    post = page.request.POST
    return frame.attempt(
        page,
        lambda by, at, key: withdraw_image(
            image=post.get("image", ""),
            reason=post.get("reason", ""),
            erase=post.get("erase") == "yes",
            by=by,
            at=at,
            key=key,
        ),
    )


@require_http_methods(["GET", "POST"])
@page_for(KIND)
def review(page: Page, offer: str) -> HttpResponse:
    """What became of a file that was sent: its pictures and its header, before it is attached."""
    found = offer_of(offer, frame.me(page))
    here = (found.participant_id, found.form, found.visit, found.number)
    outcome, back = frame.Outcome(), reverse("imaging:files", args=here)
    if page.request.method == "POST":
        if page.request.POST.get("act") == "discard":
            discard_image(token=offer, by=frame.me(page))
            return HttpResponseRedirect(_next(page, here) or f"{back}?done=discarded")
        outcome = _attach(page, offer)
        if outcome.error is None:
            return HttpResponseRedirect(_next(page, here) or f"{back}?done=attached")
    steps = [(tag, name, DID[did], value) for tag, name, did, value in json.loads(found.steps)]
    count = Counter(did for _tag, _name, did, _value in json.loads(found.steps))
    context = {
        "offer": found,
        "frames": range(1, found.frames + 1),
        "kept": [one for one in steps if one[2] is DID["kept"]],
        "gone": [one for one in steps if one[2] is not DID["kept"]],
        "counts": [(DID[did], count[did]) for did in DID if count[did]],
        "closely": bool(CLOSELY & set(found.warnings)),
        "burned": "burned-in" in found.warnings,
        "windows": _windows(page, found),
        "outcome": outcome,
        "key": frame.new_key(),
        "back": back,
        "left": _left(page, here) - 1,
    }
    status = status_of(outcome.error) if outcome.error else 200
    return render(page, "imaging/review.html", context, status=status)


def _rule(page: Page, name: str) -> FileRule | None:
    return page.study.imaging.rule(name)


def _windows(page: Page, offer: ImageOffer) -> list[tuple[str, str]]:
    rule = _rule(page, offer.rule)
    return [(one.id, one.title.say(page.language)) for one in (rule.windows if rule else ())]


def _attach(page: Page, token: str) -> frame.Outcome:
    post = page.request.POST
    return frame.attempt(
        page,
        lambda by, at, key: attach_image(
            token=token,
            looked=post.get("looked") == "yes",
            closely=post.get("closely") == "yes",
            by=by,
            at=at,
            key=key,
        ),
    )


def _waiting(page: Page, here: tuple[str, str, str, int]) -> Any:
    code, form, visit, number = here
    return ImageOffer.objects.filter(
        user=frame.me(page), participant=code, form=form, visit=visit, number=number
    ).order_by("at", "token")


def _left(page: Page, here: tuple[str, str, str, int]) -> int:
    return int(_waiting(page, here).count())


def _next(page: Page, here: tuple[str, str, str, int]) -> str | None:
    found = _waiting(page, here).first()
    return None if found is None else reverse("imaging:review", args=[found.token])


@require_safe
@page_for(KIND)
def offered(page: Page, offer: str, number: int) -> HttpResponse:
    """One frame of a file that waits to be looked at; 0 is the file itself."""
    found = offer_of(offer, frame.me(page))
    data = image_files.aside(offer)
    if data is None:
        raise Http404
    if number == 0:
        suffix, kind = frame.SUFFIX[found.kind]  # type: ignore[index]
        return frame.given(data, f"{found.code}.{suffix}", kind)
    return frame.picture(page, data, found.code, number, _rule(page, found.rule))


@require_safe
@page_for(KIND)
def kept(page: Page, image: str, number: int) -> HttpResponse:
    """One frame of an attached file; 0 is the file itself."""
    row = Image.objects.select_related("scan__participant").filter(pk=image).first()
    if row is None:
        raise Http404
    site = row.scan.participant.site_id
    page.require_site(KIND, site)
    gone = imaging.withdrawal_of(row)
    if row.scan.form not in visible_forms(page.study, page.viewer.roles_at(site)) or (
        gone is not None and gone.erased
    ):
        raise Http404
    data = image_files.read(row.sha256)
    if number == 0:
        suffix, kind = frame.SUFFIX[row.kind]  # type: ignore[index]
        return frame.given(data, f"{row.code}.{suffix}", kind)
    return frame.picture(page, data, row.code, number, _rule(page, row.scan.rule))
