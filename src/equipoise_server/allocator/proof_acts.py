"""What may be asked at the unblinded door, by whom, and how they must prove themselves.

Every message of the door that tells or changes something of the vault is `act`, with the name of
one row of ACTS. The allocator's own clock decides, never one that was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from equipoise.errors import Refused, SamePerson, TwoPersonsRequired
from equipoise_server.allocator import (
    interim_names,
    interims,
    passkeys,
    preparation,
    product_verbs,
    proof_check,
    register,
    register_views,
)
from equipoise_server.allocator import proof as proving
from equipoise_server.allocator import unblinding as telling
from equipoise_server.allocator.asked import Asked, Proved
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import vault_transaction
from equipoise_server.vault.models import Credential

CODE = frozenset({"code"})
FRESH = frozenset({"pin", "passkey"})
SIGNED_IN = frozenset({"pass"})
EVERYBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One row: what is done, for which roles (none: whoever is entered), by which proof.

    `second`: roles of a second person who has to prove themselves for the same request.
    """

    do: Callable[[Asked], Any]
    roles: frozenset[str]
    kinds: frozenset[str] = SIGNED_IN
    second: frozenset[str] | None = None


def _enrol(asked: Asked) -> bool:
    salt, key = asked.text("salt"), asked.text("public_key")
    proving.require_key(key, salt)
    with vault_transaction():
        register.keep_pin(person=asked.person, salt=salt, public_key=key, at=asked.at)
    return True


def _enrol_passkey(asked: Asked) -> bool:
    """With a one-time code it replaces what the person had; with a PIN it is one more."""
    key = passkeys.stored(asked.text("site"), asked.text("public_key"))
    with vault_transaction():
        register.keep_passkey(
            person=asked.person,
            credential=asked.text("credential"),
            public_key=key,
            instead=asked.credential.kind == "code",
            at=asked.at,
        )
    return True


def _enter(asked: Asked) -> dict[str, Any]:
    key = asked.text("public_key")
    proving.require_key(key)
    with vault_transaction():
        until = register.keep_pass(person=asked.person, public_key=key, at=asked.at)
    roles = [[role, None if sites is None else list(sites)] for role, sites in asked.held]
    return {"roles": roles, "until": until.isoformat()}


def _leave(asked: Asked) -> bool:
    with vault_transaction():
        register.spend(asked.credential, asked.at)
    return True


ACTS: dict[str, Act] = {
    "enrol": Act(do=_enrol, roles=EVERYBODY, kinds=CODE),
    "enrol passkey": Act(do=_enrol_passkey, roles=EVERYBODY, kinds=CODE | FRESH),
    "enter": Act(do=_enter, roles=EVERYBODY, kinds=FRESH),
    "leave": Act(do=_leave, roles=EVERYBODY),
    "reveal": Act(do=telling.reveal_asked, roles=telling.REVEALERS, kinds=FRESH),
    "reveal for a report": Act(do=telling.reveal_for_report, roles=telling.REPORTERS, kinds=FRESH),
    "release": Act(
        do=telling.release_asked,
        roles=telling.RELEASERS,
        kinds=FRESH,
        second=telling.RELEASERS,
    ),
    "interims": Act(do=interims.interims_asked, roles=telling.BOARD),
    "conduct interim": Act(
        do=interims.conduct_asked, roles=interim_names.STATISTICIAN, kinds=FRESH
    ),
    "decide interim": Act(do=interims.decide_asked, roles=interim_names.MEMBER, kinds=FRESH),
    "open letters": Act(
        do=interims.letters_asked, roles=telling.BOARD, kinds=FRESH, second=telling.BOARD
    ),
    "masks": Act(do=telling.masks_asked, roles=telling.BOARD),
    "contents": Act(do=telling.contents_asked, roles=telling.PREPARERS),
    "worklist": Act(do=telling.worklist, roles=telling.PREPARERS),
    "prepare": Act(
        do=preparation.prepare,
        roles=telling.PREPARE,
        second=telling.PREPARERS,
    ),
    "preparations": Act(do=preparation.prepared, roles=telling.PREPARERS),
    "kits": Act(do=register_views.kits_held, roles=telling.PREPARERS),
    "accountability": Act(do=register_views.accountability, roles=telling.PREPARERS),
    "journal": Act(do=register_views.journal, roles=telling.MONITORS),
    **{
        verb: Act(
            do=do,
            roles=product_verbs.PHARMACY,
            kinds=FRESH if verb in product_verbs.DECISIONS else SIGNED_IN,
        )
        for verb, do in product_verbs.ASKED.items()
    },
}
"""Every message of the unblinded door but `challenge`. Another part may add rows of its own."""


