import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0007_note_the_route"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="skillrecord",
            name="last_signal",
            field=models.PositiveBigIntegerField(default=0, verbose_name="마지막 신호"),
        ),
        migrations.AddField(
            model_name="turn",
            name="continued_with",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="aggregator.candidate",
                verbose_name="이어 간 답",
            ),
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("copy", "복사"), ("continue", "이어 가기"), ("regenerate", "다시 답하기")],
                        max_length=12,
                        verbose_name="무엇",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="만든 때")),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signals",
                        to="aggregator.candidate",
                        verbose_name="후보 답",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="사람",
                    ),
                ),
            ],
            options={
                "verbose_name": "신호",
                "verbose_name_plural": "신호",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("candidate", "person", "kind"), name="signal_once_a_candidate"
                    )
                ],
            },
        ),
    ]
