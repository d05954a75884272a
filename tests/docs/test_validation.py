"""Every requirement has its tests, they exist, and a run is judged by them."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _validation():
    spec = importlib.util.spec_from_file_location("validation", ROOT / "scripts/validation.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["validation"] = module
    spec.loader.exec_module(module)
    return module


VALIDATION = _validation()


def test_every_test_that_is_named_exists_and_no_requirement_is_named_twice():
    found = VALIDATION.requirements()
    assert len({one.id for one in found}) == len(found)
    for one in found:
        for ref in one.verified_by:
            file, name = ref.split("::")
            assert name in VALIDATION.tests_of(ROOT / "tests" / file), (one.id, ref)


def test_every_requirement_has_a_test_of_the_normal_run():
    for one in VALIDATION.requirements():
        long = [
            VALIDATION.tests_of(ROOT / "tests" / ref.split("::")[0])[ref.split("::")[1]]
            for ref in one.verified_by
        ]
        assert not all(long), one.id


def test_the_table_is_current():
    written = (ROOT / "docs/validation/traceability.md").read_text(encoding="utf-8")
    assert written == VALIDATION.page(), "run scripts/validation.py"


def _results(folder: Path, outcome: str) -> Path:
    cases = []
    for one in VALIDATION.requirements():
        for ref in one.verified_by:
            file, name = ref.split("::")
            module = "tests." + file.removesuffix(".py").replace("/", ".")
            inside = f"{module}.{name}" if name.startswith("Test") else module
            inner = outcome if ref.endswith("a_form_needs_its_token") else ""
            cases.append(f'<testcase classname="{inside}" name="test_{name}[a]">{inner}</testcase>')
    folder.mkdir()
    (folder / "one.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("outcome", "sound"), [("", True), ("<failure/>", False), ("<error/>", False)]
)
def test_a_run_is_sound_where_each_requirement_has_passed_tests_and_none_that_failed(
    tmp_path, outcome, sound
):
    text, found = VALIDATION.report(_results(tmp_path / "results", outcome))
    assert found is sound
    assert text.count("| NO |") == (0 if sound else 1)


def test_a_run_without_results_is_not_sound(tmp_path):
    text, sound = VALIDATION.report(tmp_path)
    assert not sound
    assert "none ran" in text
