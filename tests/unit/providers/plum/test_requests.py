"""What can't be ordered is refused before anything is sent, by the name of the field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from didww_async import ConfigurationError, InvalidRequestError
from didww_async.plainjson import dumps, loads
from didww_async.providers.plum import (
    MemoryTokens,
    NewTopUpOrder,
    PlumClient,
    PlumEnvironment,
    PlumPace,
    TokenPair,
)
from didww_async.providers.plum.queries import details_data, history_data, vouchers_data
from didww_async.providers.plum.requests import order_data

GOOD: dict[str, Any] = {
    "product_id": 55140,
    "denomination": 199,
    "phone_code": "+91",
    "phone_number": "9800000001",
    "email": "user@example.com",
    "po_number": "po-7c1d0e",
}
TOKENS = MemoryTokens(TokenPair(access_token="a", refresh_token="r"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_id", ""),
        ("product_id", "abc"),
        ("product_id", 0),
        ("product_id", -1),
        ("product_id", True),
        ("product_id", None),
        ("product_id", 1.5),
        ("denomination", 0),
        ("denomination", -5),
        ("denomination", "-0.01"),
        ("denomination", 1.5),
        ("denomination", True),
        ("denomination", "much"),
        ("denomination", "1_000"),
        ("denomination", "1E+2"),
        ("denomination", "١٩٩"),
        ("denomination", Decimal("NaN")),
        ("denomination", Decimal("Infinity")),
        ("denomination", Decimal("0.1234567890123456")),
        ("denomination", Decimal("1E+30")),
        ("denomination", None),
        ("quantity", 0),
        ("quantity", 11),
        ("quantity", True),
        ("quantity", 1.0),
        ("quantity", "1"),
        ("po_number", ""),
        ("po_number", " "),
        ("po_number", "x" * 101),
        ("po_number", " a"),
        ("po_number", "a\u00a0"),
        ("po_number", "a\nb"),
        ("po_number", "\ud800"),
        ("po_number", None),
        ("po_number", 7),
        ("email", ""),
        ("email", "nobody"),
        ("email", "a b@example.com"),
        ("email", "a@\ud800"),
        ("email", None),
        ("phone_code", "91"),
        ("phone_code", "+"),
        ("phone_code", "+12345"),
        ("phone_code", None),
        ("phone_number", "98000 00001"),
        ("phone_number", "+919800000001"),
        ("phone_number", "٩٨٠٠٠٠"),
        ("phone_number", "123"),
        ("phone_number", "1" * 14),  # sixteen with the calling code
        ("phone_number", 9800000001),
        ("tag", 5),
        ("tag", "a\x00"),
        ("notify_receiver_email", 1),
        ("notify_admin_email", "yes"),
        ("perform_operator_validation", 0),
    ],
)
def test_field_that_can_not_be_sent_is_named(field: str, value: object) -> None:
    """Each rule of the documents has a refusal that names its field."""
    with pytest.raises(InvalidRequestError) as caught:
        NewTopUpOrder(**{**GOOD, field: value})
    assert caught.value.field == field


def test_mail_needs_an_address() -> None:
    """A mail to the receiver can't be asked for without saying where."""
    fields = {name: value for name, value in GOOD.items() if name != "email"}
    NewTopUpOrder(**fields)
    with pytest.raises(InvalidRequestError) as caught:
        NewTopUpOrder(**fields, notify_receiver_email=True)
    assert caught.value.field == "email"


def test_number_is_in_no_refusal_and_no_repr() -> None:
    """The phone that is topped up is somebody's: it is not shown."""
    order = NewTopUpOrder(**GOOD)
    assert "98000" not in repr(order)
    assert "user@" not in repr(order)
    with pytest.raises(InvalidRequestError) as caught:
        NewTopUpOrder(**{**GOOD, "phone_number": "+919800000001"})
    assert "98000" not in str(caught.value)


def test_everything_is_written_under_its_name() -> None:
    """Optional fields are sent if given, flags as 0 and 1, the phone in an object of its own."""
    order = NewTopUpOrder(
        **GOOD, tag="june", notify_admin_email=True, perform_operator_validation=False
    )
    assert order_data(order, "userMeta") == {
        "productId": 55140,
        "quantity": 1,
        "denomination": 199,
        "email": "user@example.com",
        "tag": "june",
        "poNumber": "po-7c1d0e",
        "notifyReceiverEmail": 0,
        "notifyAdminEmail": 1,
        "performOperatorValidation": 0,
        "userMeta": {"topupPhoneCode": "+91", "topupPhoneNumber": "9800000001"},
    }


