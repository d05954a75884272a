"""AdminData and ClinicalData: every save as a transaction with its audit record."""

from __future__ import annotations

from collections.abc import Iterable

from equipoise.exchange.csv.audit import Change, changes_of
from equipoise.exchange.odm import names
from equipoise.exchange.odm.xml import Writer, content, quoted
from equipoise.exchange.source import Source, VersionLine
from equipoise.protocol.forms import Form
from equipoise.protocol.model import Study

REDACTED = "redacted"


def write_people(xml: Writer, study: Study, source: Source, on: str) -> None:
    """Write the people who saved something and the centres, by name."""
    with xml.element("AdminData", StudyOID=names.study_oid(study)):
        for user in source.users():
            with xml.element("User", OID=f"U.{user.username}"):
                xml.leaf("LoginName", user.username)
                xml.leaf("FullName", user.full_name)
        for site in source.sites():
            with xml.element("Location", OID=f"L.{site.site}", Name=site.name, LocationType="Site"):
                xml.empty(
                    "MetaDataVersionRef",
                    StudyOID=names.study_oid(study),
                    MetaDataVersionOID=names.version_oid(study),
                    EffectiveDate=on,
                )


def write_data(xml: Writer, study: Study, source: Source) -> int:
    """Write every version of every record as a transaction; how many there were.

    People without any record come last, as subjects without data.
    """
    groups = {form.id: names.groups_of(form) for form in study.forms.values()}
    seen: set[str] = set()
    written = 0
    oids = {"StudyOID": names.study_oid(study), "MetaDataVersionOID": names.version_oid(study)}
    with xml.element("ClinicalData", **oids):
        current = ""
        for line, changes in changes_of(source.versions(), source.seen):
            if line.participant != current:
                if current:
                    xml.end("SubjectData")
                current = line.participant
                _begin(xml, current, line.site, first=current not in seen)
                seen.add(current)
            _version(xml, line, changes, groups.get(line.form, {}), study.forms.get(line.form))
            written += 1
        if current:
            xml.end("SubjectData")
        for one in source.participants():
            if one.participant not in seen:
                _begin(xml, one.participant, one.site, first=True)
                xml.end("SubjectData")
    return written


def _begin(xml: Writer, participant: str, site: str, *, first: bool) -> None:
    kind = "Insert" if first else "Context"
    xml.start("SubjectData", SubjectKey=participant, TransactionType=kind)
    xml.empty("SiteRef", LocationOID=f"L.{site}")


def _version(
    xml: Writer, line: VersionLine, changes: list[Change], groups: dict[str, str], form: Form | None
) -> None:
    audit = _audit(line)
    number = line.number if form is not None and form.repeats else None
    event = names.event_oid(line.visit)
    with (
        xml.element("StudyEventData", StudyEventOID=event, TransactionType="Upsert"),
        xml.element(
            "FormData",
            FormOID=names.form_oid(line.form),
            FormRepeatKey=number,
            TransactionType="Insert" if line.version == 1 else "Update",
        ),
    ):
        xml.raw(audit)
        for group, some in _by_group(line.form, changes, groups):
            with xml.element("ItemGroupData", ItemGroupOID=group, TransactionType="Upsert"):
                for change in some:
                    xml.raw(_item(line.form, change, audit))


def _by_group(
    form: str, changes: Iterable[Change], groups: dict[str, str]
) -> list[tuple[str, list[Change]]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        group = groups.get(change[0], names.group_oid(form, "retired"))
        found.setdefault(group, []).append(change)
    return list(found.items())


def _item(form: str, change: Change, audit: str) -> str:
    name, old, new = change
    start = f"<ItemData ItemOID={quoted(names.item_oid(form, name))}"
    if new is None:
        return f'{start} TransactionType="Remove">\n{audit}</ItemData>\n'
    kind = "Insert" if old is None else "Update"
    value = quoted(names.value_text(new))
    return f'{start} TransactionType="{kind}" Value={value}>\n{audit}</ItemData>\n'


def _audit(line: VersionLine) -> str:
    """Who saved this version, where, when and why."""
    reason = "; ".join(one for one in (line.reason, REDACTED if line.data is None else "") if one)
    why = f"<ReasonForChange>{content(reason)}</ReasonForChange>" if reason else ""
    return (
        f"<AuditRecord><UserRef UserOID={quoted(f'U.{line.by}')}/>"
        f"<LocationRef LocationOID={quoted(f'L.{line.site}')}/>"
        f"<DateTimeStamp>{content(line.at)}</DateTimeStamp>{why}</AuditRecord>\n"
    )
