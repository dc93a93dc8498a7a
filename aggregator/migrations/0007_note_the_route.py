from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0006_name_the_fields")]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="asked_strategy",
            field=models.CharField(
                blank=True,
                choices=[
                    ("council", "모아서 하나로"),
                    ("vote", "투표"),
                    ("best", "가장 나은 답"),
                    ("single", "한 모델"),
                    ("cascade", "싼 모델 먼저"),
                ],
                max_length=12,
                verbose_name="바란 방식",
            ),
        ),
        migrations.AddField(
            model_name="turn",
            name="route",
            field=models.JSONField(blank=True, default=dict, verbose_name="고른 길"),
        ),
        migrations.AddField(
            model_name="turn",
            name="supports",
            field=models.JSONField(blank=True, default=list, verbose_name="뒷받침하는 답"),
        ),
        migrations.AlterField(
            model_name="turn",
            name="strategy",
            field=models.CharField(
                choices=[
                    ("council", "모아서 하나로"),
                    ("vote", "투표"),
                    ("best", "가장 나은 답"),
                    ("single", "한 모델"),
                    ("cascade", "싼 모델 먼저"),
                ],
                default="council",
                max_length=12,
                verbose_name="방식",
            ),
        ),
    ]
