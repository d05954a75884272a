"""Write docs/reference/errors.md from the code. `make docs` checks that it is current."""

import inspect
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
OUT = ROOT / "docs" / "reference" / "errors.md"


def page() -> str:
    """The page as text."""
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


if __name__ == "__main__":
    OUT.write_text(page(), encoding="utf-8")
