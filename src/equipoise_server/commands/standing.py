"""`equipoise lock`, `unlock` and `unblind`: two persons, each with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Reason = tuple[str, str]
First = Annotated[str, typer.Option("--first", help="User name of the first person.")]
FirstReason = Annotated[str, typer.Option("--first-reason", help="Why the first person agrees.")]
Second = Annotated[str, typer.Option("--second", help="User name of the second person.")]
SecondReason = Annotated[str, typer.Option("--second-reason", help="Why the second person agrees.")]


def register(app: typer.Typer) -> None:
    """Add the three verbs."""
    app.command("lock", help="Lock the study: nothing of it can be changed any more.")(lock)
    app.command("unlock", help="Unlock the study before anybody was unblinded.")(unlock)
    app.command("unblind", help="Release the allocation of the locked study.")(unblind)


def lock(
    first: First,
    first_reason: FirstReason,
    second: Second,
    second_reason: SecondReason,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Verify, then lock."""
    _together("lock", folder, (first, first_reason), (second, second_reason), as_document)


def unlock(
    first: First,
    first_reason: FirstReason,
    second: Second,
    second_reason: SecondReason,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Unlock for a correction."""
    _together("unlock", folder, (first, first_reason), (second, second_reason), as_document)


def unblind(
    first: First,
    first_reason: FirstReason,
    second: Second,
    second_reason: SecondReason,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Release the allocation."""
    _together("unblind", folder, (first, first_reason), (second, second_reason), as_document)


def _together(
    verb: str, folder: Path, first: tuple[str, str], second: tuple[str, str], as_document: bool
) -> None:
    open_instance(folder)
    from equipoise_server.services.access.two_persons import Agreed
    from equipoise_server.services.trial import lock as locking
    from equipoise_server.services.trial import unblind as unblinding
    from equipoise_server.services.trial import unlock as unlocking
    from equipoise_server.store.accounts import person

    at = datetime.now(UTC)
    one, other = (Agreed(by=person(name), reason=why) for name, why in (first, second))
    key = f"{verb}/{token_hex(16)}"
    if verb == "unblind":
        unblinding.unblind(first=one, second=other, at=at, key=key, release=_releasing())
    else:
        step = locking.lock if verb == "lock" else unlocking.unlock
        step(first=one, second=other, at=at, key=key)
    done = {"lock": "locked", "unlock": "unlocked", "unblind": "unblinded"}[verb]
    if as_document:
        write_json({"state": done, "at": at.isoformat(), "persons": [first[0], second[0]]})
    else:
        page().print(f"The study is {done}.")


def _releasing() -> Callable[[Reason, Reason, datetime], object] | None:
    """How the allocation is released: where the allocator runs apart, with both persons' PINs."""
    from django.conf import settings

    if not settings.EQUIPOISE_UNBLINDED_SOCKET:
        return None
    from equipoise_server.allocator import asking

    def secret(name: str) -> asking.Secret:
        typed = typer.prompt(f"PIN of {name} on the unblinded side", hide_input=True, err=True)
        return asking.Secret(person=name, kind="pin", typed=typed)

    def release(one: Reason, other: Reason, at: datetime) -> object:
        return asking.release((secret(one[0]), one[1]), (secret(other[0]), other[1]))

    return release
