"""Requirements, the tests that hold them, and what the last run of those tests said.

`validation.py` writes `docs/validation/traceability.md`. `validation.py RESULTS` reads the JUnit
files of that folder, writes `build/validation.md`, and exits with 1 where a requirement has a
failed test or none that passed.
"""

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "validation"
TESTS = ROOT / "tests"
RESULT = ROOT / "build" / "validation.md"
HEAD = """# What is promised, and which tests hold it

Made from [requirements.yaml](requirements.yaml) by `scripts/validation.py`; `make test` fails where
a test that is named here does not exist, and ends by writing `build/validation.md`: this table with
the outcome of each test in that run. Tests marked *long* run with `make prove`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One promise. `verified_by` names tests as FILE::TEST below `tests/`."""

    id: str
    title: str
    source: str
    verified_by: tuple[str, ...]
    gap: str = ""


def requirements() -> tuple[Requirement, ...]:
    """All of them, in the order of the file."""
    rows = yaml.safe_load((FOLDER / "requirements.yaml").read_text(encoding="utf-8"))
    return tuple(Requirement(**row | {"verified_by": tuple(row["verified_by"])}) for row in rows)


def tests_of(file: Path) -> dict[str, bool]:
    """The tests of a file, without the leading `test_`, and whether each is a long one."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = " ".join(ast.unparse(one) for one in node.decorator_list)
            found[node.name.removeprefix("test_")] = "mark.prove" in marks
        elif isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            found |= {name: False for name in names if name.startswith("Test")}
    return found


def page() -> str:
    """The table of requirements and tests."""
    lines = [HEAD]
    for one in requirements():
        lines += [f"## {one.id}: {one.title}", "", f"Source: {one.source}.", ""]
        lines += [f"- {_said(ref)}" for ref in one.verified_by]
        lines += ["", f"Not shown yet: {one.gap}"] if one.gap else []
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _said(ref: str) -> str:
    file, name = ref.split("::")
    long = tests_of(TESTS / file).get(name, False)
    return f"`{file}`: {name.replace('_', ' ')}" + (" (*long*)" if long else "")


def outcomes(folder: Path) -> dict[str, Counter[str]]:
    """How often each test passed, failed or was skipped, over all files of results."""
    found: dict[str, Counter[str]] = {}
    for file in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - written by our own run
            found.setdefault(_ref(case), Counter())[_outcome(case)] += 1
    return found


def _ref(case: ElementTree.Element) -> str:
    parts = case.get("classname", "").split(".")
    file = next(at for at, part in enumerate(parts) if part.startswith("test_"))
    inside = parts[file + 1 :]
    name = inside[0] if inside else re.sub(r"\[.*", "", case.get("name", "")).removeprefix("test_")
    return f"{'/'.join(parts[1 : file + 1])}.py::{name}"


def _outcome(case: ElementTree.Element) -> str:
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


def report(folder: Path) -> tuple[str, bool]:
    """The page of results, and whether every requirement holds."""
    found = outcomes(folder)
    lines = [
        "# Requirements in this run",
        "",
        "| Id | Requirement | Tests | Holds |",
        "|---|---|---|---|",
    ]
    sound = True
    for one in requirements():
        counts = sum((found.get(ref, Counter()) for ref in one.verified_by), Counter())
        holds = counts["passed"] > 0 and counts["failed"] == 0
        sound = sound and holds
        ran = ", ".join(f"{counts[what]} {what}" for what in ("passed", "failed") if counts[what])
        lines.append(
            f"| {one.id} | {one.title} | {ran or 'none ran'} | {'yes' if holds else 'NO'} |"
        )
    return "\n".join(lines) + "\n", sound


def main(arguments: list[str]) -> int:
    """Write the table, or the results."""
    if not arguments:
        (FOLDER / "traceability.md").write_text(page(), encoding="utf-8")
        return 0
    text, sound = report(Path(arguments[0]))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    if not sound:
        sys.stderr.write(text)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
