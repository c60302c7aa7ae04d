"""
What the API refuses, and in which words.

Codes and pointers follow the DIDWW documentation, API 2026-04-16 (Errors).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

VALIDATION = "100"
INVALID_RESOURCE = "101"
FILTER_NOT_ALLOWED = "102"
INVALID_FIELD_VALUE = "103"
INVALID_FIELD = "104"
PARAMETER_NOT_ALLOWED = "105"
PARAMETER_MISSING = "106"
INVALID_FILTER_VALUE = "107"
KEY_MISSING = "109"
KEY_NOT_IN_URL = "110"
INVALID_INCLUDE = "112"
INVALID_SORT = "114"
INVALID_LINKAGE = "115"
TYPE_MISMATCH = "116"
INVALID_PAGE = "117"
INVALID_PAGE_VALUE = "118"
INVALID_FILTER_SYNTAX = "120"
INVALID_DATA_FORMAT = "122"

ErrorObject = dict[str, Any]
"""One member of `errors`, ready for JSON."""


class RefusalError(Exception):
    """A request that ends in an error document: its HTTP status and its error objects."""

    def __init__(self, status: int, errors: Sequence[ErrorObject]) -> None:
        super().__init__(status, [error.get("detail") for error in errors])
        self.status = status
        self.errors = list(errors)
        self.headers: dict[str, str] = {}


def error(
    status: int, code: str, title: str, detail: str, *, pointer: str = "", parameter: str = ""
) -> ErrorObject:
    """One error object; `pointer` names a place in the body, `parameter` one in the query."""
    body: ErrorObject = {"title": title, "detail": detail, "code": code, "status": str(status)}
    if pointer:
        body["source"] = {"pointer": pointer}
    elif parameter:
        body["source"] = {"parameter": parameter}
    return body


def bad_request(
    code: str, title: str, detail: str, *, pointer: str = "", parameter: str = ""
) -> RefusalError:
    """A 400 with one error."""
    return RefusalError(
        400, [error(400, code, title, detail, pointer=pointer, parameter=parameter)]
    )


def not_allowed(name: str, *, pointer: str = "", parameter: str = "") -> RefusalError:
    """400, code 105: a name this API does not know, in the body or in the query."""
    return bad_request(
        PARAMETER_NOT_ALLOWED,
        "Param not allowed",
        f"{name} is not allowed.",
        pointer=pointer,
        parameter=parameter,
    )


def missing(name: str, *, pointer: str = "") -> RefusalError:
    """400, code 106: a required name that the body lacks."""
    return bad_request(
        PARAMETER_MISSING,
        "Missing Parameter",
        f"The required parameter, {name}, is missing.",
        pointer=pointer,
    )


def type_mismatch(found: object, expected: str, *, pointer: str) -> RefusalError:
    """400, code 116: a resource type that does not belong here."""
    return bad_request(
        TYPE_MISMATCH,
        "Type Mismatch",
        f"{found} is not a valid type for this operation, {expected} is.",
        pointer=pointer,
    )


def invalid(field: str, message: str, *, pointer: str | None = None) -> ErrorObject:
    """One 422 error object; without `pointer`, the field is an attribute."""
    return error(
        422,
        VALIDATION,
        message,
        f"{field} - {message}",
        pointer=f"/data/attributes/{field}" if pointer is None else pointer,
    )


def unprocessable(*errors: ErrorObject) -> RefusalError:
    """A 422 with the given errors."""
    return RefusalError(422, errors)


def record_not_found(record_id: str) -> RefusalError:
    """404 for an id that names nothing."""
    detail = f"The record identified by {record_id} could not be found."
    return RefusalError(404, [error(404, "404", "Record not found", detail)])


def no_such_route(method: str, path: str) -> RefusalError:
    """404 for a path that this sandbox does not serve."""
    detail = f"Nothing answers {method} {path}."
    return RefusalError(404, [error(404, "404", "Not Found", detail)])


def method_not_allowed(method: str, path: str) -> RefusalError:
    """405 for a verb that the resource does not have."""
    detail = f"{method} is not allowed on {path}."
    return RefusalError(405, [error(405, "405", "Method Not Allowed", detail)])


def unauthorized() -> RefusalError:
    """401 for a missing or unknown key."""
    return RefusalError(401, [error(401, "401", "Unauthorized", "Authorization failed")])


def not_acceptable(accept: str | None) -> RefusalError:
    """406 for any `Accept` but the bare media type of JSON:API."""
    detail = f"Accept has to be 'application/vnd.api+json' without parameters, not {accept!r}."
    return RefusalError(406, [error(406, "406", "Not acceptable", detail)])


def unsupported_media_type(content_type: str | None) -> RefusalError:
    """415 for a body of any type but the bare media type of JSON:API."""
    detail = (
        "Content-Type has to be 'application/vnd.api+json' without parameters, "
        f"not {content_type!r}."
    )
    return RefusalError(415, [error(415, "415", "Unsupported media type", detail)])


def too_many_requests(retry_after: float | None = None) -> RefusalError:
    """429, whose only error has neither code nor title, as the DIDWW documentation shows it."""
    refusal = RefusalError(429, [{"status": "429", "detail": "Too Many Requests"}])
    if retry_after is not None:
        refusal.headers["Retry-After"] = f"{retry_after:g}"
    return refusal


def insufficient_balance(available: str, total_cost: str) -> RefusalError:
    """400 for an order that the balance and the credit do not cover."""
    body = error(400, "400", "Insufficient balance", "Insufficient balance")
    body["meta"] = {"available_balance": available, "total_cost": total_cost}
    return RefusalError(400, [body])
