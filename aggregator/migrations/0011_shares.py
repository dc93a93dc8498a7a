import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0010_stand_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="Share",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "token",
                    models.CharField(editable=False, max_length=64, unique=True, verbose_name="링크 열쇠"),
                ),
                ("title", models.CharField(max_length=120, verbose_name="제목")),
                ("turns", models.JSONField(blank=True, default=list, verbose_name="담긴 질문과 답")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="만든 때")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="거둔 때")),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="aggregator.conversation",
                        verbose_name="대화",
                    ),
                ),
            ],
            options={
                "verbose_name": "공유 링크",
                "verbose_name_plural": "공유 링크",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("conversation",),
                        name="share_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("withdrawn_at", None), ("turns", []), _connector="OR"),
                        name="share_empty_when_withdrawn",
                    ),
                ],
            },
        ),
    ]
