"""Words from which somebody could guess what a participant receives."""

from __future__ import annotations

import re
from collections.abc import Iterable

from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Protocol
from equipoise.protocol.remember import Remembered

GENERAL = frozenset(
    {"placebo", "sham", "unblind", "active arm", "control arm", "control group",
     "treatment group", "allocated to", "安慰剂", "对照组", "试验组", "治疗组", "揭盲"}
)  # fmt: skip
_ORDINARY = frozenset(
    {"normal", "sodium", "chloride", "cells", "sterile", "active", "substance", "without",
     "solution", "来源", "细胞", "溶液", "成分", "无菌", "活性", "毫克", "性成"}
)  # fmt: skip
_LATIN = re.compile(r"[a-z]{5,}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def may_unblind(protocol: Protocol, text: str) -> bool:
    """Whether a free text holds a word that tells arms apart, or one that speaks of blinding.

    The words are those of the titles of arms and products that not all of them share and
    that the population's description does not use; of Chinese, every two letters. It is a
    warning, no proof: such a word may be harmless, and others may give more away.
    """
    lower = text.lower()
    return any(word in lower for word in _secret(protocol))


def _words(protocol: Protocol) -> frozenset[str]:
    arms = [_of(arm.title, arm.id) for arm in protocol.arms]
    products = [_of(one.title, one.id) for one in protocol.products]
    every = frozenset[str]().union(*arms, *products)
    shared = [frozenset.intersection(*kind) for kind in (arms, products) if kind]
    harmless = _of(protocol.population).union(*shared)
    return (every - harmless - _ORDINARY) | GENERAL


def _of(text: Text, name: str = "") -> frozenset[str]:
    return frozenset(_pieces((*text.values(), name)))


def _pieces(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from _LATIN.findall(text.lower())
        for run in _CHINESE.findall(text):
            yield from (run[at : at + 2] for at in range(len(run) - 1))


_secret: Remembered[Protocol, frozenset[str]] = Remembered(_words)
