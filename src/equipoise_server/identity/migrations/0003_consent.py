from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_portal")]
    operations = [
        migrations.CreateModel(
            name="ConsentCopy",
            fields=[
                ("talk", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("participant", models.CharField(db_index=True, max_length=32)),
                ("language", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ConsentQuestion",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("talk", models.CharField(db_index=True, max_length=32)),
                ("participant", models.CharField(max_length=32)),
                ("sealed", models.BinaryField()),
                ("sealed_answer", models.BinaryField(null=True)),
                ("at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, default="", max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="ParticipantDoor",
            fields=[
                ("participant", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("address_index", models.CharField(db_index=True, max_length=64)),
                ("language", models.CharField(default="en", max_length=16)),
                ("reminders", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProblemText",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("participant", models.CharField(db_index=True, max_length=32)),
                ("sealed", models.BinaryField()),
                ("sealed_reply", models.BinaryField(null=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ConsentPerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("talk", models.CharField(db_index=True, max_length=32)),
                ("participant", models.CharField(db_index=True, max_length=32)),
                ("role", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("talk", "role"), name="consent_person_once")
                ],
            },
        ),
    ]
