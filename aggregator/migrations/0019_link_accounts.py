import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0018_add_provider_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name='listing',
            name='is_custom',
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name='직접 추가함'),
        ),
        migrations.AddField(
            model_name='listing',
            name='account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='listings', to='aggregator.provideraccount', verbose_name='제공자 계정'),
        ),
        migrations.AddField(
            model_name='usage',
            name='provider_key',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='aggregator.providerkey', verbose_name='제공자 키'),
        ),
    ]
