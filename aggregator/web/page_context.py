"""What every template may print: the site's address, and the person's use of the day (also as JSON)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.selectors import find_user
from aggregator.selectors.day_use import DayUse, read_day_use


def day_use(request: HttpRequest) -> dict[str, object]:
    """Give templates `day_use`, which queries only where one prints it."""
    return {"day_use": SimpleLazyObject(lambda: _read(request))}


def site_url(request: HttpRequest) -> dict[str, object]:
    """Give templates `site_url`, before which a path becomes an address that other sites can use."""
    return {"site_url": settings.PUBLIC_URL}


@require_safe
@never_cache
def show_use(request: HttpRequest) -> HttpResponse:
    """Return the person's use of today as JSON."""
    use = _read(request)
    return JsonResponse({"used": use.used, "limit": use.limit, "left": use.left, "is_guest": use.is_guest})


def _read(request: HttpRequest) -> DayUse:
    return read_day_use(find_user(request))
