"""Recompute a trial's randomisation list from its seed, and compare it with the commitment.

    python verify_allocation.py opened.json COMMITMENT

`opened.json` is what a custodian opens (age -d -i KEY list.age > opened.json); COMMITMENT is
the SHA-256 published before the first participant. Needs Python alone. Draw k of a stratum:
first 53 bits of HMAC-SHA256(seed, canonical JSON [label, study, digest, stratum, k]) / 2^53,
k from 0; canonical JSON has sorted keys, no spaces, UTF-8.
"""

import hashlib
import hmac
import json
import math
import sys
from pathlib import Path


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def uniform(seed, about, stratum, k):
    message = canonical([about["label"], about["study"], about["digest"], stratum, k])
    return (int.from_bytes(hmac.digest(seed, message, "sha256")[:8], "big") >> 11) / 2**53


def weights(scheme, given, ratio, held):
    if scheme in ("simple", "big-stick"):  # the ratio, without arms that are `limit` rounds ahead
        return [r if n < given.get("limit", math.inf) * r else 0 for r, n in zip(ratio, held)]
    rounds = given["lambda_"] if scheme == "block-urn" else given["size"] // sum(ratio)
    return [rounds * r - n for r, n in zip(ratio, held)]  # what is left in the urn or block


def one_list(about, seed, stratum):
    scheme, given, arms = about["scheme"], about["parameters"], []
    ratio = [r // math.gcd(*about["ratio"]) for r in about["ratio"]]
    held = [0] * len(ratio)
    for k in range(about["length"]):
        left, u, edge = weights(scheme, given, ratio, held), uniform(seed, about, stratum, k), 0.0
        for arm in (i for i, weight in enumerate(left) if weight):
            edge += left[arm] / sum(left)
            if u < edge:
                break
        held[arm] += 1
        whole = given["size"] // sum(ratio) if scheme == "permuted-block" else 1
        if all(n >= whole * r for n, r in zip(held, ratio)):  # a block, or a round, is complete
            held = [n - whole * r for n, r in zip(held, ratio)]
        arms.append(about["arms"][arm])
    return arms


opened = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
about, seed = opened["configuration"], bytes.fromhex(opened["seed"])
if about["scheme"] not in ("simple", "big-stick", "block-urn", "permuted-block"):
    sys.exit(f"This script does not know the scheme {about['scheme']}; `equipoise verify` does.")
mine = {stratum: one_list(about, seed, stratum) for stratum in about["strata"]}
found = hashlib.sha256(canonical({**opened, "list": mine})).hexdigest()
same = found == sys.argv[2] and mine == opened["list"]
sys.exit(print(found, "matches the commitment" if same else "DOES NOT MATCH") or not same)
