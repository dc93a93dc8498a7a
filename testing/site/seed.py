"""Users with a session each and listings of the provider's models, for sites of benches."""

import json
import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def create_users(count: int) -> list[str]:
    """Create signed-in users and return their session cookies."""
    from django.test import Client

    from accounts.models import User

    cookies = []
    for number in range(count):
        user = User.objects.create_user(f"ada{number}", f"ada{number}@example.com")
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        cookies.append(f"sessionid={browser.cookies['sessionid'].value}")
    return cookies


def create_listings(names: list[str], provider_url: str, *, prefix: str = "model", **fields: object) -> None:
    """Create listings; a model's name tells the provider what to answer."""
    from testing.factories import ListingFactory

    for number, name in enumerate(names):
        ListingFactory.create(
            **{
                "slug": f"{prefix}-{number}",
                "name": f"Model {number}",
                "vendor": f"vendor {number}",
                "litellm_model": f"openai/{name}",
                "api_base": f"{provider_url}/v1",
                "output_limit": 4_000,
                "context_window": 100_000,
                "standing": 0.5 + number / 100,
                "concurrency": 10_000,
                **fields,
            }
        )


def offer_listings(prefix: str) -> None:
    """Switch on the listings that `create_listings` made with a prefix and no others; all for ''."""
    from aggregator.models import Listing

    Listing.objects.update(is_on=False)
    Listing.objects.filter(slug__regex=f"^{prefix}-[0-9]+$" if prefix else "").update(is_on=True)


def limit_calls(prefix: str, calls: int) -> None:
    """Set how many calls the listings that `create_listings` made with a prefix serve at once."""
    from aggregator.models import Listing

    Listing.objects.filter(slug__regex=f"^{prefix}-[0-9]+$").update(concurrency=calls)


def retry_database(work: Callable[[], T], seconds: float = 30.0) -> T:
    """Run database work, retried while the server is down."""
    from django.db import Error, connection

    ends = time.monotonic() + seconds
    while True:
        try:
            return work()
        except Error:
            connection.close()
            if time.monotonic() > ends:
                raise
            time.sleep(0.3)


def main() -> None:
    """Fill the database of the site whose settings are in the environment, or change what it offers."""
    import django

    django.setup()
    request = json.loads(sys.argv[1])
    if "offer" in request:
        offer_listings(request["offer"])
        return
    if "limit" in request:
        limit_calls(request["limit"], request["calls"])
        return
    cookies = create_users(request["users"])
    for prefix, names in request["models"].items():
        create_listings(names, request["provider"], prefix=prefix, can_fuse=False)
    print(json.dumps(cookies))


if __name__ == "__main__":
    main()
