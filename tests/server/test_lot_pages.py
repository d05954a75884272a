"""Lots on the pages of the unblinded side: entered, certified, released, packed, sent, held."""

from __future__ import annotations

import re

import pytest

from equipoise.errors import UnknownRecord
from equipoise_server.allocator import client, preparation
from equipoise_server.vault.models import (
    Excursion,
    Kit,
    Lot,
    PackagingBatch,
    UnblindedRecord,
)
from server.cast import NOW, Cast
from server.test_unblinded import PIN, side, treated  # noqa: F401 - fixtures
from server.unblinded_process import Unblinded, Visitor

pytestmark = pytest.mark.once  # what is decided about lots is tested on both engines elsewhere
PRODUCTS = {"tablet-high": "40", "tablet-low": "20", "tablet-placebo": "0"}


def enter_lot(fu: Visitor, product: str, content: str) -> None:
    fu.get("new-lot/")
    given = {"lot": f"{product}-1", "product": product, "storage": "dry"}
    fu.post(
        "new-lot/", **given, made_on="2026-01-05", expires_on="2099-01-05", scale="", passage=""
    )
    assert fu.code == "", fu.text
    where = f"lots/{product}-1/certificate/"
    fu.get(where)
    fu.post(where, **{"r.content": content, "r.look": "white and round"})
    assert fu.code == "", fu.text


def test_lots_are_entered_released_packed_and_sent_on_the_pages(side: Unblinded, trial: Cast):  # noqa: F811
    fu, hu = Visitor(side), Visitor(side, "zh-hans")
    fu.sign_in("fu", PIN)
    hu.sign_in("hu", PIN)
    for product, content in PRODUCTS.items():
        enter_lot(fu, product, content)
    assert Lot.objects.filter(status="certified").count() == 3
    release(fu, "tablet-high-1")
    assert fu.code == "refused.two-persons"
    hu.get("lots/tablet-high-1/certificate/")
    hu.post("lots/tablet-high-1/certificate/", **{"r.content": "4e9", "r.look": "", "reason": ""})
    assert hu.code == "refused.reason-required"
    assert "mg" in hu.get("lots/tablet-high-1/")
    assert "～" in hu.text, "limits in the words of the viewer"
    release(hu, "tablet-high-1", pin="wrong one")
    assert hu.code == "refused.assertion"
    for product in PRODUCTS:
        release(hu, f"{product}-1")
        assert hu.code == "", hu.text
    fu.get("batches/")
    form = {f"lot.{product}": f"{product}-1" for product in PRODUCTS} | {"shares": "8"}
    key = re.findall(r'name="key" value="([^"]+)"', fu.text)[0]
    for _ in range(2):
        fu.post("batches/", **form, key=key, pack="1")
    assert PackagingBatch.objects.count() == 1, "a second click packs nothing more"
    fu.post("batches/", site="s02", shares="2", key="another", consign="1")
    codes = Kit.objects.filter(site="s02").exclude(batch="").values_list("code", flat=True)
    assert len(codes) == 8
    assert all(code in fu.text for code in codes)
    lot_is_in_the_record(fu, codes)
    fu.post("batches/", site="s02", shares="900", key="third", consign="1")
    assert fu.code == "refused.out-of-order"
    held_back(fu, hu)


def lot_is_in_the_record(fu: Visitor, codes: list[str]) -> None:
    """Whatever is typed, a record of a unit holds the lot and the expiry that the vault knows."""
    lots = client.ask("lots_of_kits", by="fu", at=NOW)
    for number, kit in enumerate(codes, start=1):
        about = {
            "participant": "P",
            "form": "dp",
            "number": number,
            "document": {"lot": "mistyped"},
        }
        preparation.record(**about, by="fu", at=NOW, key=f"dp/{number}", kit=kit)
    kept = UnblindedRecord.objects.filter(form="dp").order_by("number")
    assert [one.document["lot"] for one in kept] == [lots[kit] for kit in codes]
    assert {one.document["expires_on"] for one in kept} == {"2099-01-05"}
    assert len(set(lots.values())) == 3
    with pytest.raises(UnknownRecord):
        preparation.record(**about, by="fu", at=NOW, key="dp/none", kit="NO-KIT")


def release(visitor: Visitor, lot: str, pin: str = PIN) -> None:
    visitor.get(f"lots/{lot}/")
    visitor.post(f"lots/{lot}/", step="release_lot", reason="within", pin=pin)


def held_back(fu: Visitor, hu: Visitor) -> None:
    """An excursion: told by one, decided by another."""
    told = {"began": "2026-02-01T10:00", "ended": "2026-02-01T12:00", "lowest": "2", "highest": "9"}
    fu.get("excursions/")
    fu.post("excursions/", place="site:s02", **{**told, "ended": "2026-01-01T12:00"})
    assert fu.code == "refused.out-of-order"
    fu.post("excursions/", place="site:s02", **told)
    found = Excursion.objects.get()
    assert found.began == "2026-02-01T10:00:00+08:00", "on the clock of the site"
    assert not Kit.objects.filter(site="s02", valid=True).exists()
    decided = {"decide": "1", "excursion": found.code, "decision": "use", "reason": "short"}
    fu.post("excursions/", **decided, pin=PIN)
    assert fu.code == "refused.two-persons"
    hu.get("excursions/")
    hu.post("excursions/", **decided, pin=PIN)
    assert hu.code == "", hu.text
    assert Kit.objects.filter(site="s02", valid=True).exists()
