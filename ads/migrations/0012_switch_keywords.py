from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ads', '0011_read_risky_words_again'),
    ]

    operations = [
        migrations.AddField(
            model_name='keyword',
            name='is_on',
            field=models.BooleanField(db_default=True, default=True, verbose_name='켜짐'),
        ),
    ]
