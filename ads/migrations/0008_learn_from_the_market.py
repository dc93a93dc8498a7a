from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ads", "0007_settle_clicks_together"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClickModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form", models.BigIntegerField(verbose_name="특성 목록 지문")),
                ("learned_until", models.DateTimeField(verbose_name="여기까지 배움")),
                ("looks", models.PositiveBigIntegerField(verbose_name="노출")),
                ("clicks", models.PositiveBigIntegerField(verbose_name="클릭")),
                ("trust", models.FloatField(verbose_name="신뢰")),
                ("loss", models.FloatField(verbose_name="로그 손실")),
                ("base_loss", models.FloatField(verbose_name="기준 로그 손실")),
                ("provenance", models.CharField(max_length=200, verbose_name="출처")),
                ("weights", models.BinaryField(verbose_name="가중치")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="만든 때")),
            ],
            options={
                "verbose_name": "클릭 모델",
                "verbose_name_plural": "클릭 모델",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("clicks__lte", models.F("looks"))),
                        name="click_model_clicks_were_looks",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trust__gte", 0), ("trust__lte", 1)),
                        name="click_model_trust_is_a_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LearnedReserve",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("travel", "여행"),
                            ("food", "음식"),
                            ("electronics", "전자제품"),
                            ("education", "교육"),
                            ("cars", "자동차"),
                            ("home", "집과 이사"),
                            ("fitness", "운동"),
                            ("fashion", "패션"),
                            ("leisure", "여가"),
                            ("software", "소프트웨어"),
                            ("business", "사업"),
                            ("shopping", "쇼핑"),
                        ],
                        max_length=16,
                        verbose_name="분야",
                    ),
                ),
                ("reserve_micros", models.BigIntegerField(verbose_name="최저가")),
                ("auctions", models.PositiveIntegerField(verbose_name="경매")),
                ("income_gain", models.FloatField(verbose_name="수입 변화")),
                ("fill_loss", models.FloatField(verbose_name="광고가 나가지 않게 된 비율")),
                ("provenance", models.CharField(max_length=200, verbose_name="출처")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="만든 때")),
            ],
            options={
                "verbose_name": "배운 최저가",
                "verbose_name_plural": "배운 최저가",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["category", "-id"], name="learned_reserve_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reserve_micros__gt", 0)), name="learned_reserve_is_a_price"
                    )
                ],
            },
        ),
    ]
