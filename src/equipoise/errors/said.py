"""A sentence that still knows its template and facts, so that it can be said in another language.

The core speaks English. Whoever shows a sentence to a person looks its template up in the
catalogue of that person's language, and fills in the facts, each said the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

Fact = str | int | float


class Sentence(str):
    """English text; `template` and `facts` are what it was made of."""

    template: str
    facts: Mapping[str, Fact]

    @classmethod
    def of(cls, template: str, facts: Mapping[str, Fact]) -> Self:
        """The sentence of a template with plain `{names}` and a fact for each."""
        made = cls(template.format_map(facts))
        made.template = template
        made.facts = facts
        return made


class Listing(str):
    """Several texts, one after another, with `between` between them."""

    parts: tuple[str, ...]
    between: str


def say(template: str, /, **facts: object) -> Sentence:
    """A sentence of a template with plain `{names}`, and the fact for each name.

    A fact that is a sentence itself, or words of ours, is translated with it; a fact that is
    data, such as a code, stands as it is.
    """
    return Sentence.of(
        template,
        {n: one if isinstance(one, Fact) else str(one) for n, one in facts.items()},
    )


def listed(parts: Iterable[object], between: str = ", ") -> Listing:
    """Several facts as one."""
    texts = tuple(one if isinstance(one, str) else str(one) for one in parts)
    made = Listing(between.join(texts))
    made.parts = texts
    made.between = between
    return made


def in_words(fact: Fact, look: Callable[[str], str]) -> Fact:
    """A fact in another language; `look` finds a template or a word of ours there.

    Numbers stay as they are, and so does what `look` does not know.
    """
    if isinstance(fact, Listing):
        return look(fact.between).join(str(in_words(one, look)) for one in fact.parts)
    if isinstance(fact, Sentence):
        said = {name: in_words(one, look) for name, one in fact.facts.items()}
        return look(fact.template).format_map(said)
    return look(fact) if isinstance(fact, str) else fact


def taken_apart(fact: Fact) -> object:
    """A fact as JSON that `put_together` makes the same of: a sentence never loses its parts."""
    if isinstance(fact, Listing):
        return {"parts": [taken_apart(one) for one in fact.parts], "between": fact.between}
    if isinstance(fact, Sentence):
        facts = {name: taken_apart(one) for name, one in fact.facts.items()}
        return {"template": fact.template, "facts": facts}
    return fact


def put_together(told: Any) -> Fact:
    """The fact that was taken apart.

    Raises:
        KeyError, TypeError, ValueError: it was something else.

    """
    if not isinstance(told, dict):
        return told if isinstance(told, Fact) else str(told)
    if "parts" in told:
        return listed([put_together(one) for one in told["parts"]], str(told["between"]))
    facts = {str(name): put_together(one) for name, one in told["facts"].items()}
    return Sentence.of(str(told["template"]), facts)


def said_of(error: Exception) -> str:
    """What an error says, with what it was made of where that is known."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) else str(error)
