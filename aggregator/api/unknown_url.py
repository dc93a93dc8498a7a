"""The answer to an address of the public API that does not exist."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from aggregator.api.api_endpoint import error_response
from aggregator.api.error_formats import choose_error_format
from aggregator.api.errors import ApiError


@csrf_exempt
async def show_unknown_url(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer 404 as JSON, whatever the method and without an API key."""
    message = _("‘%(path)s’은(는) 없는 주소예요.") % {"path": request.path[:200]}
    return error_response(ApiError(404, "unknown_url", message), choose_error_format(request))
