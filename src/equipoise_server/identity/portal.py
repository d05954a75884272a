"""Strangers, volunteers and their letters: encrypted per person, known elsewhere by a token.

Every column named `sealed...` is AES-256-GCM under the person's own key, which lies in
the key store (`identity.keyring`). Deleting it erases the person. The blind indexes
are keyed hashes: they find the same address again and tell nothing else.
"""

from __future__ import annotations

from django.db import models


class Letter(models.Model):
    """One letter to send, once per `key`. What it says and to whom is sealed until it is sent.

    `person` is a volunteer's token where the letter goes to a volunteer; then the address is
    looked up, and the consent for `purpose` looked at again, when it is sent.
    """

    key = models.CharField(max_length=200, unique=True)
    template = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    person = models.CharField(max_length=32, blank=True, default="", db_index=True)
    purpose = models.CharField(max_length=16, blank=True, default="")
    subject_of = models.CharField(max_length=64, blank=True, default="")
    sealed = models.BinaryField(null=True)
    at = models.DateTimeField()
    ended = models.CharField(max_length=16, blank=True, default="")

    def __str__(self) -> str:
        return self.key


class Volunteer(models.Model):
    """Somebody who asked for alerts. `sealed` holds the address and the name."""

    token = models.CharField(max_length=32, primary_key=True)
    sealed = models.BinaryField(null=True)
    address_index = models.CharField(max_length=64, unique=True, null=True)
    language = models.CharField(max_length=16, default="en")
    rhythm = models.CharField(max_length=8, default="digest")
    created_at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """Alerts go to the confirmed."""

        indexes = [models.Index(fields=["rhythm", "confirmed_at"], name="volunteer_by_rhythm")]

    def __str__(self) -> str:
        return self.token


class Interest(models.Model):
    """A category that a volunteer wants to hear of; `topic` is an id of the condition tree."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="interests")
    topic = models.CharField(max_length=64)

    class Meta:
        """Found by topic when a study is posted."""

        constraints = [models.UniqueConstraint(fields=["volunteer", "topic"], name="interest_once")]
        indexes = [models.Index(fields=["topic", "volunteer"], name="interest_by_topic")]

    def __str__(self) -> str:
        return f"{self.volunteer_id} {self.topic}"


class Permission(models.Model):
    """One consent of a volunteer or enquirer, with the very text, its language and time."""

    person = models.CharField(max_length=32)
    purpose = models.CharField(max_length=16)
    version = models.CharField(max_length=16)
    language = models.CharField(max_length=16)
    text_sha256 = models.CharField(max_length=64)
    channel = models.CharField(max_length=16)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Looked up by person and purpose; one that stands at a time."""

        constraints = [
            models.UniqueConstraint(
                fields=["person", "purpose"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="permission_stands_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.purpose}"


class Enquirer(models.Model):
    """Somebody who wrote to a site: `sealed` holds name, address, telephone and the message.

    `sealed_answers` are the pre-screening answers, kept only with consent. `volunteer` is the
    token of the volunteer who wrote, where one was signed in. `participant` is the study code
    after the hand-over.
    """

    token = models.CharField(max_length=32, primary_key=True)
    sealed = models.BinaryField(null=True)
    sealed_answers = models.BinaryField(null=True)
    sealed_reply = models.BinaryField(null=True)
    address_index = models.CharField(max_length=64, null=True, db_index=True)
    phone_index = models.CharField(max_length=64, null=True, db_index=True)
    volunteer = models.CharField(max_length=32, blank=True, default="", db_index=True)
    participant = models.CharField(max_length=32, blank=True, default="", db_index=True)
    language = models.CharField(max_length=16, default="en")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.token


class SavedStudy(models.Model):
    """A study that a volunteer keeps in the workspace."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="saved")
    study = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        """Once each."""

        constraints = [models.UniqueConstraint(fields=["volunteer", "study"], name="saved_once")]

    def __str__(self) -> str:
        return self.study


class Annotation(models.Model):
    """A private note or a question on one paragraph of one protocol version.

    `quote` is the public text it stands on; `sealed` is what the volunteer wrote; `sealed_reply`
    what the team answered. `shared_at` is set when it becomes a question to the team.
    """

    token = models.CharField(max_length=32, primary_key=True)
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="annotations")
    study = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    paragraph = models.CharField(max_length=64)
    quote = models.TextField()
    sealed = models.BinaryField()
    sealed_reply = models.BinaryField(null=True)
    state = models.CharField(max_length=12, default="private")
    at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        """Listed by person and by state."""

        indexes = [models.Index(fields=["state", "shared_at"], name="annotation_by_state")]

    def __str__(self) -> str:
        return self.token


class Alerted(models.Model):
    """That a volunteer was told of something once; it is never told twice."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="alerted")
    occasion = models.CharField(max_length=100)
    study = models.CharField(max_length=64)
    rhythm = models.CharField(max_length=8)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """Once each; digests collect what was not sent."""

        constraints = [
            models.UniqueConstraint(fields=["volunteer", "occasion"], name="alerted_once")
        ]
        indexes = [models.Index(fields=["rhythm", "sent_at"], name="alerted_waiting")]

    def __str__(self) -> str:
        return self.occasion


class Counted(models.Model):
    """How often one keyed bucket (an address, a network) did something in one hour."""

    bucket = models.CharField(max_length=64)
    hour = models.IntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        """One row per bucket and hour."""

        constraints = [models.UniqueConstraint(fields=["bucket", "hour"], name="counted_once")]

    def __str__(self) -> str:
        return str(self.count)


class Spent(models.Model):
    """A proof or a mailed link that has been used, until it would have expired anyway."""

    digest = models.CharField(max_length=64, primary_key=True)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return "spent"
