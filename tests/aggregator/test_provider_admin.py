"""The pages of providers and models in the admin: what they accept, refuse, record and never show."""

import pickle
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from aggregator.models import Listing, ProviderAccount, ProviderKey, ProviderTest
from aggregator.services.listings import list_offered_models, sync_listings
from aggregator.services.provider_accounts import save_account, save_custom_model, set_key
from testing.factories import UserFactory
from testing.provider.server import ProviderServer, Script, say

pytestmark = pytest.mark.django_db
SECRET = "sk-canary-0123456789abcdef"
ACCOUNTS = "/admin/aggregator/provideraccount/"
MODELS = "/admin/aggregator/listing/"
MODEL_FORM = {
    "model_id": "Org/Exact-Name-1", "slug": "our-best", "is_on": "on", "input_price_micros": "250",
    "output_price_micros": "1000", "concurrency": "4", "context_window": "8192", "output_limit": "1024",
    "languages": ["ko", "en"], "standing": "0.6",
}  # fmt: skip


@pytest.fixture
def staff(client: Client, db: None) -> User:
    """Whoever runs this installation, logged in."""
    staff = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    client.force_login(staff)
    return staff


@pytest.fixture
def account(staff: User) -> ProviderAccount:
    """A server of one's own with a key."""
    account = ProviderAccount(name="사무실", kind="openai_compatible", base_url="http://127.0.0.1:9/v1")
    save_account(account=account, by=staff)
    set_key(account=account, secret=SECRET, by=staff)
    return account


@pytest.fixture
def model(account: ProviderAccount) -> Listing:
    """A model of the server."""
    listing = Listing(
        slug="ours", account=account, input_price_micros=1, output_price_micros=2, output_limit=500,
        languages=["ko"],
    )  # fmt: skip
    save_custom_model(listing=listing, model_id="ours-1")
    return listing


def change(client: Client, row: ProviderAccount | Listing, **fields: object) -> str:
    """Send the form of a row and return the page that follows."""
    name = f"admin:aggregator_{row._meta.model_name}_change"
    return client.post(reverse(name, args=[row.pk]), fields, follow=True).content.decode()


