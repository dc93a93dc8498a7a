from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_name_the_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sign_outs",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="로그아웃한 횟수"
            ),
        ),
    ]
