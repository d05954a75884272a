"""Source verification, coding, deviations, and files of laboratories."""

from __future__ import annotations

from django.db import models


class Verification(models.Model):
    """That somebody compared one answer with its source. Undone when the answer changes."""

    record = models.ForeignKey(
        "store.Record", on_delete=models.PROTECT, related_name="verifications"
    )
    item = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    undone_version = models.PositiveIntegerField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One that stands per answer."""

        constraints = [
            models.UniqueConstraint(
                fields=["record", "item"],
                condition=models.Q(undone_at__isnull=True),
                name="one_verification",
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.item}"


class Dictionary(models.Model):
    """One version of a dictionary that was loaded."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    terms = models.PositiveIntegerField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        """A version is loaded once."""

        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_dictionary_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class DictionaryTerm(models.Model):
    """One term of a loaded dictionary."""

    dictionary = models.ForeignKey(Dictionary, on_delete=models.PROTECT, related_name="entries")
    code = models.CharField(max_length=64)
    text = models.CharField(max_length=400)
    text_zh = models.CharField(max_length=400, blank=True, default="")
    path = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        """Found by code."""

        indexes = [models.Index(fields=["dictionary", "code"], name="term_by_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class DictionaryToken(models.Model):
    """One word, or two Chinese letters, of a term: what a search looks up."""

    dictionary = models.ForeignKey(Dictionary, on_delete=models.PROTECT, related_name="tokens")
    token = models.CharField(max_length=64)
    term = models.ForeignKey(DictionaryTerm, on_delete=models.PROTECT, related_name="tokens")

    class Meta:
        """Found by token."""

        indexes = [models.Index(fields=["dictionary", "token"], name="term_by_token")]

    def __str__(self) -> str:
        return self.token


class Coding(models.Model):
    """One coding of one text: which term of which version of which dictionary. Append-only.

    `number` counts the codings of the text; the highest one counts. `record_version` is the
    version of the record whose text was read.
    """

    record = models.ForeignKey("store.Record", on_delete=models.PROTECT, related_name="codings")
    item = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    record_version = models.PositiveIntegerField()
    dictionary = models.CharField(max_length=64)
    dictionary_version = models.CharField(max_length=32)
    code = models.CharField(max_length=64)
    term = models.JSONField()
    path = models.CharField(max_length=400, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        """Codings of a text count from 1."""

        constraints = [
            models.UniqueConstraint(fields=["record", "item", "number"], name="one_coding")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.item} {self.number}"


class Deviation(models.Model):
    """A departure from the protocol, seen by a rule or raised by a person.

    `message` has a text per language for those of rules; what a person wrote stands in the
    ledger. `status`: open until classified; gone when corrected data no longer show it.
    """

    participant = models.ForeignKey(
        "store.Participant", on_delete=models.PROTECT, related_name="deviations"
    )
    origin = models.CharField(max_length=16)
    rule = models.CharField(max_length=64, blank=True, default="")
    kind = models.CharField(max_length=16)
    proposed = models.CharField(max_length=16, blank=True, default="")
    form = models.CharField(max_length=64, blank=True, default="")
    visit = models.CharField(max_length=64, blank=True, default="")
    number = models.PositiveIntegerField(default=0)
    on = models.DateField()
    message = models.JSONField(default=dict)
    status = models.CharField(max_length=16, default="open")
    classification = models.CharField(max_length=16, blank=True, default="")
    raised_by = models.CharField(max_length=150, blank=True, default="")
    raised_at = models.DateTimeField()
    classified_by = models.CharField(max_length=150, blank=True, default="")
    classified_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A rule says the same thing once."""

        constraints = [
            models.UniqueConstraint(
                fields=["participant", "rule", "form", "visit", "number"],
                condition=models.Q(origin="rule"),
                name="one_deviation",
            )
        ]
        indexes = [models.Index(fields=["status", "participant"], name="deviation_by_status")]

    def __str__(self) -> str:
        return f"{self.kind} {self.participant_id}"


class Upload(models.Model):
    """A laboratory file between preview and acceptance. Goes when it is accepted, or old."""

    sha256 = models.CharField(max_length=64)
    transfer = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ImportedFile(models.Model):
    """A laboratory file that was accepted. Append-only; the file itself is not kept."""

    sha256 = models.CharField(max_length=64)
    transfer = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    lines = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        """A file is taken once per transfer."""

        constraints = [
            models.UniqueConstraint(fields=["sha256", "transfer"], name="one_imported_file")
        ]

    def __str__(self) -> str:
        return self.name
