from django.db import migrations, models

OLD, NEW = "kitchenfit", "weightsversion"


def rename_permissions(apps, schema_editor, old=OLD, new=NEW):
    # Staff keep the rights that they were given on the model's old name.
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="aggregator")
    for action in ("add", "change", "delete", "view"):
        permissions.filter(codename=f"{action}_{new}").delete()
        permissions.filter(codename=f"{action}_{old}").update(codename=f"{action}_{new}")


def restore_permissions(apps, schema_editor):
    rename_permissions(apps, schema_editor, old=NEW, new=OLD)


class Migration(migrations.Migration):
    # The table keeps its name: only what Django calls the model changes.
    dependencies = [
        ("aggregator", "0014_count_left_out_turns"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelTable(name="kitchenfit", table="aggregator_kitchenfit"),
        migrations.RenameModel(old_name="KitchenFit", new_name="WeightsVersion"),
        migrations.AlterModelOptions(
            name="weightsversion",
            options={
                "ordering": ["-created_at", "-id"],
                "verbose_name": "앙상블 가중치",
                "verbose_name_plural": "앙상블 가중치",
            },
        ),
        migrations.AlterField(
            model_name="weightsversion",
            name="heads",
            field=models.JSONField(verbose_name="가중치"),
        ),
        migrations.RunPython(rename_permissions, restore_permissions),
    ]
