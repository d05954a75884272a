"""`/api/v1/`: OpenAPI at `openapi.json`; no page of it loads anything from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from equipoise.errors import EquipoiseError, InvalidRecord
from equipoise_server.services.access.permissions import BY_PROGRAM
from equipoise_server.web.api import asking, reading, writing
from equipoise_server.web.api.body import Document
from equipoise_server.web.api.routes import router
from equipoise_server.web.api.shapes import Problem, Wrong
from equipoise_server.web.api.strict import NotTakenError, parameters, strict
from equipoise_server.web.api.token import Bearer, TooFastError
from equipoise_server.web.shared.errors import status_of

_WHO = (
    "No token that counts was sent. Send the header `Authorization: Bearer eqp_...`; a token ends "
    "when its time is over, when it is revoked, or when its person loses the role."
)


class Programs(NinjaAPI):
    """Answers that nobody on the way keeps."""

    def create_response(self, *given: Any, **named: Any) -> HttpResponse:
        """An answer as JSON."""
        answer = super().create_response(*given, **named)
        answer["Cache-Control"] = "private, no-store"
        return answer


api = Programs(
    title="equipoise",
    version="1",
    description=(
        "Read and write the trial's coded data under a token of one role and one site, by the "
        "rules of the pages. Every refusal has the shape `Problem`; nothing was written then."
    ),
    docs_url=None,
    openapi_url="/openapi.json",
    auth=Bearer(),
    parser=Document(),
    urls_namespace="programs",
)
api.add_router("", router)
__all__ = ["api", "asking", "reading", "urlpatterns", "writing"]


def _say(request: HttpRequest, status: int, code: str, message: str, *wrong: Wrong) -> HttpResponse:
    said = Problem(code=code, message=message, problems=list(wrong))
    return api.create_response(request, said.dict(), status=status)


@api.exception_handler(EquipoiseError)
def refused(request: HttpRequest, error: EquipoiseError) -> HttpResponse:
    """A refusal as JSON, with the status that the pages give it."""
    wrong = error.findings if isinstance(error, InvalidRecord) else ()
    said = [(item, message) for item, found, message in (_parts(one) for one in wrong) if found]
    status = 404 if error.code == "refused.unknown" else status_of(error)
    problems = [Wrong(item=item, message=message) for item, message in said]
    return _say(request, status, error.code, str(error), *problems)


def _parts(finding: object) -> tuple[str, str, str]:
    return str(finding).partition(": ")


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What was sent has another shape: the first place that is wrong."""
    first = error.errors[0]
    where = ".".join(map(str, first["loc"]))[:200]
    return _say(request, 422, "http.422", f"{where}: {first['msg']}. Nothing was written.")


@api.exception_handler(HttpError)
def unheard(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What cannot be read at all, such as a body that is no JSON."""
    answer = _say(request, error.status_code, f"http.{error.status_code}", f"{error.message}.")
    if isinstance(error, TooFastError):
        answer["Retry-After"] = str(error.wait)
    if isinstance(error, NotTakenError):
        answer["Allow"] = error.allowed
    return answer


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Nobody we know."""
    answer = _say(request, 401, "http.401", _WHO)
    answer["WWW-Authenticate"] = 'Bearer realm="equipoise"'
    return answer


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """An address that does not exist, for a program."""
    return _say(request, 404, "http.404", "There is nothing at this address. See openapi.json.")


_routes, _known = api.urls, parameters(router)
for _one in _routes[0]:
    if isinstance(_one, URLPattern):
        _open = _one.name in ("openapi-json", "api-root")
        _names = _known.get(str(_one.pattern), {"GET": frozenset()})
        _one.callback = strict(_one.callback, _names, api)
        setattr(_one.callback, "readers", None if _open else BY_PROGRAM)  # noqa: B010
setattr(nowhere, "readers", None)  # noqa: B010
urlpatterns = [path("", _routes), path("<path:rest>", nowhere, name="nowhere")]
