"""The exception tree: as drawn, as pickled, as shown."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

import didww_async
from didww_async import errors
from didww_async.jsonapi import ErrorObject, JsonApiSerializer
from didww_async.models.base import registry
from didww_async.models.orders import Order

OBJECT = ErrorObject("t", "d", "100", "422", "/data", "p", "i", {"a": "b"})
STATUS = ("POST", "https://api.didww.com/v3/orders", 422, (OBJECT,), "text")


def order() -> Order:
    """An order as the API shows it."""
    attributes = {
        "reference": "KTH-650932",
        "description": "DID",
        "amount": "5.98",
        "status": "pending",
        "created_at": "2026-04-20T10:00:00.000Z",
        "items": [],
    }
    body = json.dumps({"data": {"id": "1", "type": "orders", "attributes": attributes}}).encode()
    return JsonApiSerializer(registry).decode_one(body, Order).data


SAMPLES: list[errors.DidwwError] = [
    errors.DidwwError("text"),
    errors.ConfigurationError("text"),
    errors.ClientStateError("text"),
    errors.InvalidRequestError("qty", "takes more"),
    errors.NotLoadedError("text"),
    errors.TransportError("GET", "u", "reason"),
    errors.ConnectError("GET", "u", "reason"),
    errors.ConnectionLostError("GET", "u", "reason"),
    errors.RequestTimeoutError("GET", "u", "reason"),
    errors.ResponseTooLargeError("GET", "u", "reason"),
    errors.ForeignOriginError("GET", "u", "o"),
    errors.PaginationError("GET", "u"),
    errors.ApiStatusError(*STATUS),
    errors.BadRequestError(*STATUS),
    errors.InsufficientBalanceError(*STATUS, Decimal("44.35"), Decimal("0.0")),
    errors.TryAgainLaterError(*STATUS),
    errors.AuthenticationError(*STATUS),
    errors.PermissionDeniedError(*STATUS),
    errors.NotFoundError(*STATUS),
    errors.ConflictError(*STATUS),
    errors.ValidationError(*STATUS),
    errors.RateLimitedError(*STATUS, 7.5),
    errors.RedirectError(*STATUS),
    errors.TokenError(errors.ConnectError("POST", "u", "reason")),
    errors.ServerError(*STATUS, 7.5),
    errors.DecodeError("GET", "u", 200, "problem", "$.data"),
    errors.OrderUnconfirmedError(errors.ServerError(*STATUS, 7.5), "crm-42"),
    errors.OrderRejectedError("text"),
    errors.OrderNotPlacedError("text"),
    errors.JournalError("text"),
    errors.ChangedRequestError("text"),
    errors.WaitTimeoutError(order(), 5.0),
    errors.WebhookSignatureError("text"),
    errors.WebhookPayloadError("text"),
]


def every_class(base: type[errors.DidwwError] = errors.DidwwError) -> Iterator[type]:
    """All public classes of the tree."""
    if base.__module__ == errors.__name__:
        if not base.__name__.startswith("_"):
            yield base
        for below in base.__subclasses__():
            yield from every_class(below)


def public_parent(kind: type) -> str:
    """The nearest public class of the tree above."""
    return next(
        base.__name__
        for base in kind.__mro__[1:]
        if base.__module__ == errors.__name__ and not base.__name__.startswith("_")
    )


def test_the_drawn_tree_is_the_real_one() -> None:
    """Every class once, under its parent."""
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in str(errors.__doc__).splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+(?:Error))\b", line)
        if found is None:
            continue
        depth, name = len(found[1]), found[2]
        while above and above[-1][0] >= depth:
            above.pop()
        assert name not in drawn
        drawn[name] = above[-1][1] if above else ""
        above.append((depth, name))

    classes = {kind.__name__: kind for kind in every_class()}
    real = {name: public_parent(kind) for name, kind in classes.items() if name != "DidwwError"}
    assert drawn == {"DidwwError": "", **real}


def test_every_error_is_public() -> None:
    """In `errors.__all__`, and importable from the package."""
    names = {kind.__name__ for kind in every_class()}

    assert set(errors.__all__) == names
    assert names <= set(didww_async.__all__)


def test_every_error_has_a_sample_here() -> None:
    """So that no new one goes untested."""
    assert {type(error) for error in SAMPLES} == set(every_class())


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_pickles(error: errors.DidwwError, protocol: int) -> None:
    """The same class, text, arguments and attributes come back."""
    again = pickle.loads(pickle.dumps(error, protocol))

    assert type(again) is type(error)
    assert (str(again), repr(again)) == (str(error), repr(error))
    assert _shown(again) == _shown(error)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_every_error_copies(error: errors.DidwwError, copied: object) -> None:
    """As a queue between threads or a test may do."""
    assert callable(copied)
    again = copied(error)

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert _shown(again) == _shown(error)


def _shown(error: BaseException) -> dict[str, str]:
    return {name: repr(value) for name, value in vars(error).items()}


def test_an_error_is_shown_by_name_and_text() -> None:
    """In a notebook, too."""
    assert repr(errors.ConnectError("GET", "u", "why")) == "<ConnectError: GET u: why>"


def test_a_status_error_tells_every_error_object() -> None:
    """The details, each with its pointer."""
    two = (ErrorObject(detail="one", pointer="/a"), ErrorObject(title="two"))

    text = str(errors.ValidationError("POST", "u", 422, two))

    assert text == "422 on POST u: one (/a); two"


def test_a_status_error_without_objects_tells_the_bodys_beginning() -> None:
    """Or that there was none."""
    assert (
        str(errors.ServerError("GET", "u", 502, (), "Bad Gateway")) == "502 on GET u: Bad Gateway"
    )
    assert str(errors.ServerError("GET", "u", 500)).endswith("the answer gives no detail")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("number 37282345678 taken", "number [number] taken"),
        ("+37282345678", "[number]"),
        ("1234567 and 123456789012345", "[number] and [number]"),
        ("123456", "123456"),
        ("1234567890123456", "1234567890123456"),
        ("id 11111111-1111-4111-8111-111111111111", "id 11111111-1111-4111-8111-111111111111"),
    ],
)
def test_phone_numbers_are_masked(text: str, shown: str) -> None:
    """What the server says about a customer's number does not reach a log."""
    told = str(errors.NotFoundError("GET", "u", 404, (ErrorObject(detail=text),)))

    assert told == f"404 on GET u: {shown}"


