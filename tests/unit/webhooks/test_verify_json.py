"""Which raw JSON requests count as signed."""

from typing import TypedDict

import pytest

from didww_async.webhooks import sign_events, verify

SECRET = "callback-secret"
URL = "https://example.com/hook"


class Request(TypedDict):
    method: str
    url: str
    body: bytes
    content_type: str
    signature: str


def post_json(body: str, events: list[dict[str, object]]) -> Request:
    """A request with this body, signed as these events."""
    return Request(
        method="POST",
        url=URL,
        body=body.encode(),
        content_type="application/json",
        signature=sign_events(URL, events, SECRET),
    )


def test_json_array() -> None:
    """A JSON array verifies entry by entry, whatever its white space and member order."""
    body = ' [ {"status": "blocked", "id": "1", "on": true}, {"n": null, "id": "\\u0032"} ] '
    events: list[dict[str, object]] = [
        {"id": "1", "on": True, "status": "blocked"},
        {"id": "2", "n": None},
    ]
    assert verify(**post_json(body, events), secret=SECRET)


def test_json_order_matters() -> None:
    """The entries of a JSON array cannot be rearranged."""
    body = '[{"id": "2"}, {"id": "1"}]'
    assert not verify(**post_json(body, [{"id": "1"}, {"id": "2"}]), secret=SECRET)


def test_json_number_counts_as_written() -> None:
    """A number keeps the spelling of the body, whatever its size."""
    digits = "1" + "0" * 5000
    request = post_json(f'[{{"n": {digits}, "x": 1.50}}]', [{"n": digits, "x": "1.50"}])
    assert verify(**request, secret=SECRET)


@pytest.mark.parametrize(
    "body",
    [
        '[{"id": "1", "id": "1"}]',
        '[{"id": "1", "x": []}]',
        '[{"id": "1", "x": {}}]',
        '[{"id": "1"}, []]',
        '[{"id": "1"}, "x"]',
        '{"id": "1"}',
        '"id1"',
        '[{"id": "1"}',
        '[{"id": "\\ud800"}]',
        "[" * 100_000,
        "null",
        "true",
    ],
)
def test_json_of_another_shape(body: str) -> None:
    """JSON that is no array of flat objects is refused."""
    assert not verify(**post_json(body, [{"id": "1"}]), secret=SECRET)


def test_json_constants() -> None:
    """NaN is no JSON, though Python reads it."""
    assert not verify(**post_json('[{"n": NaN}]', [{"n": "NaN"}]), secret=SECRET)
