"""NI-1 and NI-2: worlds whose arms are exchanged look the same, and a leak shows.

Salts, session keys and nonces come from one fixed stream in all worlds (the operating system's
randomness is replaced, nothing of ours), so that whole rows, ledger digests included, are
compared byte by byte. A short trial and four planted leaks per engine run each time;
`test_noninterference_long.py` has the reference trial and every leak.
"""

from __future__ import annotations

import pytest

from server import conftest
from server.leaks import LEAKS, WHERE
from server.worlds_run import SMALL, different, live

IN_EVERY_RUN = {
    "sqlite": ("a_log_line", "one_more_question_to_the_database", "the_order_of_columns",
               "what_the_square_on_a_label_says",
               "who_is_in_which_group_of_an_interim_analysis"),
    "postgresql": ("a_log_line", "a_field_for_programs", "the_order_of_signatures",
                   "the_subject_of_a_letter"),
}[conftest.ENGINE]  # fmt: skip

NEVER_ASKED = {
    ":nowhere": "what a program is told that asks at no address at all",
    "data:deviation": "the small trial keeps to its plan",
    "data:preview": "no laboratory file was sent",
    "data:query": "nobody has asked anything that is still open",
    "finalise:proposal": "nobody has proposed anything that takes two persons",
}
"""Views that the trial holds nothing for: the address cannot even be written."""

NOT_OPENED = {
    "consent:copy": "a copy exists once both sides have signed",
    "consent:tablet": "a tablet that was handed over has a session of its own",
    "consent:take-back": "likewise",
    "data:code": "the record that is asked for holds nothing to code",
    "data:compare": "the plan compares other records",
    "data:query": "it is closed",
    "entry:next": "it leads on from a form that repeats",
    "entry:stop": "the small study has no timed observation after a dose",
    "entry:watch": "the small study has no timed observation after a dose",
    "participant:copy": "the participant signed on paper",
    "participant:day": "the small study has no diary",
    "participant:diary": "the small study has no diary",
    "participant:enter": "a mailed link is not kept; a forged one is refused",
    "participant:results": "there are no results before the study is locked",
    "participant:withdraw": "the participant is not in the study any more",
    "people:confirm": "it asks for the purpose of an act, and refuses without",
    "people:invitation": "a mailed link is not kept; a forged one is refused",
    "programs:api-root": "no page: the root of the addresses of programs",
    "results:file": "there are no results before the study is locked",
    "shared:enrol": "a step of signing in, which the session of the crawl is past",
    "shared:second-factor": "a step of signing in, which the session of the crawl is past",
    "supply:act": "the kit that is asked for has been handed out",
    "volunteer:change-note": "a note that was shared is not changed any more",
    "volunteer:consent": "it refuses an empty form",
    "volunteer:note": "it asks for a passage of the page",
}
"""Views that were asked and let nobody in, and why; their refusals are compared."""


LEAKING = [f"{world}:{leak}" for leak in IN_EVERY_RUN for world in "ab"]


@pytest.fixture(scope="module")
def lived(template, tmp_path_factory):
    """All of them, in the order of their names."""
    return live(template, tmp_path_factory.mktemp("worlds"), SMALL, "8/1", "a", "b", "c", *LEAKING)


@pytest.fixture(scope="module")
def worlds(lived):
    """a, b with two arms exchanged, c with the lot of the other product recalled."""
    return lived[:3]


@pytest.fixture(scope="module")
def leaking(lived):
    """Both worlds under each of the leaks of every run, by leak."""
    return dict(zip(IN_EVERY_RUN, zip(lived[3::2], lived[4::2], strict=True), strict=True))


def test_a_whole_trial_looks_the_same_with_its_arms_exchanged(worlds):
    a, b, _ = worlds
    assert different(a, b) == []


def test_a_recall_says_nothing_of_which_product_was_recalled(worlds):
    """Worlds a and b recall the experimental product's lot, world c the other's."""
    a, b, c = worlds
    assert different(a, b) == []
    assert different(a, c) == []


def test_what_is_compared_is_the_whole_blinded_side(worlds):
    a = worlds[0]
    kinds = {name.split("/")[0] for name in a}
    assert kinds >= {"default", "identity", "keys", "page", "letter", "file", "log", "statements"}
    pages = [page for name, page in a.items() if name.startswith("page/")]
    assert len(pages) > 500
    assert sum(page[:4] == b"(200" for page in pages) > 300
    assert not [name for name, page in a.items() if page[:2] == b"(5"]
    for folder in ("csv", "odm", "fhir", "ctgov", "who24"):
        assert [name for name in a if name.startswith(f"file/exports/{folder}")], folder
    assert [name for name in a if name.endswith(".pdf")]
    assert any(b"unblinded" in letter for name, letter in a.items() if name.startswith("letter/"))


def test_everything_that_goes_wrong_in_a_trial_went_wrong_in_it(worlds):
    a = worlds[0]
    assert a["default/store_participant"].count(b"\n") >= 7
    assert b'"quarantined": true' in a["default/store_kit"]
    entries = a["default/store_ledgerentry"]
    for what in (b"kit-replaced", b"kit-transferred", b"unblinding-noted", b"exported",
                 b"interim-conducted", b"board-decided",
                 b"source-verified", b"signed", b"dose-recorded", b"amendment-published"):  # fmt: skip
        assert what in entries, what
    assert b'"became":"lost"' in a["default/store_ledgerpayload"]


def test_no_page_was_forgotten(worlds):
    """Views come from the resolver: whoever adds one has it compared, or says here why not."""
    from server.worlds_crawl import views

    opened = set(worlds[0]["opened"].decode().split("\n"))
    known = {name for name, *_ in views()}
    asked = {name for name in known if f"{name} asked" in opened}
    assert known - asked - set(NEVER_ASKED) == set()
    forms = {name for name in known if f"{name} form" in opened}
    closed = asked - opened - forms
    assert closed - set(NOT_OPENED) == set(), "open them in worlds_crawl.py, or say why not"
    assert len(closed) < len(known) / 5


def test_the_two_worlds_really_differ_behind_the_seals(leaking):
    a, b = (world["log"].decode() for world in leaking["a_log_line"])
    swapped = a.replace(" low", " ?").replace(" placebo", " low").replace(" ?", " placebo")
    assert swapped == b
    assert a != b


@pytest.mark.parametrize("leak", IN_EVERY_RUN)
def test_a_planted_leak_is_caught(leaking, leak):
    found = different(*leaking[leak])
    assert [name for name in found if name.startswith(WHERE[leak])], found


def test_there_are_more_than_thirty_leaks_to_plant():
    assert len(LEAKS) > 30
