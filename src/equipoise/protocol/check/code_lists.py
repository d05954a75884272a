"""Code lists that overlap: one code or one text with two meanings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.forms import CodeList, Item


def code_list_findings(subject: Subject) -> Iterator[Finding]:
    """Overlaps inside a list, between lists, and between forms; items without a list."""
    lists = subject.protocol.code_lists
    for number, one in enumerate(lists):
        yield from _inside(subject, number, one)
    for (_, first), (number, second) in combinations(enumerate(lists), 2):
        yield from _between(subject, first, number, second)
    yield from _items(subject)


def _inside(subject: Subject, number: int, one: CodeList) -> Iterator[Finding]:
    codes: dict[str, str] = {}
    texts: dict[tuple[str, str], str] = {}
    for position, code in enumerate(one.codes):
        path = (PROTOCOL_FILE, "code_lists", number, "codes", position)
        plain = code.code.strip().casefold()
        if plain in codes:
            words = f"The code `{code.code}` is already in list `{one.id}`: choose another."
            yield subject.finding("study.code-overlap", (*path, "code"), words)
        codes.setdefault(plain, code.code)
        for language, text in code.text.items():
            other = texts.setdefault((language, text.strip().casefold()), code.code)
            if other != code.code:
                words = f"`{code.code}` and `{other}` show the same text: nobody can choose."
                yield subject.finding("study.code-overlap", (*path, "text"), words)
    if not one.codes:
        words = f"The code list `{one.id}` has no codes: add some."
        yield subject.finding("study.code-overlap", (PROTOCOL_FILE, "code_lists", number), words)


def _between(subject: Subject, first: CodeList, number: int, second: CodeList) -> Iterator[Finding]:
    """Two lists that share words (not numbers) with another text, for most of the shorter."""
    theirs = {code.code: str(code.text) for code in first.codes if not _number(code.code)}
    ours = {code.code: str(code.text) for code in second.codes if not _number(code.code)}
    shared = set(theirs) & set(ours)
    if len(shared) * 2 <= min(len(theirs), len(ours)):
        return
    for position, code in enumerate(second.codes):
        if code.code in shared and theirs[code.code].casefold() != ours[code.code].casefold():
            words = (
                f"`{code.code}` means `{theirs[code.code]}` in list `{first.id}` and "
                f"`{ours[code.code]}` in `{second.id}`: use one list, or other codes."
            )
            path = (PROTOCOL_FILE, "code_lists", number, "codes", position)
            yield subject.finding("study.code-overlap", path, words, severity="warning")


def _number(code: str) -> bool:
    return code.lstrip("-").isdigit()


def _items(subject: Subject) -> Iterator[Finding]:
    lists = {one.id: set(one.values()) for one in subject.protocol.code_lists}
    seen: dict[str, tuple[str, Item]] = {}
    for form in subject.study.forms.values():
        for item in form.items():
            path = subject.item_path(form, item.id, "codes")
            if item.type in {"code", "codes"} and item.codes is None:
                words = f"`{item.id}` is chosen from a list: name its code list in `codes`."
                yield subject.finding("study.schema", path, words)
            if item.codes is None or item.codes not in lists:
                continue
            home, other = seen.setdefault(item.id, (form.id, item))
            if other.codes != item.codes and lists[item.codes] & lists.get(
                other.codes or "", set()
            ):
                words = (
                    f"`{item.id}` uses list `{item.codes}` here and `{other.codes}` on form "
                    f"`{home}`, and the lists overlap: use one list."
                )
                yield subject.finding("study.code-overlap", path, words)
