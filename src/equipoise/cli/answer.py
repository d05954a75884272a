"""How every verb answers: one JSON document, or a page for people; and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

DONE, FINDINGS, REFUSED, BROKEN = 0, 1, 2, 3
"""Exit codes: done, done with findings, bad input or not permitted, a defect."""

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Write one JSON document to standard output.")
]
"""The option that every verb takes."""

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study folder, or the name of a shipped study.")
]
"""The argument of the verbs that read a study."""


def page() -> Console:
    """Standard output, for people."""
    return Console(file=sys.stdout, soft_wrap=False, highlight=False, markup=False)


def messages() -> Console:
    """Standard error: progress and refusals."""
    return Console(file=sys.stderr, soft_wrap=True, highlight=False, markup=False)


def write_json(document: Mapping[str, Any]) -> None:
    """One JSON document on standard output and nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def write_text(text: str) -> None:
    """Text as it is on standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def leave(code: int) -> None:
    """End the verb with an exit code.

    Raises:
        typer.Exit: where the code is not 0.
    """
    if code:
        raise typer.Exit(code)
