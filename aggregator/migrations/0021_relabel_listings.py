import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0020_index_usage_keys"),
    ]

    operations = [
        migrations.AlterField(
            model_name='listing',
            name='can_fuse',
            field=models.BooleanField(default=False, verbose_name='합칠 수 있음'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='concurrency',
            field=models.PositiveIntegerField(default=64, verbose_name='동시 호출 수'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='context_window',
            field=models.PositiveIntegerField(default=8192, verbose_name='컨텍스트 길이'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='input_price_micros',
            field=models.PositiveBigIntegerField(verbose_name='입력 토큰 가격'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='is_reachable',
            field=models.BooleanField(default=False, editable=False, verbose_name='연결됨'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='output_limit',
            field=models.PositiveIntegerField(verbose_name='답 길이 한도'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='output_price_micros',
            field=models.PositiveBigIntegerField(verbose_name='출력 토큰 가격'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='slug',
            field=models.CharField(max_length=80, unique=True, verbose_name='식별자'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, verbose_name='수정일'),
        ),
        migrations.AlterField(
            model_name='listing',
            name='vendor',
            field=models.CharField(max_length=40, verbose_name='개발사'),
        ),
        migrations.AlterField(
            model_name='usage',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='생성일'),
        ),
        migrations.AlterField(
            model_name='usage',
            name='purpose',
            field=models.CharField(choices=[('candidate', '후보 답'), ('judge', '심사'), ('fuse', '합치기'), ('title', '제목')], max_length=12, verbose_name='용도'),
        ),
        migrations.AlterField(
            model_name='usage',
            name='source',
            field=models.CharField(choices=[('provider', '제공자가 알림'), ('counted', '직접 계산')], max_length=12, verbose_name='출처'),
        ),
        migrations.AlterField(
            model_name='usage',
            name='turn',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='usages', to='aggregator.turn', verbose_name='질문'),
        ),
    ]
