"""What an error says, in the viewer's language.

The catalogue holds the templates of sentences and the words of ours that are put into them, under
the context "refusal". A fact that is data, such as a code, is in no catalogue and stands as it is.
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from equipoise.errors import EquipoiseError, said, said_of
from equipoise.errors.said import Fact

register = template.Library()  # a built-in of every template: see TEMPLATES in the settings
CONTEXT = "refusal"


def in_words(fact: Fact) -> Fact:
    """A fact in the language that is active; numbers and data as they are."""
    return said.in_words(fact, _words)


def _words(text: str) -> str:
    return pgettext(CONTEXT, text) if text else ""


@register.filter
def told(error: EquipoiseError | str) -> SafeString | str:
    """What an error says, for a page; marked as English where it is known in English alone."""
    english = said_of(error) if isinstance(error, EquipoiseError) else error
    words = str(in_words(english))
    if english and words == english and not (get_language() or "en").startswith("en"):
        return format_html('<span lang="en">{}</span>', words)
    return words
