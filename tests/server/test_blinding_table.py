"""Bad input, item by item: the code it is refused with, the test that proves it, the words shown.

The words are those of the bedside page or of the unblinded side, in both languages; none of them
can name an arm, a product or a place of the list.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation

from equipoise.errors import CustodianInvalid, EquipoiseError
from equipoise.protocol.load import load
from equipoise_server.unblinded import words as unblinded
from equipoise_server.web.entry import words as bedside

pytestmark = pytest.mark.once  # the same on both engines

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "studies" / "nct05787288"
SMALL = HERE.parents[1] / "tests" / "studies" / "three_arms"

TABLE = {
    "wrong key": ("integrity.vault-key-wrong", "test_a_damaged_vault_gives_nobody_a_place_and_says_which_damage"),
    "missing key": ("integrity.vault-key-missing", "test_a_damaged_vault_gives_nobody_a_place_and_says_which_damage"),
    "rotated key, put back": ("integrity.vault-key-wrong", "test_a_key_that_is_put_back_opens_everything_again"),
    "tampered slot": ("integrity.seal-broken", "test_a_changed_slot_is_found_before_anything_is_written"),
    "swapped slots": ("integrity.seal-moved", "test_two_exchanged_slots_are_found"),
    "replayed message at the blinded door": ("conflict.key-reused", "test_a_replayed_request_is_answered_the_same_and_uses_nothing"),
    "replayed message at the unblinded door": ("refused.assertion-used", "test_a_proof_serves_once_for_one_request_within_two_minutes"),
    "list for another protocol version": ("refused.list-of-another-version", "test_a_bad_request_has_its_own_code_and_leaves_nothing"),
    "exhausted list": ("refused.list-exhausted", "test_a_list_of_six_places_ends_after_six_in_the_same_words"),
    "no stock": ("refused.out-of-stock", "test_stock_runs_out_in_the_same_words_whichever_arm_is_short"),
    "unit scanned twice": ("refused.unit-used", "test_each_slip_at_the_bedside_has_its_own_code"),
    "kit of another site": ("refused.unit-elsewhere", "test_each_slip_at_the_bedside_has_its_own_code"),
    "unit of another participant": ("refused.unit-of-another", "test_each_slip_at_the_bedside_has_its_own_code"),
    "thawed too long ago": ("refused.thawed-too-long", "test_each_slip_at_the_bedside_has_its_own_code"),
    "expired or recalled kit": ("refused.kit-not-valid", "test_a_released_kit_is_usable_again_an_expired_one_is_not"),
    "dose outside its window": ("refused.dose-not-allowed", "test_a_dose_too_soon_is_refused_and_leaves_no_record"),
    "clock jump": ("refused.clock", "test_a_live_list_gives_no_place_at_an_impossible_time"),
    "place given under other answers": ("conflict.allocated-otherwise", "test_a_bad_request_has_its_own_code_and_leaves_nothing"),
    "message that nobody understands": ("external.message", "nonsense_is_refused_and_does_no_harm"),
    "allocator silent": ("external.allocator", "test_nobody_listens_and_the_sentence_says_what_to_do"),
}  # fmt: skip
BEFORE_ANY_PAGE = {
    "missing custodian": ("refused.custodian", "test_a_live_list_is_not_sealed_without_its_custodians"),
    "custodian who is none": ("refused.custodian", "test_custodians_are_two_persons_with_public_keys"),
}  # fmt: skip
"""Refused at the command line of the ceremony, in the words of the error itself."""


@cache
def proofs_by_name() -> set[str]:
    folders = (HERE, HERE.parent / "unit", HERE.parent / "property")
    trees = (
        ast.parse(path.read_text("utf-8")) for one in folders for path in one.rglob("test_*.py")
    )
    return {
        node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    }


def codes(root: type[EquipoiseError] = EquipoiseError) -> set[str]:
    return {root.code}.union(*(codes(kind) for kind in root.__subclasses__()))


@pytest.mark.parametrize("item", TABLE)
def test_each_bad_input_has_a_code_a_test_and_words_in_both_languages(item):
    code, proof = TABLE[item]
    assert code in codes()
    assert proof in proofs_by_name()
    words = bedside.REFUSALS.get(code) or unblinded.REFUSALS.get(code)
    assert words is not None, f"say at the bedside what {code} means"
    said = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said[language] = str(words)
    if code in bedside.REFUSALS:
        assert said["en"] != said["zh-hans"], said
    names_nothing(item, " ".join(said.values()))


def names_nothing(item: str, said: str) -> None:
    """No arm and no product of either study is in the words."""
    for study in (load(SMALL), load(REFERENCE)):
        for one in (*study.protocol.arms, *study.protocol.products):
            for language in ("en", "zh-Hans"):
                title = str(one.title.say(language)) if hasattr(one, "title") else one.id
                assert title.lower() not in said.lower(), (item, title)


@pytest.mark.parametrize("item", BEFORE_ANY_PAGE)
def test_what_is_refused_before_any_page_has_a_code_a_test_and_words(item):
    code, proof = BEFORE_ANY_PAGE[item]
    assert code in codes()
    assert proof in proofs_by_name()
    names_nothing(item, str(CustodianInvalid("two are needed, 1 was given")))
