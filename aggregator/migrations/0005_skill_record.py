from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0004_turn_claims")]

    operations = [
        migrations.CreateModel(
            name="SkillRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope", models.CharField(max_length=8, unique=True, verbose_name="범위")),
                ("beliefs", models.JSONField(default=list)),
                ("votes", models.PositiveIntegerField(default=0, verbose_name="표")),
                ("last_vote", models.PositiveBigIntegerField(default=0)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "배운 평가", "verbose_name_plural": "배운 평가"},
        ),
    ]
