import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.lookups
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('request_id', models.CharField(blank=True, db_index=True, max_length=64)),
                ('keyword_text', models.CharField(blank=True, max_length=80, verbose_name='키워드')),
                ('match', models.CharField(max_length=8, verbose_name='일치 방식')),
                ('placement', models.CharField(max_length=64, verbose_name='자리')),
                ('language', models.CharField(max_length=8, verbose_name='언어')),
                ('device', models.CharField(max_length=16, verbose_name='기기')),
                ('topics', models.JSONField(default=list, verbose_name='주제')),
                ('frequency_key', models.CharField(blank=True, max_length=64)),
                ('snapshot_version', models.CharField(max_length=64)),
                ('bid_micros', models.BigIntegerField(verbose_name='입찰가')),
                ('reserve_micros', models.BigIntegerField(verbose_name='최저가')),
                ('price_micros', models.BigIntegerField(verbose_name='클릭당 가격')),
                ('shadow_price_micros', models.BigIntegerField(verbose_name='VCG 참고 가격')),
                ('relevance', models.FloatField(verbose_name='관련도')),
                ('click_rate', models.FloatField(verbose_name='예상 클릭률')),
                ('pace', models.FloatField(verbose_name='속도')),
                ('is_explored', models.BooleanField(default=False, verbose_name='탐색')),
                ('trace', models.JSONField(default=list, verbose_name='경매 기록')),
                ('created_at', models.DateTimeField(db_index=True)),
                ('hidden_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': '제안',
                'verbose_name_plural': '제안',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Creative',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('lineage', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='판')),
                ('title', models.CharField(max_length=50, verbose_name='제목')),
                ('body', models.CharField(max_length=100, verbose_name='본문')),
                ('landing_url', models.CharField(max_length=500, verbose_name='연결 주소')),
                ('display_domain', models.CharField(max_length=80, verbose_name='표시 도메인')),
                ('is_ai_generated', models.BooleanField(default=False, verbose_name='AI로 만든 문구')),
                ('is_on', models.BooleanField(default=True, verbose_name='켜짐')),
                ('review', models.CharField(choices=[('draft', '작성 중'), ('waiting', '검토 기다림'), ('approved', '승인'), ('rejected', '거절'), ('retired', '지난 판')], default='draft', max_length=12, verbose_name='검토')),
                ('review_reason', models.CharField(blank=True, max_length=200, verbose_name='검토 사유')),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': '소재',
                'verbose_name_plural': '소재',
                'ordering': ['ad_group', 'lineage', '-version'],
            },
        ),
        migrations.CreateModel(
            name='Keyword',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=80, verbose_name='키워드')),
                ('norm', models.CharField(editable=False, max_length=120)),
                ('match', models.CharField(choices=[('exact', '일치'), ('phrase', '구문'), ('broad', '확장')], default='phrase', max_length=8, verbose_name='일치 방식')),
                ('bid_micros', models.BigIntegerField(blank=True, null=True, verbose_name='입찰가')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': '키워드',
                'verbose_name_plural': '키워드',
                'ordering': ['ad_group', 'text', 'match'],
            },
        ),
        migrations.CreateModel(
            name='TextVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('vector', models.BinaryField()),
            ],
            options={
                'verbose_name': '벡터',
                'verbose_name_plural': '벡터',
            },
        ),
        migrations.CreateModel(
            name='Advertiser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='이름')),
                ('status', models.CharField(choices=[('active', '활동 중'), ('suspended', '정지')], default='active', max_length=12, verbose_name='상태')),
                ('is_demo', models.BooleanField(default=False, verbose_name='시연용')),
                ('own_networks', models.JSONField(blank=True, default=list, verbose_name='광고주 자신의 IP 대역')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': '광고주',
                'verbose_name_plural': '광고주',
                'ordering': ['name', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='advertiser_has_a_name'), models.UniqueConstraint(condition=models.Q(('is_demo', True)), fields=('name',), name='advertiser_demo_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=80, verbose_name='이름')),
                ('category', models.CharField(choices=[('travel', '여행'), ('food', '음식'), ('electronics', '전자제품'), ('education', '교육'), ('cars', '자동차'), ('home', '집과 이사'), ('fitness', '운동'), ('fashion', '패션'), ('leisure', '여가'), ('software', '소프트웨어'), ('business', '사업'), ('shopping', '쇼핑')], max_length=16, verbose_name='분야')),
                ('status', models.CharField(choices=[('draft', '작성 중'), ('active', '진행 중'), ('paused', '멈춤'), ('ended', '끝남')], default='draft', max_length=12, verbose_name='상태')),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='시작')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='끝')),
                ('daily_budget_micros', models.BigIntegerField(verbose_name='하루 예산')),
                ('total_budget_micros', models.BigIntegerField(blank=True, null=True, verbose_name='전체 예산')),
                ('leased_micros', models.BigIntegerField(default=0, editable=False)),
                ('daily_views_a_person', models.PositiveSmallIntegerField(default=3, verbose_name='한 사람에게 하루 몇 번')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('advertiser', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='ads.advertiser')),
            ],
            options={
                'verbose_name': '캠페인',
                'verbose_name_plural': '캠페인',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='AdGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=80, verbose_name='이름')),
                ('default_bid_micros', models.BigIntegerField(default=100000000, verbose_name='기본 입찰가')),
                ('device', models.CharField(choices=[('any', '모든 기기'), ('desktop', '컴퓨터'), ('mobile', '휴대전화')], default='any', max_length=8, verbose_name='기기')),
                ('language', models.CharField(choices=[('any', '모든 언어'), ('ko', '한국어'), ('en', '영어')], default='any', max_length=8, verbose_name='언어')),
                ('topics', models.JSONField(blank=True, default=list, verbose_name='주제')),
                ('hints', models.JSONField(blank=True, default=list, verbose_name='맥락 힌트')),
                ('is_on', models.BooleanField(default=True, verbose_name='켜짐')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ad_groups', to='ads.campaign')),
            ],
            options={
                'verbose_name': '광고 그룹',
                'verbose_name_plural': '광고 그룹',
                'ordering': ['campaign', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('clearing', '결제 대기'), ('wallet', '지갑'), ('lease', '캠페인에 떼어 둔 돈'), ('revenue', '매출'), ('grant', '시험용 지급')], max_length=12, verbose_name='종류')),
                ('balance_micros', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='잔액')),
                ('advertiser', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='ads.advertiser')),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='ads.campaign')),
            ],
            options={
                'verbose_name': '계정',
                'verbose_name_plural': '계정',
            },
        ),
        migrations.CreateModel(
            name='CampaignDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='날')),
                ('budget_micros', models.BigIntegerField(verbose_name='예산')),
                ('leased_micros', models.BigIntegerField(default=0, verbose_name='떼어 둔 돈')),
                ('spent_micros', models.BigIntegerField(default=0, verbose_name='쓴 돈')),
                ('is_open', models.BooleanField(default=True, verbose_name='열림')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='days', to='ads.campaign')),
                ('lease_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ads.account')),
            ],
            options={
                'verbose_name': '캠페인 하루',
                'verbose_name_plural': '캠페인 하루',
                'ordering': ['-day', 'campaign'],
            },
        ),
        migrations.CreateModel(
            name='Click',
            fields=[
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='click', serialize=False, to='ads.offer')),
                ('day', models.DateField(verbose_name='날')),
                ('verdict', models.CharField(choices=[('billed', '청구'), ('free', '예산이 다해 무료'), ('invalid', '무효')], max_length=8, verbose_name='판정')),
                ('reason', models.CharField(blank=True, max_length=24, verbose_name='사유')),
                ('price_micros', models.BigIntegerField(verbose_name='청구액')),
                ('network', models.CharField(blank=True, max_length=48, verbose_name='IP 대역')),
                ('created_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': '클릭',
                'verbose_name_plural': '클릭',
            },
        ),
        migrations.CreateModel(
            name='Impression',
            fields=[
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='impression', serialize=False, to='ads.offer')),
                ('verdict', models.CharField(choices=[('valid', '유효'), ('invalid', '무효')], max_length=8, verbose_name='판정')),
                ('reason', models.CharField(blank=True, max_length=24, verbose_name='사유')),
                ('created_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': '노출',
                'verbose_name_plural': '노출',
            },
        ),
        migrations.AddField(
            model_name='offer',
            name='ad_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ads.adgroup'),
        ),
        migrations.AddField(
            model_name='offer',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='ads.campaign'),
        ),
        migrations.CreateModel(
            name='Complaint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('irrelevant', '관련이 없어요'), ('misleading', '사실과 달라요'), ('offensive', '불쾌해요'), ('other', '기타')], max_length=12, verbose_name='사유')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='complaint', to='ads.offer')),
            ],
            options={
                'verbose_name': '신고',
                'verbose_name_plural': '신고',
            },
        ),
        migrations.AddField(
            model_name='offer',
            name='creative',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='ads.creative'),
        ),
        migrations.AddField(
            model_name='creative',
            name='ad_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='creatives', to='ads.adgroup'),
        ),
        migrations.AddField(
            model_name='creative',
            name='reviewer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='offer',
            name='keyword',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='ads.keyword'),
        ),
        migrations.AddField(
            model_name='keyword',
            name='ad_group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keywords', to='ads.adgroup'),
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', '소유자'), ('editor', '편집자'), ('reporter', '보고서만')], default='owner', max_length=12, verbose_name='역할')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('advertiser', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='ads.advertiser')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '구성원',
                'verbose_name_plural': '구성원',
            },
        ),
        migrations.CreateModel(
            name='NegativeKeyword',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=80, verbose_name='제외 키워드')),
                ('norm', models.CharField(editable=False, max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('ad_group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='negative_keywords', to='ads.adgroup')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='negative_keywords', to='ads.campaign')),
            ],
            options={
                'verbose_name': '제외 키워드',
                'verbose_name_plural': '제외 키워드',
            },
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('text', models.CharField(max_length=120, verbose_name='말')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': '어휘',
                'verbose_name_plural': '어휘',
                'constraints': [models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='term_has_a_key')],
            },
        ),
        migrations.CreateModel(
            name='Transaction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('top_up', '충전'), ('refund', '환불'), ('lease', '예산 떼어 두기'), ('release', '남은 예산 돌려주기'), ('click', '클릭'), ('reversal', '되돌림')], max_length=12, verbose_name='종류')),
                ('idempotency_key', models.CharField(max_length=120, unique=True)),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='메모')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='ads.transaction')),
            ],
            options={
                'verbose_name': '거래',
                'verbose_name_plural': '거래',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_micros', models.BigIntegerField(verbose_name='금액')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ads.account')),
                ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ads.transaction')),
            ],
            options={
                'verbose_name': '분개',
                'verbose_name_plural': '분개',
            },
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='campaign_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('daily_budget_micros__gte', 70000000)), name='campaign_daily_budget_pays_a_click'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('total_budget_micros', None), ('total_budget_micros__gte', 70000000), _connector='OR'), name='campaign_total_budget_pays_a_click'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('leased_micros__gte', 0), models.Q(('total_budget_micros', None), ('leased_micros__lte', models.F('total_budget_micros')), _connector='OR')), name='campaign_leased_within_total'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('daily_views_a_person__gte', 1)), name='campaign_is_seen_at_least_once'),
        ),
        migrations.AddConstraint(
            model_name='adgroup',
            constraint=models.UniqueConstraint(fields=('campaign', 'name'), name='ad_group_name_once'),
        ),
        migrations.AddConstraint(
            model_name='adgroup',
            constraint=models.CheckConstraint(condition=models.Q(('default_bid_micros__gte', 70000000), django.db.models.lookups.Exact(django.db.models.expressions.CombinedExpression(models.F('default_bid_micros'), '%%', models.Value(10000000)), 0)), name='ad_group_bid_in_ticks'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(fields=('kind', 'advertiser', 'campaign'), name='account_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('advertiser__isnull', False), ('campaign', None), ('kind', 'wallet')), models.Q(('advertiser__isnull', False), ('campaign__isnull', False), ('kind', 'lease')), models.Q(models.Q(('kind__in', ['wallet', 'lease']), _negated=True), ('advertiser', None), ('campaign', None)), _connector='OR'), name='account_has_its_owner'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('balance_micros__gte', 0), ('balance_micros__isnull', False), ('kind', 'wallet')), models.Q(models.Q(('kind', 'wallet'), _negated=True), ('balance_micros', None)), _connector='OR'), name='account_wallet_not_negative'),
        ),
        migrations.AddIndex(
            model_name='campaignday',
            index=models.Index(condition=models.Q(('is_open', True)), fields=['day'], name='campaign_day_open'),
        ),
        migrations.AddConstraint(
            model_name='campaignday',
            constraint=models.UniqueConstraint(fields=('campaign', 'day'), name='campaign_day_once'),
        ),
        migrations.AddConstraint(
            model_name='campaignday',
            constraint=models.CheckConstraint(condition=models.Q(('spent_micros__gte', 0), ('spent_micros__lte', models.F('leased_micros')), ('leased_micros__lte', models.F('budget_micros'))), name='campaign_day_spent_leased_budget'),
        ),
        migrations.AddField(
            model_name='click',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clicks', to='ads.campaign'),
        ),
        migrations.AddConstraint(
            model_name='impression',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('verdict', 'valid')), models.Q(('verdict', 'invalid'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='impression_invalid_with_reason'),
        ),
        migrations.AddIndex(
            model_name='creative',
            index=models.Index(condition=models.Q(('review', 'waiting')), fields=['created_at'], name='creative_queue'),
        ),
        migrations.AddConstraint(
            model_name='creative',
            constraint=models.UniqueConstraint(fields=('lineage', 'version'), name='creative_version_once'),
        ),
        migrations.AddConstraint(
            model_name='creative',
            constraint=models.UniqueConstraint(condition=models.Q(('review', 'approved')), fields=('lineage',), name='creative_one_approved_version'),
        ),
        migrations.AddConstraint(
            model_name='creative',
            constraint=models.CheckConstraint(condition=models.Q(('landing_url__regex', '^(https://[^\\s]+|/ads/demo/[a-z0-9-]+/)$')), name='creative_lands_on_https'),
        ),
        migrations.AddConstraint(
            model_name='creative',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True), models.Q(('display_domain', ''), _negated=True)), name='creative_has_words'),
        ),
        migrations.AddConstraint(
            model_name='creative',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('review', 'rejected'), _negated=True), models.Q(('review_reason', ''), _negated=True), _connector='OR'), name='creative_rejected_with_reason'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(fields=['campaign', 'created_at'], name='offer_of_campaign'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('price_micros__gte', models.F('reserve_micros')), ('price_micros__lte', models.F('bid_micros')), ('reserve_micros__gt', 0)), name='offer_price_between_reserve_and_bid'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.UniqueConstraint(fields=('ad_group', 'norm', 'match'), name='keyword_once'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.CheckConstraint(condition=models.Q(('norm', ''), _negated=True), name='keyword_has_a_norm'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.CheckConstraint(condition=models.Q(('bid_micros', None), models.Q(('bid_micros__gte', 70000000), django.db.models.lookups.Exact(django.db.models.expressions.CombinedExpression(models.F('bid_micros'), '%%', models.Value(10000000)), 0)), _connector='OR'), name='keyword_bid_in_ticks'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('advertiser', 'member'), name='membership_once'),
        ),
        migrations.AddConstraint(
            model_name='negativekeyword',
            constraint=models.UniqueConstraint(fields=('campaign', 'ad_group', 'norm'), name='negative_keyword_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='negativekeyword',
            constraint=models.CheckConstraint(condition=models.Q(('norm', ''), _negated=True), name='negative_keyword_has_a_norm'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['-created_at'], name='transaction_newest'),
        ),
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reversal'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'reversal'), _negated=True), ('reverses', None)), _connector='OR'), name='transaction_reversal_names_another'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('amount_micros', 0), _negated=True), name='entry_moves_money'),
        ),
        migrations.AddIndex(
            model_name='click',
            index=models.Index(fields=['campaign', 'day'], name='click_of_campaign_day'),
        ),
        migrations.AddConstraint(
            model_name='click',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('price_micros__gt', 0), ('reason', ''), ('verdict', 'billed')), models.Q(('price_micros', 0), ('verdict__in', ['free', 'invalid']), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='click_costs_only_when_billed'),
        ),
    ]
