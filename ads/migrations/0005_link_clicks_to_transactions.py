import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ads", "0004_name_the_fields")]

    operations = [
        migrations.AddField(
            model_name="click",
            name="kept_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                db_index=True,
                editable=False,
                verbose_name="적힌 때",
            ),
        ),
        migrations.AddField(
            model_name="click",
            name="transaction",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clicks",
                to="ads.transaction",
                verbose_name="거래",
            ),
        ),
        migrations.AddField(
            model_name="impression",
            name="kept_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                db_index=True,
                editable=False,
                verbose_name="적힌 때",
            ),
        ),
        migrations.AlterField(
            model_name="transaction",
            name="reverses",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="ads.transaction",
                verbose_name="되돌리는 거래",
            ),
        ),
    ]