def challenge(
    *, person: str, verb: str, about: Mapping[str, Any], release: str = ""
) -> dict[str, str]:
    """A nonce and salts for one request, on the allocator's clock."""
    if verb not in ACTS:
        raise KeyError(verb)
    at = datetime.now(UTC)
    return proof_check.challenge(person=person, verb=verb, about=about, at=at, release=release)


def act(
    *,
    person: str,
    verb: str,
    about: Mapping[str, Any],
    proof: Mapping[str, str],
    second: Mapping[str, str] | None = None,
    release: Mapping[str, str] | None = None,
) -> Any:
    """Carry out one act, on the allocator's clock. See `act_at`."""
    proofs = Proofs(first=proof, second=second, release=release)
    return act_at(person=person, verb=verb, about=about, proofs=proofs, at=datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What came with a request: `nonce` and `signature`; of the second person also `person`.

    `release`: `name` of a custodian's code, and the signature of its key over the first words.
    """

    first: Mapping[str, str]
    second: Mapping[str, str] | None = None
    release: Mapping[str, str] | None = None


def act_at(
    *, person: str, verb: str, about: Mapping[str, Any], proofs: Proofs, at: datetime
) -> Any:
    """Check the proof, the roles, the second person; then do it.

    Raises:
        AssertionRefused and its leaves: who asks is not proved.
        NotPermitted: not entered under a fitting role.
        TwoPersonsRequired, SamePerson: the second person is missing or the first again.

    """
    row = ACTS[verb]
    by = _proved(person, verb, about, proofs.first, row.kinds, at)
    if row.roles or not by.held:
        register.require(by.held, row.roles, verb)
    other = None
    if row.second is not None:
        other = _second(person, verb, about, proofs.second, row.second, at)
    release = _release(person, verb, about, proofs)
    try:
        return row.do(Asked(by=by, about=about, at=at, second=other, release=release))
    except Refused as problem:
        with vault_transaction():
            note("refused", by=person, at=at, payload={"verb": verb, "why": problem.code})
        raise


def _proved(
    person: str,
    verb: str,
    about: Mapping[str, Any],
    given: Mapping[str, str],
    kinds: frozenset[str],
    at: datetime,
) -> Proved:
    found = proof_check.prove(
        person=person, verb=verb, about=about, given=given, kinds=kinds, at=at
    )
    return Proved(person=person, held=register.roles_of(person, at), credential=found)


def _second(
    person: str,
    verb: str,
    about: Mapping[str, Any],
    given: Mapping[str, str] | None,
    roles: frozenset[str],
    at: datetime,
) -> Proved:
    if given is None:
        raise TwoPersonsRequired(verb.capitalize())
    if given["person"] == person:
        raise SamePerson(verb.capitalize())
    verified = {**about, "first": person}
    other = _proved(str(given["person"]), verb, verified, given, FRESH, at)
    register.require(other.held, roles, f"verify: {verb}")
    return other


def _release(person: str, verb: str, about: Mapping[str, Any], proofs: Proofs) -> Credential | None:
    """The custodian's code, where its key signed the same words as the person did."""
    if proofs.release is None:
        return None
    found = register.release_of(str(proofs.release["name"]))
    signed = proving.words(verb, person, about, str(proofs.first["nonce"]))
    fitting = found and proving.fits(found.public_key, str(proofs.release["signature"]), signed)
    return found if fitting else None