def read_everything() -> str:
    """Return all rows of all tables."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608 (names of our tables)
            rows += [row for (row,) in cursor]
    return "\n".join(rows)


def test_an_account_and_a_model_are_added_by_forms(client: Client, staff: User) -> None:
    form = {"name": "사무실", "kind": "openai_compatible", "base_url": "http://vllm:8000", "is_on": "on"}
    client.post(f"{ACCOUNTS}add/", form | {"secret": SECRET})
    account = ProviderAccount.objects.get()
    assert (account.base_url, account.created_by) == ("http://vllm:8000/v1", staff)
    client.post(f"{MODELS}add/", MODEL_FORM | {"account": account.pk})
    (model,) = list_offered_models()
    assert (model.slug, model.litellm_model, model.name) == (
        "our-best", "openai/Org/Exact-Name-1", "Org/Exact-Name-1",
    )  # fmt: skip
    assert (model.input_price_micros, model.output_price_micros, model.concurrency) == (250, 1000, 4)
    assert (model.context_window, model.output_limit, model.languages) == (8192, 1024, ("ko", "en"))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "jjamppong", "다른 모델이 쓰는 이름은 쓸 수 없어요"),
        ("slug", "한글", "영문 소문자와 숫자로 시작하고"),
        ("slug", "gpt-6-astra", "다른 모델이 쓰는 이름은 쓸 수 없어요"),
        ("input_price_micros", "", "가격표에 없는 모델이에요"),
        ("input_price_micros", "-1", "0"),
        ("output_limit", "9000", "컨텍스트 길이보다 길 수 없어요"),
        ("standing", "1.5", "1"),
        ("model_id", "", "여기를 채워 주세요"),
        ("concurrency", "0", "1"),
    ],
)
def test_a_model_that_cannot_be_is_refused_beside_its_field(
    client: Client, account: ProviderAccount, field: str, value: str, words: str
) -> None:
    page = client.post(f"{MODELS}add/", MODEL_FORM | {"account": account.pk, field: value})
    assert page.status_code == 200
    errors = page.context["adminform"].form.errors
    assert list(errors) == [field] and words in str(errors[field])
    assert not Listing.objects.exists()


def test_an_empty_price_is_looked_up_and_an_empty_alias_made(client: Client, staff: User) -> None:
    account = ProviderAccount(name="회사", kind="openai")
    save_account(account=account, by=staff)
    form = MODEL_FORM | {"account": account.pk, "model_id": "gpt-6-astra", "slug": ""}
    page = client.post(f"{MODELS}add/", form)
    assert "slug" in page.context["adminform"].form.errors
    form |= {"slug": "company-astra", "input_price_micros": "", "output_price_micros": ""}
    assert client.post(f"{MODELS}add/", form).status_code == 302
    added = Listing.objects.get()
    assert (added.input_price_micros, added.output_price_micros) == (14_000, 70_000)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base_url": ""}, "서버 주소를 적어 주세요"),
        ({"base_url": "https://me:pw@a.example"}, "비밀번호나 물음표는 넣을 수 없어요"),
        ({"secret": SECRET}, "지금 쓰는 키와 같아요"),
        ({"secret": "두 마디 키"}, "영문, 숫자, 기호만"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words(
    client: Client, account: ProviderAccount, fields: dict[str, str], words: str
) -> None:
    form = {"name": "사무실", "base_url": "http://a.example/v1", "is_on": "on"}
    page = change(client, account, **form | fields)
    assert words in page and SECRET not in page
    assert account.keys.count() == 1


def test_the_secret_is_nowhere(
    client: Client, account: ProviderAccount, model: Listing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    second = "sk-canary-second-fedcba98765"
    pages = [change(client, account, name="사무실", base_url=account.base_url, is_on="on", secret=second)]
    paths = (
        ACCOUNTS, f"{ACCOUNTS}{account.pk}/change/", f"{ACCOUNTS}{account.pk}/history/", MODELS,
        f"{MODELS}{model.pk}/change/", "/admin/aggregator/usage/",
    )  # fmt: skip
    pages += [client.get(path).content.decode() for path in paths]
    found = "\n".join([*pages, read_everything(), *(str(record.__dict__) for record in caplog.records)])
    assert "…8765" in found
    for secret in (SECRET, second):
        assert secret not in found
        assert secret.encode() not in pickle.dumps(list_offered_models())


def test_who_changed_a_key_is_recorded(client: Client, account: ProviderAccount, staff: User) -> None:
    change(
        client, account, name="사무실", base_url=account.base_url, is_on="on", secret="sk-second-0123456789"
    )
    form = {"name": "사무실", "base_url": account.base_url, "is_on": "on"}
    change(client, account, **form)
    retire = f"{ACCOUNTS}{account.pk}/retire/"
    assert "키 …6789를 폐기할까요?" in client.get(retire).content.decode()
    assert account.keys.filter(retired_at=None).exists()
    page = client.post(retire, follow=True).content.decode()
    assert "키 …6789를 폐기했어요" in page
    assert not account.keys.filter(retired_at=None).exists()
    assert {key.retired_by for key in account.keys.all()} == {staff}
    history = " ".join(entry.change_message for entry in LogEntry.objects.filter(user=staff))
    assert "…cdef" in history and "…6789" in history


def test_a_key_is_changed_only_with_its_permission(client: Client, account: ProviderAccount) -> None:
    editor = UserFactory.create(is_staff=True)
    editor.user_permissions.set(
        Permission.objects.filter(codename__in=["view_provideraccount", "change_provideraccount"])
    )
    client.force_login(editor)
    page = client.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert 'name="secret"' not in page and "키 폐기" not in page
    form = {"name": "이름만", "base_url": account.base_url, "is_on": "on", "secret": "sk-stolen-0123456789"}
    change(client, account, **form)
    assert client.post(f"{ACCOUNTS}{account.pk}/retire/").status_code == 403
    account.refresh_from_db()
    assert account.name == "이름만" and account.keys.get().hint == "…cdef"
    assert client.get(f"{ACCOUNTS}{account.pk}/models/").status_code == 403


def test_the_environment_s_keys_are_shown_as_such(client: Client, staff: User, settings: Settings) -> None:
    settings.READ_LOCAL_MODELS = dict
    settings.OPENAI_COMPATIBLE_URL = ""
    settings.READ_PROVIDER_SECRET = lambda name: (
        "sk-environment" if name in {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"} else ""
    )
    sync_listings()
    account = ProviderAccount(name="회사", kind="openai")
    save_account(account=account, by=staff)
    set_key(account=account, secret=SECRET, by=staff)
    rows = client.get(ACCOUNTS).content.decode()
    shown = {row.split("</code>")[0]: row.split("<td>")[1] for row in rows.split("<code>")[1:]}
    assert "관리자 키가 대신해요" in shown["OPENAI_API_KEY"]
    assert "쓰는 중 · 모델 3개" in shown["ANTHROPIC_API_KEY"]
    assert "없음" in shown["GEMINI_API_KEY"]
    assert "sk-environment" not in rows
    page = client.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert "환경 변수 OPENAI_API_KEY에도 키가 있어요" in page


def test_a_key_that_cannot_be_opened_says_what_to_do(
    client: Client, account: ProviderAccount, model: Listing, settings: Settings
) -> None:
    settings.SEALING_SECRETS = ["another secret of at least 32 characters"]
    assert "이 키를 열 수 없어요" in client.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert "키가 맞지 않거나 권한이 없어요" in client.get(f"{ACCOUNTS}{account.pk}/models/").content.decode()


def test_the_server_s_models_are_listed_with_what_is_added(
    client: Client, provider: ProviderServer, account: ProviderAccount, model: Listing, staff: User
) -> None:
    provider.listed = [
        {"id": "ours-1"}, {"id": "new<script>", "max_model_len": 32_768}, {"id": "gpt-6-astra"},
    ]  # fmt: skip
    account.base_url = f"{provider.url}/v1"
    save_account(account=account, by=staff)
    page = client.get(f"{ACCOUNTS}{account.pk}/models/").content.decode()
    assert "‘ours’로 추가했어요" in page and "<script>" not in page.split("<main")[-1].replace(
        "<script src", ""
    )
    assert f"?account={account.pk}&amp;model_id=new%3Cscript%3E&amp;context_window=32768" in page
    add = client.get(f"{MODELS}add/?account={account.pk}&model_id=gpt-6-astra").content.decode()
    assert 'value="gpt-6-astra"' in add


def test_only_added_models_are_deleted(client: Client, model: Listing, settings: Settings) -> None:
    settings.READ_LOCAL_MODELS = dict
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    sync_listings()
    catalog_model = Listing.objects.get(slug="gpt-6-astra")
    assert client.post(f"{MODELS}{catalog_model.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{MODELS}{model.pk}/delete/", {"post": "yes"})
    assert not Listing.objects.filter(pk=model.pk).exists()
    assert Listing.objects.filter(pk=catalog_model.pk).exists()


def test_an_account_with_keys_is_kept(client: Client, account: ProviderAccount) -> None:
    assert client.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ProviderKey.objects.get().account == account


def test_a_catalog_model_is_still_priced_and_limited(client: Client, staff: User, settings: Settings) -> None:
    settings.READ_LOCAL_MODELS = dict
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    sync_listings()
    row = Listing.objects.get(slug="gpt-6-astra")
    form = {name: MODEL_FORM[name] for name in MODEL_FORM if name not in {"model_id", "slug"}}
    change(client, row, **form | {"name": "아스트라"})
    row.refresh_from_db()
    assert (row.name, row.output_price_micros, row.litellm_model) == ("아스트라", 1000, "openai/gpt-6-astra")
    assert not row.is_custom


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (say("네"), "성공"),
        (Script(status=401, error="invalid_api_key"), "키가 맞지 않거나 권한이 없어요"),
        (Script(status=404, error="model_not_found"), "제공자에 없는 모델이에요"),
    ],
)
def test_a_test_call_saves_and_shows_how_it_ended(
    client: Client, provider: ProviderServer, account: ProviderAccount, model: Listing, staff: User,
    script: Script, words: str,
) -> None:  # fmt: skip
    provider.add("ours-2", script)
    account.base_url = f"{provider.url}/v1"
    save_account(account=account, by=staff)
    form = {name: value for name, value in MODEL_FORM.items() if name != "slug"}
    page = change(
        client, model, **form | {"model_id": "ours-2", "account": account.pk}, aggregator_listing_test_call=""
    )
    assert words in page[page.index('id="tests"') :]
    test = ProviderTest.objects.get()
    assert test.created_by == staff and test.listing.litellm_model == "openai/ours-2"


def test_a_test_whose_process_died_counts_as_lost(
    client: Client, model: Listing, account: ProviderAccount
) -> None:
    test = ProviderTest.objects.create(listing=model)
    page = client.get(f"{MODELS}{model.pk}/change/").content.decode()
    assert "data-refresh-seconds" in page and "확인하는 중" in page
    ProviderTest.objects.filter(pk=test.pk).update(created_at="2026-01-01T00:00:00Z")
    page = client.get(f"{MODELS}{model.pk}/change/").content.decode()
    assert "결과를 받지 못했어요" in page and "data-refresh-seconds" not in page


def test_the_lists_stay_at_a_few_queries(client: Client, staff: User) -> None:
    counts = []
    for number in range(2):
        for index in range(1 + number * 5):
            account = ProviderAccount(
                name=f"{number}-{index}", kind="openai_compatible", base_url="http://a:1"
            )
            save_account(account=account, by=staff)
            set_key(account=account, secret=f"{SECRET}{number}{index}", by=staff)
            save_custom_model(
                listing=Listing(
                    slug=f"m{number}{index}", account=account, input_price_micros=1, output_price_micros=2,
                    output_limit=500,
                ),
                model_id="x",
            )  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(ACCOUNTS), client.get(MODELS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pages_are_in_one_language(
    client: Client, account: ProviderAccount, model: Listing, language: str
) -> None:
    started = time.monotonic()
    for path in (ACCOUNTS, f"{ACCOUNTS}add/", f"{ACCOUNTS}{account.pk}/change/", f"{MODELS}add/",
                 f"{MODELS}{model.pk}/change/", f"{ACCOUNTS}{account.pk}/models/"):  # fmt: skip
        page = client.get(path, headers={"accept-language": language})
        assert page.status_code == 200
        words = page.content.decode()
        assert ("환경 변수" in words or "제공자" in words) == (language == "ko"), path
    assert time.monotonic() - started < 30
