from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0008_signals")]

    operations = [
        migrations.CreateModel(
            name="DayPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(unique=True, verbose_name="언제")),
                ("income_micros", models.BigIntegerField(verbose_name="광고 수입(백만분의 1원)")),
                ("subsidy_micros", models.BigIntegerField(verbose_name="보탠 돈(백만분의 1원)")),
                ("spent_micros", models.BigIntegerField(verbose_name="쓴 돈(백만분의 1원)")),
                ("turns", models.PositiveIntegerField(verbose_name="턴")),
                ("quality", models.FloatField(blank=True, null=True, verbose_name="기대한 품질")),
                ("price", models.FloatField(verbose_name="품질의 값")),
                ("balance", models.FloatField(verbose_name="남은 돈(원)")),
                ("usual_income", models.FloatField(verbose_name="한 턴의 평소 수입(원)")),
                (
                    "waiting_micros",
                    models.BigIntegerField(default=0, verbose_name="기다리는 돈(백만분의 1원)"),
                ),
            ],
            options={
                "verbose_name": "하루 곡선",
                "verbose_name_plural": "하루 곡선",
                "ordering": ["-at"],
            },
        ),
        migrations.AddField(
            model_name="listing",
            name="shown",
            field=models.PositiveBigIntegerField(default=0, editable=False, verbose_name="보인 횟수"),
        ),
    ]
