"""What a refusal about kits means for the person at the screen, and what to do now."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from equipoise.errors import EquipoiseError
from equipoise_server.web.shared.words import Words

REFUSALS: dict[str, Words] = {
    "refused.locked": _("The study is locked, so nothing can be entered or changed."),
    "refused.unknown": _("The code is not known here. Read it again, letter by letter."),
    "refused.unit-not-valid": _("This cannot be done with that unit. Read its code again."),
    "refused.kit-not-valid": _("The kit is not valid. Put it aside and take the replacement."),
    "refused.unit-used": _("This unit was given already."),
    "refused.unit-elsewhere": _("This kit is recorded at another site. Put it aside."),
    "refused.reason-required": _("Say why in a few words."),
    "refused.out-of-stock": _("The site does not hold enough valid kits. Ask for a delivery."),
    "refused.out-of-order": _("This does not fit what is recorded. Look at the list again."),
    "conflict.key-reused": _("This page was sent before. Open it again."),
    "external.allocator": _("The depot cannot be reached now. Try again in a few minutes."),
}


def meaning(error: EquipoiseError) -> Words:
    """A refusal in the viewer's language; the exact sentence is shown beside it."""
    return REFUSALS.get(error.code, _("This was not done. Nothing was changed."))
