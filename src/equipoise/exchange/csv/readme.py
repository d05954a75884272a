"""The page that lies beside the tables."""

from __future__ import annotations

from equipoise.exchange.bundle import Written
from equipoise.exchange.source import About
from equipoise.protocol.model import Study

_PAGE = """\
{title}

Study {id}, protocol version {version}
Digest of the protocol {digest}
Exported {at} by {by}
{standing}

FILES
{files}

HOW TO READ THEM
- Tables are UTF-8 without byte order mark, RFC 4180: commas, quotes doubled, lines end CRLF.
- One table per form in forms/: one row per record, its newest version. A record is one form of
  one participant at one visit; `number` counts where a form repeats, and is 0 where it does not.
- The visits `daily`, `dosing` and `log` hold daily records, one per dose, and running logs.
- Codes are written as codes; codelists.csv has their words. Several codes are joined by {bar}.
- An empty cell is no answer: not asked, not given, or not known. true and false are yes and no.
- Dates are YYYY-MM-DD at the site, partial dates YYYY or YYYY-MM. Instants end in Z (UTC) in the
  fixed columns; answers keep the offset with which they were given. Units: codebook.csv.
- A text that a spreadsheet would run (it begins with = + - @, a tab or a line break), or that
  begins with an apostrophe, has one apostrophe in front. Take one leading apostrophe away to get
  the text back. Numbers are never changed.
- A record whose newest answers were redacted has the status `redacted` and no answers.
- versions.csv is the audit: every answer ever given, changed or taken away, by whom, when, why.
  `study` is the beginning of the digest of the protocol under which it was saved; answers stand
  there under the names of that version. The tables in forms/ read all records under the newest
  version, older ones through the lenses that its amendments declare.
- signatures.csv has every electronic signature: on which version, by whom, when, what it means,
  and since when and why one does not hold any more.
- queries.csv, codings.csv, deviations.csv and verifications.csv tell how the data were cleaned; of
  several codings of one text the one with the highest `coding` counts.
- ledger.jsonl is the ledger. Each line's digest is the SHA-256 of the canonical JSON list of
  chain, sequence, previous, what, by, at, subject, payload_digest; payload_digest is the
  HMAC-SHA256 of the payload's canonical JSON under the salt's text.
- SHA256SUMS: `sha256sum -c SHA256SUMS` says whether a file was changed.
{blinding}
"""
_BLINDED = "- Nothing here says who received what. Unblinded forms are not part of this export."
_OPEN = "- allocation.csv says who was allocated to what, as released after the study was locked."


def page(study: Study, about: About, files: list[Written]) -> str:
    """The text of README.txt."""
    width = max(len(one.path) for one in files)
    listed = "\n".join(f"{one.path:<{width}}  {one.rows or '-':>9}" for one in files)
    return _PAGE.format(
        title=study.protocol.title.say("en"),
        id=study.protocol.id,
        version=study.protocol.version,
        digest=study.digest,
        at=about.at,
        by=about.by,
        standing=_standing(about),
        files=f"{'':<{width}}  {'rows':>9}\n{listed}",
        bar="|",
        blinding=_OPEN if about.unblinded else _BLINDED,
    )


def _standing(about: About) -> str:
    said = [f"Locked {about.locked}" if about.locked else "Not locked: the data may still change"]
    if about.demo:
        said.insert(0, "A DEMONSTRATION: no person of flesh and blood is in these data")
    return "\n".join(said)
