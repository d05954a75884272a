"""`equipoise amend`, `publish-amendment` and `redact`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from equipoise.cli.answer import JsonFlag, page, write_json
from equipoise.errors import AmendmentRefused
from equipoise.protocol.load import load
from equipoise.protocol.overlay import amend
from equipoise_server.commands.instance import DEFAULT, Folder, open_instance

Study = Annotated[str, typer.Argument(metavar="STUDY", help="The study as it is.")]
Name = Annotated[
    str, typer.Argument(metavar="AMENDMENT", help="One in its `amendments/`, or a folder.")
]
To = Annotated[Path, typer.Option("--to", metavar="DIR", help="A new or empty folder.")]
By = Annotated[str, typer.Option("--by", help="User name of the person who publishes.")]
Rehearsal = Annotated[
    Path, typer.Option("--rehearsal", help="What `equipoise rehearse DIR --json` printed.")
]


def register(app: typer.Typer) -> None:
    """Add the three verbs."""
    app.command("amend", help="Write the study folder that an amendment makes.")(amend_study)
    app.command("publish-amendment", help="Adopt a study folder as the next protocol version.")(
        publish
    )
    app.command("redact", help="Remove an identifier that was typed by mistake.")(redact_answers)


def amend_study(study: Study, amendment: Name, to: To, as_document: JsonFlag = False) -> None:
    """Lay the amendment over the study."""
    folder = amend(study, amendment, to)
    new = load(folder)
    if as_document:
        write_json({"path": str(folder), "version": new.protocol.version, "digest": new.digest})
    else:
        page().print(f"Version {new.protocol.version} is in {folder}. Check and rehearse it next.")


def publish(
    study: Annotated[Path, typer.Argument(metavar="DIR", help="The amended study folder.")],
    rehearsal: Rehearsal,
    by: By,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Publish; sites are activated on the pages, each from a day of its own."""
    open_instance(folder)
    from equipoise_server.services.trial.publish_amendment import publish_amendment
    from equipoise_server.store.accounts import person

    at = datetime.now(UTC)
    digest = publish_amendment(
        study, rehearsal=_read(rehearsal), by=person(by), at=at, key=f"publish/{token_hex(16)}"
    )
    if as_document:
        write_json({"digest": digest, "at": at.isoformat()})
    else:
        page().print(f"Published as {digest[:12]}. No site works under it yet.")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise AmendmentRefused(f"{path} is not the JSON of a rehearsal") from problem
    if not isinstance(found, dict):
        raise AmendmentRefused(f"{path} is not the JSON of a rehearsal")
    return found


def redact_answers(
    participant: Annotated[
        str, typer.Option(help="Participant code; with --text alone also kit/CODE or study.")
    ],
    first: Annotated[str, typer.Option(help="User name of the data manager.")],
    first_reason: Annotated[str, typer.Option(help="Why the first person agrees.")],
    second: Annotated[str, typer.Option(help="User name of the second person.")],
    second_reason: Annotated[str, typer.Option(help="Why the second person agrees.")],
    form: Annotated[str, typer.Option(help="Form of the record; none for texts alone.")] = "",
    visit: Annotated[str, typer.Option(help="Visit of the record.")] = "",
    item: Annotated[
        list[str] | None, typer.Option(help="Item whose answers go; may be repeated.")
    ] = None,
    reason_of: Annotated[
        list[int] | None, typer.Option(help="Version whose reason goes; may be repeated.")
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Digest of the ledger entry whose text goes; may be repeated."),
    ] = None,
    number: Annotated[int, typer.Option(help="Number of the record, 0 where it has none.")] = 0,
    folder: Folder = DEFAULT,
    as_document: JsonFlag = False,
) -> None:
    """Two persons, each with a reason that does not repeat what is removed."""
    open_instance(folder)
    from equipoise_server.services.access.two_persons import Agreed
    from equipoise_server.services.records.redact import redact
    from equipoise_server.store.accounts import person
    from equipoise_server.store.save import Place

    done = redact(
        Place(participant=participant, form=form, visit=visit, number=number),
        items=item or (),
        reasons=reason_of or (),
        turns=text or (),
        first=Agreed(by=person(first), reason=first_reason),
        second=Agreed(by=person(second), reason=second_reason),
        at=datetime.now(UTC),
        key=f"redact/{token_hex(16)}",
    )
    if as_document:
        write_json({"removed": list(done.removed), "version": done.version, "texts": done.turns})
    else:
        gone = ", ".join(map(str, done.removed)) or "none"
        page().print(
            f"Removed from versions: {gone}; version {done.version} is left. Texts "
            f"removed: {done.turns}. Backups and exports made before still hold what went."
        )
