"""`equipoise generate`: the sealing ceremony."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Annotated

import typer

from equipoise.cli.answer import JsonFlag, StudyName, page, write_json
from equipoise.errors import LiveUseRefused
from equipoise.protocol.model import Study
from equipoise_server.allocator import lists
from equipoise_server.allocator.escrow import COMMITMENT, COPY, Escrow, recipients
from equipoise_server.commands.instance import open_instance

SEED_BYTES = 32
Custodian = Annotated[
    list[str],
    typer.Option("--custodian", metavar="AGE_KEY", help="A custodian's age public key; twice."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")]
Instance = Annotated[
    Path | None,
    typer.Option("--dir", metavar="DIR", help="Seal the list in the vault of this instance too."),
]
By = Annotated[str, typer.Option("--by", help="With --dir: user name of the administrator.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("generate", help="Make the randomisation list, sealed and committed to.")(generate)


def generate(
    study: StudyName,
    custodian: Custodian,
    out: Out,
    instance: Instance = None,
    by: By = "administrator",
    as_document: JsonFlag = False,
) -> None:
    """Make a list from 256 bits of the operating system; each custodian can open the copy."""
    from equipoise.cli.studies import sound  # the checks load SciPy: no other verb waits for it

    loaded = sound(study)
    escrow = Escrow(custodians=tuple(custodian), out=out)
    recipients(escrow.custodians)
    if instance is None:
        escrow.check()
    at = datetime.now(UTC)
    commitment = _seal(loaded, instance, by, escrow, at) if instance else _make(loaded, escrow, at)
    files = [str(out / name) for name in (COMMITMENT, COPY) if (out / name).is_file()]
    if as_document:
        write_json({"commitment": commitment, "study": loaded.digest, "files": files})
        return
    page().print(f"Commitment {commitment}", soft_wrap=True)
    page().print(
        f"Publish it before the first participant. {out / COPY} opens with the private age key "
        "of either custodian; its SHA-256, opened, is the commitment.",
        soft_wrap=True,
    )


def _make(study: Study, escrow: Escrow, at: datetime) -> str:
    made = lists.make(study, label="live", seed=token_bytes(SEED_BYTES))
    escrow.write(made, at=at)
    return made.commitment


def _seal(study: Study, instance: Path, by: str, escrow: Escrow, at: datetime) -> str:
    """Seal in the vault of an instance that runs exactly this study.

    Raises:
        LiveUseRefused: the instance runs another study or version.

    """
    open_instance(instance)
    from equipoise_server.services.trial.seal_list import seal_list
    from equipoise_server.store.accounts import person
    from equipoise_server.store.models import Trial

    if Trial.objects.get().study_id != study.digest:
        raise LiveUseRefused(f"{instance} does not run this version of {study.protocol.id}")
    return seal_list(by=person(by), at=at, key=f"generate/{token_hex(16)}", escrow=escrow)
