"""What an error says, in the viewer's language.

The catalogue holds the templates of sentences and the words of ours that are put into them, under
the context "refusal". A fact that is data, such as a code, is in no catalogue and stands as it is.
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from equipoise.errors import EquipoiseError, Sentence, said_of
from equipoise.errors.said import Fact, Listing

register = template.Library()  # a built-in of every template: see TEMPLATES in the settings
CONTEXT = "refusal"


def in_words(fact: Fact) -> Fact:
    """A fact in the language that is active; numbers and data as they are."""
    if isinstance(fact, Listing):
        return _words(fact.between).join(str(in_words(one)) for one in fact.parts)
    if isinstance(fact, Sentence):
        said = {name: in_words(one) for name, one in fact.facts.items()}
        return _words(fact.template).format_map(said)
    return _words(fact) if isinstance(fact, str) else fact


def _words(text: str) -> str:
    return pgettext(CONTEXT, text) if text else ""


@register.filter
def told(error: EquipoiseError | str) -> SafeString | str:
    """What an error says, for a page; marked as English where it is known in English alone."""
    said = said_of(error) if isinstance(error, EquipoiseError) else error
    words = str(in_words(said))
    if said and words == said and not (get_language() or "en").startswith("en"):
        return format_html('<span lang="en">{}</span>', words)
    return words
