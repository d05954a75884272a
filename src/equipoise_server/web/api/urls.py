"""`/api/v1/`: OpenAPI at `openapi.json`; no page of it loads anything from elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from equipoise.errors import EquipoiseError
from equipoise_server.services.access.permissions import BY_PROGRAM
from equipoise_server.web.api import asking, reading, shapes, writing
from equipoise_server.web.api.routes import router
from equipoise_server.web.api.token import Bearer
from equipoise_server.web.shared.errors import status_of

api = NinjaAPI(
    title="equipoise",
    version="1",
    description="Read and write the trial's coded data under a token of one role and one site.",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=Bearer(),
    urls_namespace="programs",
)
api.add_router("", router)
__all__ = ["api", "asking", "reading", "urlpatterns", "writing"]


@api.exception_handler(EquipoiseError)
def refused(request: HttpRequest, error: EquipoiseError) -> HttpResponse:
    """A refusal as JSON, with the status that the pages give it."""
    said = shapes.Problem(code=error.code, message=str(error))
    return api.create_response(request, said.dict(), status=_status(error))


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What was sent has another shape: the first place that is wrong."""
    first = error.errors[0]
    where = ".".join(map(str, first["loc"]))
    said = shapes.Problem(code="http.422", message=f"{where}: {first['msg']}. Nothing was written.")
    return api.create_response(request, said.dict(), status=422)


@api.exception_handler(HttpError)
def unheard(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What cannot be read at all, such as a body that is no JSON."""
    said = shapes.Problem(code=f"http.{error.status_code}", message=f"{error.message}.")
    return api.create_response(request, said.dict(), status=error.status_code)


def _status(error: EquipoiseError) -> int:
    return 404 if error.code == "refused.unknown" else status_of(error)


_routes = api.urls
for _one in _routes[0]:
    if isinstance(_one, URLPattern):
        _open = _one.name in ("openapi-json", "api-root")
        setattr(_one.callback, "readers", None if _open else BY_PROGRAM)  # noqa: B010
urlpatterns = [path("", _routes)]