def test_a_rate_limit_tells_what_was_asked_for() -> None:
    """And nothing where nothing was."""
    assert str(errors.RateLimitedError("GET", "u", 429, (), "", 7.0)).endswith(
        "(retry after 7 seconds)"
    )
    assert "retry" not in str(errors.RateLimitedError("GET", "u", 429))


def test_an_unconfirmed_order_has_the_parts_of_its_cause() -> None:
    """Method, URL, status and error objects."""
    error = errors.OrderUnconfirmedError(errors.ServerError(*STATUS), "crm-42")

    assert (error.method, error.url, error.status) == ("POST", STATUS[1], 422)
    assert error.errors == (OBJECT,)


def test_an_unconfirmed_order_without_an_answer_has_no_status() -> None:
    """Nor error objects."""
    error = errors.OrderUnconfirmedError(errors.ConnectionLostError("POST", "u", "lost"))

    assert (error.status, error.errors) == (None, ())


def test_an_unconfirmed_order_may_be_sent_again_with_its_correlation_id() -> None:
    """As long as there was no answer; after one the order has to be looked for."""
    lost = errors.OrderUnconfirmedError(errors.ConnectionLostError("POST", "u", "lost"), "r", "c-1")
    answered = errors.OrderUnconfirmedError(errors.ServerError(*STATUS), "r", "c-1")

    assert str(lost).endswith("with correlation_id 'c-1', and nothing is ordered twice")
    assert str(answered).endswith("look it up by external_reference_id 'r'")


def test_errors_of_values_are_pythons_too() -> None:
    """So that code that knows nothing of this package can catch them."""
    assert issubclass(errors.ConfigurationError, ValueError)
    assert issubclass(errors.InvalidRequestError, ValueError)
    assert issubclass(errors.ClientStateError, RuntimeError)
    assert issubclass(errors.NotLoadedError, AttributeError)
