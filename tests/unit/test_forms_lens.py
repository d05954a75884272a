"""Old documents seen through the four declared operations."""

from __future__ import annotations

from core_trial import form, item
from equipoise.forms import Add, Recode, Rename, Retire, from_json, read, undeclared
from equipoise.protocol.frozen import Frozen

OLD = form("f", item("a", "integer"), item("b", "text"), item("c", "code", codes="risk"))
NEW = form("f", item("aa", "integer"), item("c", "code", codes="risk"), item("d", "boolean"))
STEPS = (
    Rename(item="a", to="aa"),
    Retire(item="b"),
    Recode(item="c", codes=Frozen({"mild": "low"})),
    Add(item="d"),
)


def test_an_old_document_is_read_under_the_new_definition():
    stored = {"a": 1, "b": "x", "c": "mild"}
    seen = read(stored, STEPS)
    assert seen == {"aa": 1, "c": "low"}
    assert from_json(NEW, seen) == {"aa": 1, "c": "low"}
    assert stored == {"a": 1, "b": "x", "c": "mild"}


def test_a_new_document_is_read_unchanged_by_no_operations():
    assert read({"aa": 1, "d": True}, ()) == {"aa": 1, "d": True}


def test_an_added_item_takes_its_declared_value_and_never_overwrites():
    assert read({}, (Add(item="d", value=False),)) == {"d": False}
    assert read({"d": True}, (Add(item="d", value=False),)) == {"d": True}


def test_two_names_can_be_swapped_by_way_of_a_third():
    steps = (Rename(item="a", to="x"), Rename(item="b", to="a"), Rename(item="x", to="b"))
    assert read({"a": 1, "b": 2}, steps) == {"a": 2, "b": 1}


def test_recoding_merges_choices_of_a_list_once():
    steps = (Recode(item="c", codes=Frozen({"mild": "low", "slight": "low"})),)
    assert read({"c": ["mild", "slight", "high"]}, steps) == {"c": ["low", "high"]}
    assert read({"c": 5}, steps) == {"c": 5}


def test_operations_on_absent_items_do_nothing():
    assert read({}, STEPS) == {}


def test_what_the_operations_do_not_explain_is_named():
    assert undeclared(OLD, NEW, STEPS) == ()
    assert undeclared(OLD, NEW, ()) == ("a", "b", "aa", "d")
    assert undeclared(OLD, OLD, ()) == ()


def test_a_changed_type_is_always_named():
    other = form("f", item("a", "decimal"), item("b", "text"), item("c", "code", codes="risk"))
    assert undeclared(OLD, other, ()) == ("a",)
