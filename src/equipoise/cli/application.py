"""The application: verbs put together, and one place where every error ends."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec

import typer

from equipoise.cli.answer import BROKEN, DONE, REFUSED, messages
from equipoise.errors import (
    EquipoiseError,
    IntegrityError,
    MissingExtra,
    NotBuilt,
    Place,
    ProtocolError,
    StorageFull,
)

VERBS = ("new", "check", "explain", "diff", "design", "rehearse", "forms", "import-registry")
"""Verbs of the core; each is a module of this package with `register(app)`."""

SERVER_VERBS = (
    "demo", "serve", "allocator", "worker", "tick", "generate", "verify", "lock", "unlock",
    "unblind", "analyse", "export", "backup", "restore",
)  # fmt: skip
"""Verbs that join through the entry points of `equipoise.commands`."""

GROUP = "equipoise.commands"
TRACEBACK = "EQUIPOISE_TRACEBACK"


def build(only: str | None = None) -> typer.Typer:
    """The application with every verb that is installed, or with little more than `only` one.

    Loading one verb alone spares `check` the libraries of the rehearsal and of the server, and
    a verb of the server those of the core.
    """
    app = typer.Typer(
        name="equipoise",
        help="One executable protocol runs a randomised trial, and rehearses it first.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)
    for verb in VERBS if only is None else {only}.intersection(VERBS):
        name = f"equipoise.cli.{verb.replace('-', '_')}"
        if find_spec(name) is not None:
            importlib.import_module(name).register(app)
    if only is not None and app.registered_commands:
        return app
    absent = _join_server(app)
    have = {command.name for command in app.registered_commands}
    if only is not None:
        return app if only in have else build()
    for verb in (*VERBS, *SERVER_VERBS):
        if verb not in have:
            _refuse(app, verb, absent)
    return app


def _nothing() -> None:
    """Keep every verb a verb, even where there is only one."""


def _join_server(app: typer.Typer) -> str | None:
    """Let installed parts add their verbs; the name of a missing library, if one is missing."""
    absent = None
    for point in entry_points(group=GROUP):
        try:
            register = point.load()
        except ModuleNotFoundError as missing:
            absent = missing.name or point.name
        except AttributeError:
            continue  # an installed part that has no verbs yet
        else:
            register(app)
    return absent


def _refuse(app: typer.Typer, verb: str, absent: str | None) -> None:
    ours = absent is None or absent.partition(".")[0] in {"equipoise", "equipoise_server"}

    def refuse() -> None:
        if ours or verb in VERBS:
            raise NotBuilt(verb)
        raise MissingExtra("server", f"`equipoise {verb}`")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command(verb, hidden=True, context_settings=settings, add_help_option=False)(refuse)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Nothing but EQUIPOISE_TRACEBACK=1 lets an error out."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    as_document = "--json" in arguments
    try:
        given = list(arguments) or ["--help"]
        only = None if given[0].startswith("-") else given[0]
        left = build(only)(args=given, prog_name="equipoise", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return _refusal("refused.stopped", Place(), "Stopped before the end.", as_document)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except EquipoiseError as problem:
        return _known(problem, as_document)
    except OSError as problem:
        full = StorageFull(str(problem.filename or "A file"), problem.strerror or "input or output")
        return _known(full, as_document)
    except Exception as problem:
        usage = getattr(problem, "format_message", None)
        if usage is not None:
            return _refusal("refused.usage", Place(), _usage(problem, usage()), as_document)
        if os.environ.get(TRACEBACK) == "1":
            raise
        return _defect(problem, as_document)
    return left if isinstance(left, int) else DONE


def _usage(problem: Exception, said: str) -> str:
    """Typer keeps its own copy of click, so usage errors are known by what they can do."""
    context = getattr(problem, "ctx", None)
    verb = f" {context.info_name}" if context is not None and context.parent else ""
    return f"{said.rstrip('.')}. Run `equipoise{verb} --help`."


def _known(problem: EquipoiseError, as_document: bool) -> int:
    place, words = Place(), str(problem)
    if isinstance(problem, ProtocolError):
        place, words = problem.place, problem.problem
    code = BROKEN if isinstance(problem, IntegrityError) else REFUSED
    return _refusal(problem.code, place, words, as_document, code)


def _refusal(code: str, place: Place, words: str, as_document: bool, left: int = REFUSED) -> int:
    if as_document:
        about = {"file": place.file, "line": place.line, "column": place.column}
        document = {"error": {"code": code, **about, "message": words}}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    at = f"{place}: " if str(place) else ""
    messages().print(f"{code}: {at}{words}")
    return left


def _defect(problem: Exception, as_document: bool) -> int:
    try:
        handle, path = tempfile.mkstemp(prefix="equipoise-", suffix=".log", text=True)
        with os.fdopen(handle, "w", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(problem)))
        where = f"{path}, line 1"
    except OSError:
        where = f"no file could be written; set {TRACEBACK}=1 to see it"
    words = (
        f"This is a defect in equipoise ({type(problem).__name__}), not in what you did. "
        f"Report it with this log: {where}."
    )
    return _refusal("defect", Place(), words, as_document, BROKEN)
