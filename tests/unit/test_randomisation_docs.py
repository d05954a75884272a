import re
from pathlib import Path

import pytest

from equipoise.randomisation import SCHEMES, balance, scheme

PAGE = (Path(__file__).parents[2] / "docs/reference/randomisation.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z-]+)` ?([^|]*) \| ([\d. |]+) \|$", PAGE, flags=re.MULTILINE)


def parameters(words):
    """`limit 3, p 2/3` as parameters; several numbers after one name are a list."""
    found = {}
    for name, numbers in re.findall(r"([a-z_]+) ([\d./, ]+)", words):
        values = [_number(each) for each in numbers.strip(" ,").split(", ")]
        found[name] = values if name == "sizes" else values[0]
    return found


def _number(text):
    above, _, below = text.partition("/")
    return float(above) / float(below) if below else (float(text) if "." in text else int(text))


def test_the_page_names_every_scheme_and_measures_most():
    assert all(f"| `{name}` |" in PAGE for name in SCHEMES)
    assert {name for name, _, _ in ROWS} == set(SCHEMES) - {"minimisation"}


@pytest.mark.parametrize(("name", "words", "figures"), ROWS)
def test_figures_on_the_page_are_what_the_program_computes(name, words, figures):
    one = scheme(name, **parameters(words))
    short, long = balance(one, (1, 1), 24), balance(one, (1, 1), 300)
    found = (
        f"{short.guess_rate:.3f} | {long.guess_rate:.3f} | "
        f"{long.certain_rate:.3f} | {long.p95_imbalance:g}"
    )
    assert found == figures


def test_the_example_on_the_page_runs(capsys):
    block = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL).group(1)
    exec(compile(block, "randomisation.md", "exec"), {})
    assert capsys.readouterr().out == "0.583\n"
