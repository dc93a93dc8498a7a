from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0001_conversations")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="given_history",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="conversation",
            name="origin",
            field=models.CharField(
                choices=[("page", "화면"), ("api", "API")],
                default="page",
                max_length=8,
                verbose_name="어디서",
            ),
        ),
    ]
