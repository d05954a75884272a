"""Whatever bytes a study folder holds, the loader answers with findings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from equipoise.protocol.amend import compare
from equipoise.protocol.check import check_loaded
from equipoise.protocol.explain import explain, to_html, to_markdown
from equipoise.protocol.folder import decoded
from equipoise.protocol.load import load, read
from equipoise.protocol.yaml_places import read_yaml
from thorough import thorough

SOUND = Path(__file__).parents[1] / "studies" / "three_arms"
NAMES = sorted(path.relative_to(SOUND).as_posix() for path in SOUND.rglob("*") if path.is_file())
CONTENT = {name: (SOUND / name).read_bytes() for name in NAMES}

SLOW = thorough(60, suppress_health_check=list(HealthCheck))
QUICK = thorough(300)

files = st.sampled_from(NAMES)
yaml_like = st.text(
    alphabet=list("ab01 :-[]{}&*!|>'\"#,?%@\n\t~.\u00e9\u5e74\x00\x85"), max_size=200
)


def _assert_read_or_explained(name: str, content: bytes) -> None:
    """Reads the sound study with one file changed: a study, or an error that says why not."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        shutil.copytree(SOUND, folder)
        (folder / name).write_bytes(content)
        loaded = read(folder)
        found = check_loaded(loaded)
        assert loaded.study is not None or any(one.severity == "error" for one in found)
        for finding in found:
            assert finding.code.startswith("study.")
            assert finding.place.file
            assert "\n" not in finding.message
        if loaded.study is not None:
            sections = explain(loaded.study, "zh-Hans")
            to_html(loaded.study, sections)
            to_markdown(loaded.study, sections)
            compare(load(SOUND), loaded.study)


@given(yaml_like)
@QUICK
def test_any_text_is_read_or_refused_with_a_place(text: str):
    document = read_yaml(text, "x.yaml")
    for finding in document.findings:
        assert finding.place.line >= 1
        assert finding.place.column >= 1


@given(st.binary(max_size=300))
@QUICK
def test_any_bytes_are_decoded_or_refused(raw: bytes):
    text = decoded(raw, "x.yaml")
    if isinstance(text, str):
        read_yaml(text, "x.yaml")
    else:
        assert text.code == "study.encoding"


@given(files, st.integers(0, 100))
@SLOW
def test_a_truncated_file_gives_findings_and_no_exception(name: str, percent: int):
    content = CONTENT[name]
    _assert_read_or_explained(name, content[: len(content) * percent // 100])


@given(files, st.data())
@SLOW
def test_a_changed_line_gives_findings_and_no_exception(name: str, data: st.DataObject):
    lines = CONTENT[name].splitlines(keepends=True)
    number = data.draw(st.integers(0, len(lines) - 1))
    old = lines[number].decode("utf-8")
    change = data.draw(
        st.one_of(
            st.just(""), st.just(old * 2), st.just("  " + old), yaml_like,
            st.sampled_from(["null", "[]", "{}", "-1", "1e400", '""', "true", "x"]).map(
                lambda value: old.split(":")[0] + ": " + value + "\n"
            ),
        )
    )  # fmt: skip
    lines[number] = change.encode("utf-8", "replace")
    _assert_read_or_explained(name, b"".join(lines))


@given(st.integers(1, 200), st.sampled_from(["[", "{a: ", "- "]))
@QUICK
def test_deep_nesting_never_exhausts_the_stack(depth: int, opening: str):
    document = read_yaml("a:\n " + opening * (depth * 50), "x.yaml")
    assert document.findings


def _impossible(parts: list[str]) -> bool:
    """Whether a name is used before it is given, or inside what it names."""
    given: set[str] = set()
    for part in parts:
        anchor = part[1] if part.startswith("&") else ""
        if "*" in part and part[part.index("*") + 1] not in given - {anchor}:
            return True
        given |= {anchor} - {""}
    return False


@given(
    st.lists(st.sampled_from(["&a [*a]", "&a [*b]", "&b {x: *a}", "*a", "*b", "&a 1"]), max_size=8)
)
@QUICK
def test_cyclic_and_dangling_aliases_are_refused(parts: list[str]):
    source = "".join(f"- {part}\n" for part in parts)
    document = read_yaml(source, "x.yaml")
    assert bool(document.findings) == _impossible(parts)
    if not document.findings:
        assert len(repr(document.data)) < 10_000
