import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.digest import canonical_json, salted, sha256
from thorough import thorough


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    second: object
    first: object = None


def test_every_known_kind_has_its_written_form():
    value = {
        "text": 'é中\n"',
        "none": None,
        "yes": True,
        "whole": -7,
        "real": 0.1,
        "exact": Decimal("1.50"),
        "day": date(2026, 3, 1),
        "instant": datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=8))),
        "kind": Colour.RED,
        "level": Level.HIGH,
        "list": [1, (2, 3)],
        "pair": Pair(second=1),
    }
    assert canonical_json(value).decode() == (
        '{"day":"2026-03-01","exact":"1.50","instant":"2026-03-01T00:00:00Z","kind":"red",'
        '"level":3,"list":[1,[2,3]],"none":null,"pair":{"first":null,"second":1},"real":0.1,'
        '"text":"é中\\n\\"","whole":-7,"yes":true}'
    )


def test_the_order_in_which_keys_were_written_does_not_matter():
    one = OrderedDict([("b", 1), ("a", {"d": 1, "c": 2})])
    other = MappingProxyType({"a": {"c": 2, "d": 1}, "b": 1})
    assert canonical_json(one) == canonical_json(other)


def test_a_moment_is_the_same_in_every_zone():
    utc = datetime(2026, 3, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert canonical_json(utc) == b'"2026-03-01T00:00:00.000005Z"'
    assert canonical_json(utc.astimezone(timezone(timedelta(hours=-3)))) == canonical_json(utc)


def test_true_is_not_one_and_one_is_not_one_point_nought():
    assert len({canonical_json(value) for value in (True, 1, 1.0, "1")}) == 4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), Decimal("NaN")])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="finite"):
        canonical_json({"deep": [value]})


@pytest.mark.parametrize(
    "value", [b"bytes", {1, 2}, time(8, 0), timedelta(1), object(), np.int64(3), Pair, 1j]
)
def test_a_kind_without_a_written_form_is_refused(value):
    with pytest.raises(TypeError, match="canonical form"):
        canonical_json([value])


@pytest.mark.parametrize("key", [1, None, True, ("a",)])
def test_a_key_that_is_not_text_is_refused(key):
    with pytest.raises(TypeError, match="key"):
        canonical_json({key: 1})


def test_two_keys_that_are_written_alike_are_refused():
    with pytest.raises(ValueError, match="same text"):
        canonical_json({"red": 1, Colour.RED: 2})


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        canonical_json(datetime(2026, 3, 1))


def test_half_a_character_is_refused():
    with pytest.raises(ValueError, match="surrogate"):
        canonical_json("\ud800")


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="deep"):
        canonical_json(endless)


def test_bytes_are_digested_as_they_are_and_values_by_their_canonical_form():
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert sha256({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


def test_a_salted_digest_is_the_published_hmac_and_depends_on_payload_and_salt():
    salt = bytes(range(16))
    assert salted(b"payload", salt) == hmac.new(salt, b"payload", "sha256").hexdigest()
    assert len({salted(b"a", salt), salted(b"b", salt), salted(b"a", salt + b"\0\1")}) == 3


def test_a_short_salt_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        salted(b"payload", b"short")


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@thorough()
@given(documents)
def test_reading_the_form_back_gives_the_value_and_writing_again_the_form(document):
    written = canonical_json(document)
    assert json.loads(written) == document
    assert canonical_json(json.loads(written)) == written
