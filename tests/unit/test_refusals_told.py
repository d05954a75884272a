"""What is refused can be said in Chinese: every sentence, and every word of ours within it."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from equipoise import errors
from equipoise.errors import EquipoiseError, ProtocolError, Sentence, listed, said_of, say
from equipoise.errors.said import Listing, put_together, taken_apart
from equipoise.protocol.roles import ROLES

from .test_catalogues import CATALOGUES, written

SOURCE = Path(__file__).parents[2] / "src"
NO_PAGE = (
    "equipoise/analysis",
    "equipoise/cli",
    "equipoise/design",
    "equipoise/errors/protocol.py",
    "equipoise/errors/said.py",
    "equipoise/exchange",
    "equipoise/randomisation",
    "equipoise/rehearsal",
    "equipoise_server/allocator/ceremony.py",
    "equipoise_server/commands",
    "equipoise_server/services/backup",
)
"""What speaks to nobody but a person at a terminal, in English."""
AT_A_TERMINAL = {
    "BackupUnreadable",
    "CustodianInvalid",
    "ExternalProgramFailed",
    "FolderNotEmpty",
    "LiveUseRefused",
    "MissingExtra",
    "NotBuilt",
    "NotEstimable",
}
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type)
    and issubclass(kind, EquipoiseError)
    and not issubclass(kind, ProtocolError)
    and name not in AT_A_TERMINAL
}
CHINESE = {
    text: said[0]
    for path in CATALOGUES
    for (context, text), (_, said) in written(path).items()
    if context == "refusal"
}


def words(node: ast.AST) -> Iterator[str]:
    """Every text that stands there in so many words."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from words(part)
        case ast.IfExp(body=one, orelse=other):
            yield from words(one)
            yield from words(other)


def spoken(call: ast.Call, among_errors: bool) -> list[ast.expr]:
    """What a call says, if it makes a sentence or an error."""
    given = [*call.args, *(one.value for one in call.keywords)]
    match call.func:
        case ast.Name(id="say" | "listed"):
            return given
        case ast.Name(id="_refused" | "Why"):  # its code comes first
            return given[1:] if call.args else given[-1:]
        case ast.Name(id=name) if name in KINDS:
            return given
        case ast.Attribute(attr="__init__") if among_errors:
            return given
    return []


def sentences() -> dict[str, str]:
    """Every text of ours that can be part of a refusal on a page, and where it stands."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        if name.startswith(NO_PAGE):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in ast.walk(tree):
            if isinstance(scope, ast.ClassDef) and scope.name in AT_A_TERMINAL:
                scope.body = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for part in spoken(node, name.startswith("equipoise/errors/")):
                    found |= {text: name for text in words(part) if text.strip()}
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_of_a_refusal_has_a_translation() -> None:
    known = sentences()
    assert len(known) > 500
    assert {text: place for text, place in known.items() if text not in CHINESE} == {}


def test_every_role_has_a_translation_within_a_sentence() -> None:
    assert [role for role in ROLES if role not in CHINESE] == []


def test_a_translation_says_the_same_facts() -> None:
    assert [text for text, said in CHINESE.items() if fields(text) != fields(said)] == []


def test_no_sentence_is_made_where_its_parts_are_lost() -> None:
    """An f-string as what an error says cannot be said in another language."""
    lost = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        if name.startswith(NO_PAGE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
                told = [*node.args, *(one.value for one in node.keywords)]
                lost += [f"{name}:{one.lineno}" for one in told if isinstance(one, ast.JoinedStr)]
    assert lost == []


def test_a_sentence_is_its_english_text() -> None:
    one = say("Unit {unit} is not valid: {why}.", unit="K-01", why=say("it is {what}", what="lost"))
    assert one == "Unit K-01 is not valid: it is lost."
    assert isinstance(one.facts["why"], Sentence)
    assert said_of(errors.UnitNotValid("K-01", "lost")) == str(errors.UnitNotValid("K-01", "lost"))


@pytest.mark.parametrize(
    "said",
    [
        "plain",
        say("{n} left", n=3),
        listed([say("a {x}", x="b"), "c"], "; "),
        say("{all}: {why}", all=listed(["a", "b"]), why=say("x {y}", y=2.5)),
    ],
)
def test_a_sentence_travels_whole(said: str) -> None:
    again = put_together(json.loads(json.dumps(taken_apart(said))))
    assert again == said
    assert type(again) is type(said)
    assert taken_apart(again) == taken_apart(said)


def test_what_is_no_sentence_is_not_put_together() -> None:
    for told in ({"template": "{a}", "facts": {}}, {"facts": {}}, {"parts": ["a"]}, {}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            put_together(told)


def test_a_listing_keeps_its_parts() -> None:
    one = listed(["a", 2], " or ")
    assert one == "a or 2"
    assert isinstance(one, Listing)
    assert one.parts == ("a", "2")
