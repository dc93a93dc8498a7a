import django.db.models.deletion
from django.db import migrations, models

RENAMED = {"refusedvisit": "rejectedevent", "countedtellings": "settledbatch"}


def rename_permissions(apps, schema_editor, renamed=RENAMED):
    # Staff keep the rights that they were given on the models' old names.
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="ads")
    for old, new in renamed.items():
        for action in ("add", "change", "delete", "view"):
            permissions.filter(codename=f"{action}_{new}").delete()
            permissions.filter(codename=f"{action}_{old}").update(codename=f"{action}_{new}")


def restore_permissions(apps, schema_editor):
    rename_permissions(apps, schema_editor, renamed={new: old for old, new in RENAMED.items()})


class Migration(migrations.Migration):
    # The tables keep their names: only what Django calls the models changes.
    dependencies = [
        ("ads", "0018_count_refusals_once"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelTable(name="refusedvisit", table="ads_refusedvisit"),
        migrations.RenameModel(old_name="RefusedVisit", new_name="RejectedEvent"),
        migrations.AlterModelTable(name="countedtellings", table="ads_countedtellings"),
        migrations.RenameModel(old_name="CountedTellings", new_name="SettledBatch"),
        migrations.AlterField(
            model_name="rejectedevent",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rejected_events",
                to="ads.campaign",
                verbose_name="캠페인",
            ),
        ),
        migrations.AlterField(
            model_name="rejectedevent",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rejected_events",
                to="ads.offer",
                verbose_name="제안",
            ),
        ),
        migrations.RunPython(rename_permissions, restore_permissions),
    ]
