from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Enquirer",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sealed", models.BinaryField(null=True)),
                ("sealed_answers", models.BinaryField(null=True)),
                ("sealed_reply", models.BinaryField(null=True)),
                ("address_index", models.CharField(db_index=True, max_length=64, null=True)),
                ("phone_index", models.CharField(db_index=True, max_length=64, null=True)),
                (
                    "volunteer",
                    models.CharField(blank=True, db_index=True, default="", max_length=32),
                ),
                (
                    "participant",
                    models.CharField(blank=True, db_index=True, default="", max_length=32),
                ),
                ("language", models.CharField(default="en", max_length=16)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("template", models.CharField(max_length=64)),
                ("language", models.CharField(max_length=16)),
                ("person", models.CharField(blank=True, db_index=True, default="", max_length=32)),
                ("purpose", models.CharField(blank=True, default="", max_length=16)),
                ("subject_of", models.CharField(blank=True, default="", max_length=64)),
                ("sealed", models.BinaryField(null=True)),
                ("at", models.DateTimeField()),
                ("ended", models.CharField(blank=True, default="", max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Spent",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Counted",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bucket", models.CharField(max_length=64)),
                ("hour", models.IntegerField()),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("bucket", "hour"), name="counted_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Permission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.CharField(max_length=32)),
                ("purpose", models.CharField(max_length=16)),
                ("version", models.CharField(max_length=16)),
                ("language", models.CharField(max_length=16)),
                ("text_sha256", models.CharField(max_length=64)),
                ("channel", models.CharField(max_length=16)),
                ("given_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("person", "purpose"),
                        name="permission_stands_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Volunteer",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sealed", models.BinaryField(null=True)),
                ("address_index", models.CharField(max_length=64, null=True, unique=True)),
                ("language", models.CharField(default="en", max_length=16)),
                ("rhythm", models.CharField(default="digest", max_length=8)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("last_seen_at", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["rhythm", "confirmed_at"], name="volunteer_by_rhythm")
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedStudy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("study", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "volunteer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved",
                        to="identity.volunteer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("volunteer", "study"), name="saved_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Interest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=64)),
                (
                    "volunteer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="interests",
                        to="identity.volunteer",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["topic", "volunteer"], name="interest_by_topic")],
                "constraints": [
                    models.UniqueConstraint(fields=("volunteer", "topic"), name="interest_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("study", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("language", models.CharField(max_length=16)),
                ("paragraph", models.CharField(max_length=64)),
                ("quote", models.TextField()),
                ("sealed", models.BinaryField()),
                ("sealed_reply", models.BinaryField(null=True)),
                ("state", models.CharField(default="private", max_length=12)),
                ("at", models.DateTimeField()),
                ("shared_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "volunteer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="annotations",
                        to="identity.volunteer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "shared_at"], name="annotation_by_state")
                ],
            },
        ),
        migrations.CreateModel(
            name="Alerted",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("occasion", models.CharField(max_length=100)),
                ("study", models.CharField(max_length=64)),
                ("rhythm", models.CharField(max_length=8)),
                ("at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "volunteer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerted",
                        to="identity.volunteer",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["rhythm", "sent_at"], name="alerted_waiting")],
                "constraints": [
                    models.UniqueConstraint(fields=("volunteer", "occasion"), name="alerted_once")
                ],
            },
        ),
    ]
