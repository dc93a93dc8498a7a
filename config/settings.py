"""The Django settings of every role; every variable has a default and is listed in docs/settings.md."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF

from config import admin_theme
from config.beat import BEAT_SCHEDULE
from config.data_dir import DATA_DIR, ROOT, read_local_model_urls, read_running_url, read_secret
from config.database import parse_database_url
from config.env import (
    MAX_PORT,
    MIN_SECRET_LENGTH,
    POSTGRES_SCHEMES,
    read_choice,
    read_flag,
    read_int,
    read_list,
    read_mail_port,
    read_networks,
    read_text,
    read_url,
    read_urls,
)

BASE_DIR = ROOT
DATA_HOME = DATA_DIR

# -- The installation -------------------------------------------------------------------------
DEBUG = read_flag("DEBUG", default=False)
SECRET_KEY = read_text("SECRET_KEY") or read_secret("django")
SECRET_KEY_FALLBACKS = read_list("SECRET_KEY_FALLBACKS")
# What accounts.sealing derives its keys from: the first seals, all open.
SEALING_SECRETS = [
    *read_list("PROVIDER_KEY_SECRET", min_length=MIN_SECRET_LENGTH),
    SECRET_KEY,
    *SECRET_KEY_FALLBACKS,
]
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
PUBLIC_URL = read_url("PUBLIC_URL", f"http://localhost:{read_int('PORT', 8000, maximum=MAX_PORT)}").rstrip(
    "/"
)
SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXY_COUNT = read_int("TRUSTED_PROXY_COUNT", 0)

# -- Applications -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "config.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_linear_migrations",
    "channels",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "ads",
    "aggregator",
    "config",
    "stack",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFilesMiddleware",
    "config.csp.SiteCSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.GuestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "aggregator.web.page_context.day_use",
                "aggregator.web.page_context.site_url",
            ],
            "libraries": {"won": "ui.won", "mail": "ui.mail"},
        },
    }
]

# -- Data ---------------------------------------------------------------------------------------
DATABASE_URL = read_url("DATABASE_URL", schemes=POSTGRES_SCHEMES) or read_running_url(
    "database", "postgresql://jjamppong@127.0.0.1:5432/jjamppong"
)
DATABASES: dict[str, dict[str, Any]] = {"default": parse_database_url(DATABASE_URL)}
if read_flag("DATABASE_POOL", default=True):
    POOL = {"min_size": 1, "max_size": read_int("DATABASE_POOL_SIZE", 12, minimum=1), "timeout": 10}
    DATABASES["default"]["OPTIONS"] |= {"pool": POOL}
# The async queries of turns use a pool per event loop (aggregator.infra.async_database).
DATABASE_LOOP_POOL_SIZE = read_int("DATABASE_LOOP_POOL_SIZE", 3, minimum=1)
DATABASE_PREPARES = read_flag("DATABASE_PREPARES", default=True)
REDIS_URL = read_url("REDIS_URL", schemes=("redis", "rediss")) or read_running_url(
    "redis", "redis://127.0.0.1:6379/0"
)
# The servers over which the event logs of turns are spread; none means REDIS_URL.
TURN_LOG_URLS = read_urls("TURN_LOG_URLS", schemes=("redis", "rediss"))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Accounts -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "accounts.auth_backend.EmailBackend",
    # Sessions of the release before name this one; EmailBackend ends the search before it.
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_EMAIL_VERIFICATION = read_choice("EMAIL_VERIFICATION", "optional", ("none", "optional", "mandatory"))
# Only in the browser that signed up: its session knows where the person wanted to go on.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# Sign-up must not tell which addresses have accounts: accounts.auth_backend.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# So that nobody can pile up accounts on somebody else's address.
ACCOUNT_RATE_LIMITS = {"signup_email": "2/d/key"}
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGOUT_ON_GET = False
# Of these, accounts.adapter sends those of the second factor.
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "accounts.second_factor.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.second_factor.forms.AuthenticateForm",
    "reauthenticate": "accounts.second_factor.forms.ReauthenticateForm",
    "activate_totp": "accounts.second_factor.forms.ActivateForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A code counts for half a minute before and after its own, as clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
# Another person with the address has an account of their own, so an unconfirmed one locks nobody out.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ADMIN_REQUIRES_SECOND_FACTOR = read_flag("ADMIN_REQUIRES_SECOND_FACTOR", default=False)
# config.client_address resolves the proxies; allauth would answer 500 to a header with too few hops.
ALLAUTH_TRUSTED_PROXY_COUNT = 0
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
LOGIN_URL = "/accounts/login/"
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if read_text("EMAIL_HOST")
    else "django.core.mail.backends.console.EmailBackend"
)
EMAIL_HOST = read_text("EMAIL_HOST")
EMAIL_USE_SSL = read_flag("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = read_flag("EMAIL_USE_TLS", default=False)
EMAIL_PORT = read_mail_port(is_ssl=EMAIL_USE_SSL, is_tls=EMAIL_USE_TLS)
EMAIL_HOST_USER = read_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = read_text("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = read_text("DEFAULT_FROM_EMAIL", "jjamppong@localhost")
# Called in this order, with the guest and the account, when a guest logs in.
GUEST_ADOPTERS = ["aggregator.services.conversations.adopt_conversations"]
GUEST_COOKIE_AGE = timedelta(days=400)
# New guests per client network and hour; schools and mobile carriers share one address among many people.
NEW_GUESTS_PER_HOUR = read_int("NEW_GUESTS_PER_HOUR", 600)
# Called in this order with an account that is about to be deleted.
ACCOUNT_CLOSERS = [
    "ads.campaigns.members.leave_advertisers",
    "aggregator.services.deletion.delete_conversations",
]

# Called with the id of a turn's request: what the admin's page of a turn shows of its ad.
AD_DECISION_RENDERER = "ads.admin.decision_view.render_decision"

# -- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"
FORMAT_MODULE_PATH = "config.formats"

# -- Files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = [ROOT / "static" / "dist", ROOT / "static" / "brand"]
STATIC_ROOT = ROOT / "static" / "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.StaticFilesStorage"
    },
}

# -- Security -----------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

# -- Turns --------------------------------------------------------------------------------------
TURN_RUNNER = read_choice("TURN_RUNNER", "here", ("here", "worker"))
TURN_DEADLINE_MS = read_int("TURN_DEADLINE_MS", 180_000, minimum=1_000)
PANEL_SIZE = read_int("PANEL_SIZE", 3, minimum=1)
TURN_QUORUM = read_int("TURN_QUORUM", 2, minimum=1)
TURN_GRACE_MS = read_int("TURN_GRACE_MS", 20_000)
TURN_LEASE_SECONDS = read_int("TURN_LEASE_SECONDS", 15, minimum=2)
TURN_DRAIN_SECONDS = read_int("TURN_DRAIN_SECONDS", 12)
TURNS_AT_ONCE = read_int("TURNS_AT_ONCE", 200, minimum=1)
TURNS_AT_ONCE_EACH = read_int("TURNS_AT_ONCE_EACH", 4, minimum=1)
TURNS_OPEN_EACH = read_int("TURNS_OPEN_EACH", 12, minimum=1)
TURNS_OPEN = read_int("TURNS_OPEN", 2_000, minimum=1)
# Who gets the next free call of a busy model: twice the weight gets twice the share.
MODEL_SHARE_GUEST = read_int("MODEL_SHARE_GUEST", 1, minimum=1, maximum=100)
MODEL_SHARE_ACCOUNT = read_int("MODEL_SHARE_ACCOUNT", 2, minimum=1, maximum=100)
MODEL_SHARE_KEY = read_int("MODEL_SHARE_KEY", 1, minimum=1, maximum=100)
MODEL_QUEUE_LIMIT = read_int("MODEL_QUEUE_LIMIT", 500, minimum=1)
TURN_LOG_HOURS = read_int("TURN_LOG_HOURS", 24, minimum=1)
PROMPT_LIMIT = read_int("PROMPT_LIMIT", 20_000, minimum=100)
EXAMPLE_PROMPTS = read_text("EXAMPLE_PROMPTS").splitlines()
GUEST_TURNS_PER_DAY = read_int("GUEST_TURNS_PER_DAY", 200, minimum=1)
ACCOUNT_TURNS_PER_DAY = read_int("ACCOUNT_TURNS_PER_DAY", 1_000, minimum=1)
SHARES_PER_DAY = read_int("SHARES_PER_DAY", 30, minimum=1)
# Conversations of the API expire; conversations of the page are kept until their owner deletes them.
API_KEEP_DAYS = read_int("API_KEEP_DAYS", 30, minimum=1)
API_CALLS_PER_MINUTE = read_int("API_CALLS_PER_MINUTE", 60, minimum=1)
DAILY_SUBSIDY_WON = read_int("DAILY_SUBSIDY_WON", 10_000)
# The share of turns in which one panel slot goes to a model whose skill is uncertain.
EXPLORE_PERCENT = read_int("EXPLORE_PERCENT", 10, maximum=100)

# -- Providers ----------------------------------------------------------------------------------
# A provider key is read by name for each call (NAME or NAME_FILE) and is never held in a setting.
READ_PROVIDER_SECRET = read_text
READ_LOCAL_MODELS = read_local_model_urls
OPENAI_COMPATIBLE_URL = read_url("OPENAI_COMPATIBLE_URL")
# Whether answers are replayed recordings; the page says so.
REPLAY = read_flag("REPLAY", default=False)
# Models whose weights are in this folder are also offered on the device, in the browser.
DEVICE_WEIGHTS_FOLDER = read_text("DEVICE_WEIGHTS_FOLDER", str(DATA_DIR / "models"))
PROVIDER_FAST_PATH = read_flag("PROVIDER_FAST_PATH", default=True)
WON_PER_DOLLAR = read_int("WON_PER_DOLLAR", 1_400, minimum=1)

# -- Ads ----------------------------------------------------------------------------------------
ADS_DEADLINE_MS = read_int("ADS_DEADLINE_MS", 80, minimum=1)
# Keyword matching runs in the aggregator, before the deadline of the ad request starts.
ADS_MATCH_MS = read_int("ADS_MATCH_MS", 500, minimum=1)
ADS_TOKEN_KEY = read_text("ADS_TOKEN_KEY") or read_secret("ads")
ADS_TOKEN_HOURS = 2
ADS_FLOOR_WON = read_int("ADS_FLOOR_WON", 70, minimum=1)
ADS_ANSWERS_PER_AD = read_int("ADS_ANSWERS_PER_AD", 3, minimum=1)
# Ads stand beside at most this percentage of prompts without commercial intent …
ADS_NONCOMMERCIAL_PERCENT = read_int("ADS_NONCOMMERCIAL_PERCENT", 7, minimum=1, maximum=20)
# … and at most this percentage of commercial prompts lose theirs because they look like work.
ADS_MISSED_PERCENT = read_int("ADS_MISSED_PERCENT", 1, minimum=1, maximum=20)
ADS_ADULTS_ONLY = read_flag("ADS_ADULTS_ONLY", default=False)
ADS_SPARE_NEWCOMERS = read_flag("ADS_SPARE_NEWCOMERS", default=False)
# After this time the only reviewer of a site may give the second approval too; 0 always requires two people.
ADS_LONE_REVIEW_HOURS = read_int("ADS_LONE_REVIEW_HOURS", 24, minimum=0)
# Whether advertisers may credit themselves test money, which then counts as income.
ADS_TEST_MONEY = read_flag("ADS_TEST_MONEY", default=False)
ADS_SERVICE_URL = read_url("ADS_SERVICE_URL")
# Whether the portal may read the landing page that an advertiser names, to suggest texts.
ADS_READ_LANDING_PAGES = read_flag("ADS_READ_LANDING_PAGES", default=True)
# The spool of ad clicks while the database is unreachable; must be a local disk.
ADS_SPOOL_FOLDER = read_text("ADS_SPOOL_FOLDER", str(DATA_DIR / "spool"))
ADS_DATACENTER_RANGES = read_text("ADS_DATACENTER_RANGES")
ADS_OWN_NETWORKS = read_networks("ADS_OWN_NETWORKS")
# The database role of the ad service, which may access the tables of `ads` and no others.
ADS_DATABASE_URL = read_url("ADS_DATABASE_URL", schemes=POSTGRES_SCHEMES)
ADS_DATABASE: dict[str, Any] = parse_database_url(ADS_DATABASE_URL) if ADS_DATABASE_URL else {}
# Where to send the alert when the reconciliation of the ledger fails.
ALARM_EMAILS = read_list("ALARM_EMAILS")
ALARM_URL = read_url("ALARM_URL")

# -- Background work ----------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
# Without a timeout, a connection that a router dropped silently blocks the sender for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 10, "socket_connect_timeout": 5}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE

# -- Metrics and traces -------------------------------------------------------------------------
# A worker serves its metrics on this port (0: none); the web role serves them at /metrics with the token.
METRICS_PORT = read_int("METRICS_PORT", 0, maximum=MAX_PORT)
METRICS_HOST = read_text("METRICS_HOST", "127.0.0.1")
METRICS_TOKEN = read_text("METRICS_TOKEN")
# The collector of traces (OTLP over HTTP); empty disables tracing.
OTLP_ENDPOINT = read_url("OTEL_EXPORTER_OTLP_ENDPOINT")

# -- Admin --------------------------------------------------------------------------------------
UNFOLD = admin_theme.UNFOLD

# -- Logs ---------------------------------------------------------------------------------------
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "config.monitoring.logs.PlainFormatter",
            "format": "{asctime} {levelname:<7} {name}{turn}: {message}",
            "style": "{",
        },
        "json": {"()": "config.monitoring.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": read_choice("LOG_FORMAT", "plain", ("plain", "json")),
        }
    },
    "root": {"handlers": ["console"], "level": read_choice("LOG_LEVEL", "INFO", LOG_LEVELS)},
    "loggers": {
        # Providers quote prompts in their errors; aggregator.providers logs failures without the text.
        "LiteLLM": {"level": "CRITICAL"},
        "httpx": {"level": "WARNING"},
        # Configured here so that it loses its own handler, which prints error messages.
        "uvicorn": {"level": "INFO", "propagate": True},
        "uvicorn.access": {"level": "WARNING"},
    },
}
