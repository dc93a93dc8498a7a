from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0004_staff_log_in_by_email"),
    ]

    operations = [
        AddIndexConcurrently("user", models.Index(Upper("email"), name="user_email_upper")),
        AddIndexConcurrently("user", models.Index(fields=["email"], name="user_email")),
        migrations.RemoveConstraint("user", "user_email_once"),
    ]
