"""The page behind an invitation's link: set a password, then enrol a second factor."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from equipoise_server.services.access.accept_invitation import accept_invitation
from equipoise_server.services.access.invite import find
from equipoise_server.web.people import frame
from equipoise_server.web.shared import pending
from equipoise_server.web.shared.page import Page, open_page
from equipoise_server.web.shared.rendering import render
from equipoise_server.web.shared.words import ROLES


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@open_page
def invitation(page: Page, link: str) -> HttpResponse:
    """Show what is offered; a password accepts it."""
    found = find(link, at=frame.now())
    weak: list[str] = []
    differs = False
    if page.request.method == "POST":
        asked = page.request.POST
        differs = asked.get("new", "") != asked.get("again", "")
        if not differs:
            try:
                user = accept_invitation(link=link, password=asked.get("new", ""), at=frame.now())
            except ValidationError as problem:
                weak = problem.messages
            else:
                pending.hold(page.request, user, then=reverse("shared:home"), on=None)
                return HttpResponseRedirect(reverse("shared:enrol"))
    context = {
        "invitation": found,
        "role": ROLES.get(found.role, found.role),
        "weak": weak,
        "differs": differs,
    }
    status = 409 if weak or differs else 200
    return render(page, "people/invitation.html", context, status=status)
