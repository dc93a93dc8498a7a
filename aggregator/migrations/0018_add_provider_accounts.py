import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0017_turn_parent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='이름')),
                ('kind', models.CharField(choices=[('openai', 'OpenAI'), ('anthropic', 'Anthropic'), ('gemini', 'Google Gemini'), ('upstage', 'Upstage'), ('clova', 'NAVER CLOVA Studio'), ('openrouter', 'OpenRouter'), ('openai_compatible', 'OpenAI 호환 서버')], max_length=20, verbose_name='종류')),
                ('base_url', models.CharField(blank=True, max_length=200, verbose_name='서버 주소')),
                ('is_on', models.BooleanField(default=True, verbose_name='켜짐')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='생성일')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='수정일')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='추가한 사람')),
            ],
            options={
                'verbose_name': '제공자',
                'verbose_name_plural': '제공자',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ProviderKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.TextField(blank=True, verbose_name='암호화한 키')),
                ('hint', models.CharField(blank=True, max_length=8, verbose_name='끝자리')),
                ('digest', models.CharField(max_length=64, verbose_name='지문')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='생성일')),
                ('retired_at', models.DateTimeField(null=True, verbose_name='폐기일')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='aggregator.provideraccount', verbose_name='제공자')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='추가한 사람')),
                ('retired_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='폐기한 사람')),
            ],
            options={
                'verbose_name': '제공자 키',
                'verbose_name_plural': '제공자 키',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ProviderTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='시험일')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='완료일')),
                ('status', models.CharField(choices=[('running', '확인하는 중'), ('passed', '성공'), ('failed', '실패')], default='running', max_length=8, verbose_name='상태')),
                ('error', models.CharField(blank=True, max_length=20, verbose_name='오류')),
                ('ttft_ms', models.PositiveIntegerField(null=True, verbose_name='첫 글자까지(ms)')),
                ('duration_ms', models.PositiveIntegerField(null=True, verbose_name='걸린 시간(ms)')),
                ('text', models.CharField(blank=True, max_length=200, verbose_name='답')),
                ('input_tokens', models.PositiveIntegerField(default=0, verbose_name='입력 토큰')),
                ('output_tokens', models.PositiveIntegerField(default=0, verbose_name='출력 토큰')),
                ('cost_micros', models.PositiveBigIntegerField(default=0, verbose_name='비용(백만분의 1원)')),
            ],
            options={
                'verbose_name': '시험 호출',
                'verbose_name_plural': '시험 호출',
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddField(
            model_name='providertest',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='시험한 사람'),
        ),
        migrations.AddField(
            model_name='providertest',
            name='key',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='aggregator.providerkey', verbose_name='제공자 키'),
        ),
        migrations.AddField(
            model_name='providertest',
            name='listing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tests', to='aggregator.listing', verbose_name='언어 모델'),
        ),
        migrations.AddConstraint(
            model_name='provideraccount',
            constraint=models.CheckConstraint(condition=models.Q(('base_url', ''), ('kind', 'openai_compatible'), _negated=True), name='provider_account_server_has_address'),
        ),
        migrations.AddConstraint(
            model_name='providerkey',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('account',), name='provider_key_one_active'),
        ),
        migrations.AddConstraint(
            model_name='providerkey',
            constraint=models.CheckConstraint(condition=models.Q(('retired_at', None), ('sealed', ''), _connector='XOR'), name='provider_key_retired_is_empty'),
        ),
    ]
