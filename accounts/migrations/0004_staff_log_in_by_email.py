from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import migrations


def give_staff_a_login(apps, schema_editor):
    """Give staff, who logged in by username so far, an address to log in with.

    The addresses of superusers count as verified: with EMAIL_VERIFICATION=mandatory and no mail server
    nobody could log in to the admin any more.
    """
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    for user in User.objects.filter(is_staff=True, email=""):
        email = f"{user.username}@localhost".lower()
        try:
            validate_email(email)
        except ValidationError:
            email = f"staff-{user.pk}@localhost"
        if not User.objects.filter(email__iexact=email).exists():
            user.email = email
            user.save(update_fields=["email"])
    for user in User.objects.filter(is_superuser=True).exclude(email=""):
        email = user.email.lower()
        others = EmailAddress.objects.filter(email=email, verified=True).exclude(user=user)
        if others.exists():
            continue
        address, _ = EmailAddress.objects.get_or_create(
            user=user,
            email=email,
            defaults={"primary": not EmailAddress.objects.filter(user=user, primary=True).exists()},
        )
        address.verified = True
        address.save(update_fields=["verified"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sign_outs"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(give_staff_a_login, migrations.RunPython.noop)]
