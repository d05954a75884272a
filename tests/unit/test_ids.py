import hashlib
import itertools

import pytest

from equipoise.ids import ALPHABET, is_valid, kit_code, participant_code, tidied

EVERY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def source(number):
    return hashlib.sha256(str(number).encode()).digest()


CODES = [
    participant_code(site, source(i)) for i, site in enumerate(["01", "S12", "WUHAN", "Q"] * 10)
]
CODES += [kit_code(source(i)) for i in range(40)]


def test_codes_are_what_they_were():
    """A change here breaks every label already printed."""
    assert participant_code("S01", bytes(16)) == "S01-DLSGA-NDYBA"
    assert kit_code(bytes(16)) == "QKJ9-H8MG"


@pytest.mark.parametrize("code", CODES)
def test_every_wrong_character_is_found(code):
    for place, right in enumerate(code):
        for wrong in EVERY + "-* ":
            if wrong != right:
                assert not is_valid(code[:place] + wrong + code[place + 1 :])


@pytest.mark.parametrize("code", CODES)
def test_every_swap_of_neighbours_is_found(code):
    assert is_valid(code)
    for place in range(len(code) - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert swapped == code or not is_valid(swapped)


@pytest.mark.parametrize("code", CODES)
def test_swaps_across_a_hyphen_are_found(code):
    plain = code.replace("-", "")
    hyphens = [i for i, c in enumerate(code) if c == "-"]
    for place in range(len(plain) - 1):
        swapped = [*plain]
        swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
        if "".join(swapped) != plain:
            for at in hyphens:
                swapped.insert(at, "-")
            assert not is_valid("".join(swapped))


def test_random_parts_hold_no_letter_that_reads_as_a_number():
    for code in CODES:
        random = code.replace("-", "") if code.count("-") == 1 else code.split("-", 1)[1]
        assert set(random.replace("-", "")) <= set(ALPHABET)
    assert not set("0O1I") & set(ALPHABET)


def test_a_hundred_thousand_participants_have_different_codes_and_neighbours_look_unrelated():
    codes = [participant_code("01", source(i)) for i in range(100_000)]
    assert len(set(codes)) == len(codes)
    assert sum(a < b for a, b in itertools.pairwise(codes)) == pytest.approx(50_000, abs=1_000)


def test_each_character_is_used_about_equally():
    drawn = "".join(kit_code(source(i))[:4] for i in range(20_000))
    counts = [drawn.count(c) for c in ALPHABET]
    assert min(counts) > 2_200
    assert max(counts) < 2_800


def test_the_same_source_gives_the_same_code_and_different_ones_for_site_and_kit():
    assert participant_code("01", source(1)) == participant_code("01", source(1))
    tails = {participant_code(site, source(1)).split("-", 1)[1] for site in ("01", "02", "03")}
    assert len(tails) == 3
    assert kit_code(source(1))[:4] not in {tail[:4] for tail in tails}


def test_a_site_is_written_without_case_hyphens_and_spaces():
    assert participant_code("wu-han_1", source(1)) == participant_code("WUHAN1", source(1))


@pytest.mark.parametrize("site", ["", "-", "武汉", "A" * 13, "A/B", "Straße", "A\n"])
def test_a_site_that_cannot_stand_in_a_code_is_refused(site):
    with pytest.raises(ValueError, match="site"):
        participant_code(site, source(1))


@pytest.mark.parametrize("make", [kit_code, lambda s: participant_code("01", s)])
def test_too_few_random_bytes_are_refused(make):
    with pytest.raises(ValueError, match="random bytes"):
        make(b"123")


@pytest.mark.parametrize("text", ["", "-", "01", "01-22222-2222", "é", "2222-2222\n", "0" * 10_000])
def test_other_text_is_no_code(text):
    assert not is_valid(text)


def test_typed_codes_can_be_tidied():
    code = kit_code(source(1))
    assert tidied(f"  {code.lower()[:3]} {code.lower()[3:]}\n") == code
