"""Write the generated pages of docs/reference from the code. `make docs` checks that they are current."""

import inspect
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
OUT = ROOT / "docs" / "reference"


def errors_page() -> str:
    """Every error: code, class, when."""
    from equipoise import errors

    classes = [
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.EquipoiseError)
    ]
    lines = [
        "# Errors",
        "",
        "Every refusal carries a stable code. HTTP: refused 409, refused.not-permitted 403,",
        "conflict 409 with a fresh view, protocol 422, integrity 500, external 503. On the",
        "command line: integrity exits with 3, every other refusal with 2.",
        "",
        "| Code | Class | When |",
        "|---|---|---|",
    ]
    for each in sorted(classes, key=lambda one: one.code):
        when = (inspect.getdoc(each) or "").split("\n\n")[0].replace("\n", " ")
        lines.append(f'| <a id="{each.code}"></a>`{each.code}` | {each.__name__} | {when} |')
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every verb of the command line with its arguments and options."""
    import typer

    from equipoise.cli.application import build

    group = typer.main.get_command(build())
    lines = [
        "# Command line",
        "",
        "`equipoise VERB ...`. Every verb takes `--json`: one document on standard output, messages",
        "on standard error. Exit codes: 0 done, 1 done with findings, 2 refused (nothing written),",
        "3 broken.",
    ]
    for name, verb in sorted(group.commands.items()):
        if verb.hidden:
            continue
        lines += ["", f'## <a id="{name}"></a>`{name}`', "", verb.help or "", ""]
        lines += ["| Argument or option | Meaning |", "|---|---|"]
        lines += [_parameter(one) for one in verb.params if not getattr(one, "hidden", False)]
    return "\n".join(lines) + "\n"


def _parameter(one: Any) -> str:
    said = " ".join((getattr(one, "help", "") or "").split()).replace("|", "or")
    names = one.metavar or one.name.upper() if one.param_type_name == "argument" else one.opts[0]
    return f"| `{names}` | {said} |"


def permissions_page() -> str:
    """Every step and the roles that may take it."""
    from equipoise_server.services.access.permissions import ALLOWED

    lines = [
        "# Permissions",
        "",
        "Who may do what. One table in `services/access/permissions.py`; whoever is not in it may not.",
        "A role is held at one site or at all, from one day to another. What may be *read* is in",
        "`web/shared/access.py`; tests assert every address against both.",
        "",
        "| Step | Roles |",
        "|---|---|",
    ]
    for step, roles in sorted(ALLOWED.items()):
        anchor = step.replace(" ", "-")
        lines.append(f'| <a id="{anchor}"></a>{step} | {", ".join(roles)} |')
    return "\n".join(lines) + "\n"


PAGES = {"errors.md": errors_page, "commands.md": commands_page, "permissions.md": permissions_page}


def main() -> None:
    """Write every page."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "equipoise_server.settings")
    import django

    django.setup()
    for name, page in PAGES.items():
        (OUT / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