@given(st.decimals(min_value="0.01", max_value=10**9, places=2))
def test_denomination_is_sent_exactly(denomination: Decimal) -> None:
    """The amount that is read on the other side is the one that was ordered."""
    order = NewTopUpOrder(**{**GOOD, "denomination": denomination})
    sent = loads(dumps(order_data(order, "topupData")))["denomination"]
    assert Decimal(sent) == denomination


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((None, None), "po_number"),
        (("po", "1"), "po_number"),
        (("", None), "po_number"),
        ((None, "x"), "order_id"),
        ((None, 0), "order_id"),
    ],
)
def test_look_needs_one_name(arguments: tuple[Any, Any], field: str) -> None:
    """An order is asked for by its number or by its id."""
    with pytest.raises(InvalidRequestError) as caught:
        details_data(*arguments)
    assert caught.value.field == field


def test_look_is_the_documented_one() -> None:
    """Both ways to ask for an order have the documents' form, and ask for no mail."""
    by_number = {"poNumber": "po-7c1d0e", "orderId": None, "sendMailToReceiver": 0}
    assert details_data("po-7c1d0e", None) == by_number
    by_id = {"poNumber": "", "orderId": 6552967, "sendMailToReceiver": 0}
    assert details_data(None, "6552967") == details_data(None, 6552967) == by_id


@pytest.mark.parametrize(
    ("start", "end", "tag", "field"),
    [
        ("2026-01-01", None, None, "start_date"),
        (None, 5, None, "end_date"),
        (None, None, "", "tag"),
    ],
)
def test_history_refuses_what_is_no_day(start: Any, end: Any, tag: Any, field: str) -> None:
    """Days are dates, and a tag is a text."""
    with pytest.raises(InvalidRequestError) as caught:
        history_data(start, end, tag)
    assert caught.value.field == field


def test_catalogue_query_is_the_documented_one() -> None:
    """Ids are joined by commas, filters become pairs."""
    assert vouchers_data("topup", "55132", [3211, "3212"], ["43211"], {"country": "India"}) == {
        "categoryType": "topup",
        "parentProductId": 55132,
        "includeProducts": "3211,3212",
        "excludeProducts": "43211",
        "filters": [{"key": "country", "value": "India"}],
    }
    with pytest.raises(InvalidRequestError, match="include_products"):
        vouchers_data("topup", None, "3211", (), None)


@pytest.mark.parametrize(
    "settings",
    [
        {"tokens": None},
        {"tokens": "tokens.json"},
        {"client_id": ""},
        {"client_secret": "a b"},
        {"environment": "sandbox"},
        {"timeouts": 5},
        {"retry": 3},
        {"pace": 100},
        {"top_up_field": "topup"},
        {"base_url": "accounts.example.com"},
        {"auth": object()},
    ],
)
def test_setting_that_can_not_work_is_refused(settings: dict[str, Any]) -> None:
    """A client that can't work is not made."""
    good = {"tokens": TOKENS, "client_id": "c", "client_secret": "s"}
    with pytest.raises(ConfigurationError):
        PlumClient(**{**good, **settings})


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not given is looked for where it is usually kept, and missed by its name."""
    monkeypatch.delenv("PLUM_CLIENT_SECRET", raising=False)
    monkeypatch.setenv("PLUM_CLIENT_ID", "c")
    with pytest.raises(ConfigurationError, match="PLUM_CLIENT_SECRET"):
        PlumClient(TOKENS)
    monkeypatch.setenv("PLUM_CLIENT_SECRET", "s")
    client = PlumClient(TOKENS, environment=PlumEnvironment.SANDBOX)
    assert repr(client) == "PlumClient('https://stagingstores.xoxoday.com/chef')"


def test_paces_are_the_documented_ones() -> None:
    """Each operation has its own number a minute, and can be given another."""
    pace = PlumPace({"placeOrder": 10, "getBalance": None})
    placing, looking = pace.of("placeOrder"), pace.of("getOrderDetails")
    assert placing is not None
    assert looking is not None
    assert (placing.requests, placing.seconds) == (10, 60)
    assert looking.requests == 200
    assert pace.of("getBalance") is None
    with pytest.raises(ConfigurationError, match="placeOrders"):
        PlumPace({"placeOrders": 10})


def test_one_pace_may_be_that_of_all_operations() -> None:
    """So many a second, which leaves no room for numbers a minute."""
    pace = PlumPace(a_second=7)
    assert pace.of("placeOrder") is pace.of("getBalance")
    shared = pace.of("placeOrder")
    assert shared is not None
    assert (shared.requests, shared.seconds) == (7, 1.0)
    assert repr(pace) == "PlumPace(a_second=7)"
    with pytest.raises(ConfigurationError, match="a_second takes the place of a_minute"):
        PlumPace({"placeOrder": 10}, a_second=7)
