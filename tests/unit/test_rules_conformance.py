"""One file of cases, three evaluators: scalars, columns and the browser."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, sync_playwright

from equipoise.errors import ExpressionError
from equipoise.rules import UNKNOWN, evaluate, evaluate_columns, interpreter, parse, to_json
from equipoise.rules.cells import opened

CASES: list[dict[str, Any]] = json.loads(
    files("equipoise.rules").joinpath("conformance.json").read_text(encoding="utf-8")
)
IDS = [f"{number}: {case['expression'][:50]}" for number, case in enumerate(CASES)]
CHROMIUM = "/usr/bin/chromium"


def read(value: object) -> object:
    """Turn the file's marks into Python values."""
    match value:
        case {"unknown": True}:
            return UNKNOWN
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text).astimezone(UTC)
    return value


def as_column(value: object) -> object:
    match value:
        case datetime():
            return np.array([value.replace(tzinfo=None)] * 3, dtype="datetime64[us]")
        case date():
            return np.array([value] * 3, dtype="datetime64[D]")
        case bool():
            return np.array([value] * 3)
        case int() | float():
            return np.array([value] * 3, dtype=np.float64)
    return np.array([value] * 3, dtype=object)


def same(found: object, expected: object) -> bool:
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return type(found) is float and found == expected
    return type(found) is type(expected) and found == expected


def test_the_file_is_large_and_holds_every_outcome() -> None:
    kinds = {json.dumps(case["expected"])[:9] for case in CASES}
    assert len(CASES) >= 150
    assert {'{"unknown', '{"error":', '{"date": ', '{"datetim', "true", "false"} <= kinds


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_person_gets_the_expected_answer(case: dict[str, Any]) -> None:
    expression = parse(case["expression"])
    answers = {name: read(value) for name, value in case["answers"].items()}
    if case["expected"] == {"error": True}:
        with pytest.raises(ExpressionError) as refusal:
            evaluate(expression, answers)
        assert refusal.value.place.line >= 1
        return
    assert same(evaluate(expression, answers), read(case["expected"]))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_column_gets_the_expected_answer(case: dict[str, Any]) -> None:
    expression = parse(case["expression"])
    columns = {name: as_column(read(value)) for name, value in case["answers"].items()}
    if case["expected"] == {"error": True}:
        with pytest.raises(ExpressionError):
            evaluate_columns(expression, columns)
        return
    result = evaluate_columns(expression, columns)
    assert result.shape == ((3,) if columns else ())
    cells = [result[row] for row in range(3)] if columns else [result[()]]
    assert all(same(opened(cell), read(case["expected"])) for cell in cells)


COMPARISON = """
    (cases) => {
      const rules = equipoiseRules;
      const read = (value) => {
        if (value === null || typeof value !== "object") return value;
        if (value.unknown) return null;
        return value.date ? rules.date(value.date) : rules.datetime(value.datetime);
      };
      const show = (value) => value !== null && typeof value === "object"
        ? value.kind + " " + String(value.order) : JSON.stringify(value === -0 ? 0 : value);
      return cases.map((one) => {
        const entries = Object.entries(one.answers).map(([name, value]) => [name, read(value)]);
        try {
          const found = show(rules.evaluate(one.tree, Object.fromEntries(entries)));
          const wanted = one.expected && one.expected.error ? "error" : show(read(one.expected));
          return found === wanted ? "" : one.expression + ": " + found + ", not " + wanted;
        } catch (error) {
          if (error instanceof rules.RuleError && one.expected.error) return "";
          return one.expression + ": " + String(error);
        }
      }).filter((problem) => problem !== "");
    }
"""


def compiled_cases() -> list[dict[str, Any]]:
    return [{**case, "tree": to_json(parse(case["expression"]))} for case in CASES]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page under a policy that forbids eval and inline scripts."""

    def answer(route: Route) -> None:
        if route.request.url.endswith("interpreter.js"):
            route.fulfill(body=interpreter(), content_type="text/javascript")
            return
        route.fulfill(
            body="<!doctype html><title>rules</title><script src='/interpreter.js'></script>",
            content_type="text/html",
            headers={"Content-Security-Policy": "default-src 'none'; script-src 'self'"},
        )

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto("http://rules.test/")
        yield page
        browser.close()


@pytest.mark.browser
def test_the_browser_gives_the_expected_answers_under_a_strict_policy(page: Page) -> None:
    assert page.evaluate(COMPARISON, compiled_cases()) == []


@pytest.mark.browser
def test_the_browser_rounds_as_the_server_does(page: Page) -> None:
    generator = np.random.default_rng(20260301)
    numbers = [
        *np.round(generator.normal(0, 100, 400), 3).tolist(),
        *(generator.integers(-5000, 5000, 400) / 1000 + 0.0005).tolist(),
        *np.exp(generator.normal(0, 25, 200)).tolist(),
    ]
    script = "([tree, all]) => all.map((x) => equipoiseRules.evaluate(tree, {x}))"
    for digits in range(10):
        expression = parse(f"round(x, {digits})")
        ours = [evaluate(expression, {"x": number}) for number in numbers]
        columns = evaluate_columns(expression, {"x": np.array(numbers)})
        theirs = page.evaluate(script, [to_json(expression), numbers])
        assert ours == columns.tolist()
        assert ours == [float(number) for number in theirs]


def test_the_list_form_is_plain_json() -> None:
    for case in CASES:
        tree = to_json(parse(case["expression"]))
        assert json.loads(json.dumps(tree, allow_nan=False)) == tree
        assert all(not isinstance(part, float) or math.isfinite(part) for part in tree)
