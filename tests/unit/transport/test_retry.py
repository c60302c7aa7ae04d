"""When a request is repeated, how often, and how long is waited between."""

from __future__ import annotations

import asyncio
import datetime as dt
import warnings
from collections.abc import Callable
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from didww_async import (
    ApiStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    DidwwError,
    ForeignOriginError,
    InsufficientBalanceError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RedirectError,
    RequestTimeoutError,
    ResponseTooLargeError,
    RetryPolicy,
    ServerError,
    ValidationError,
)
from didww_async.transport import retry_after
from didww_async.transport.exchange import Request
from didww_async.transport.retry import is_repeatable, with_retries
from tests.unit.transport import virtual_time

METHODS = ("GET", "POST", "PATCH", "DELETE")
ALWAYS: list[DidwwError] = [
    ConnectError("M", "u", "refused"),
    RateLimitedError("M", "u", 429),
]
READS: list[DidwwError] = [
    ConnectionLostError("M", "u", "lost"),
    RequestTimeoutError("M", "u", "late"),
    ServerError("M", "u", 502),
    ServerError("M", "u", 503),
    ServerError("M", "u", 504),
]
NEVER: list[DidwwError] = [
    ResponseTooLargeError("M", "u", "large"),
    ServerError("M", "u", 500),
    ServerError("M", "u", 501),
    ServerError("M", "u", 520),
    BadRequestError("M", "u", 400),
    InsufficientBalanceError("M", "u", 400),
    AuthenticationError("M", "u", 401),
    PermissionDeniedError("M", "u", 403),
    NotFoundError("M", "u", 404),
    ApiStatusError("M", "u", 408),
    ConflictError("M", "u", 409),
    ValidationError("M", "u", 422),
    RedirectError("M", "u", 307),
    DecodeError("M", "u", 200, "no JSON", "$"),
    ForeignOriginError("M", "u", "o"),
]


def name_of(error: object) -> str:
    """What a failure is called in a test's name."""
    return f"{type(error).__name__}-{getattr(error, 'status', '')}"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("error", [*ALWAYS, *READS, *NEVER], ids=name_of)
def test_what_is_repeated_depends_on_method_and_failure(method: str, error: DidwwError) -> None:
    """A write only where the server did nothing, a read also where that does not matter."""
    expected = error in ALWAYS or (method == "GET" and error in READS)

    assert is_repeatable(Request(method, "/"), error) is expected


class Attempts:
    """Fails as told, then succeeds; notes the numbers that it is called with."""

    def __init__(self, *failures: DidwwError) -> None:
        self.failures = list(failures)
        self.numbers: list[int] = []
        self.times: list[float] = []

    async def __call__(self, number: int) -> str:
        self.numbers.append(number)
        self.times.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    @property
    def waits(self) -> list[float]:
        return [round(b - a, 6) for a, b in zip(self.times, self.times[1:], strict=False)]


def policy(**changes: float) -> RetryPolicy:
    """Waits of 1, 2, 4 ... up to 8 seconds and next to no jitter."""
    values = {"wait_initial": 1.0, "wait_max": 8.0, "wait_jitter": 1e-6, **changes}
    return RetryPolicy(**values)  # type: ignore[arg-type]


def test_a_success_is_not_repeated() -> None:
    """One attempt, no wait."""
    attempts = Attempts()

    assert virtual_time.run(with_retries(policy(), Request("GET", "/"), attempts)) == "done"
    assert attempts.numbers == [1]


def test_attempts_are_counted_from_one() -> None:
    """The first one, too."""
    attempts = Attempts(*[ConnectError("GET", "u", "x")] * 3)

    assert virtual_time.run(with_retries(policy(), Request("GET", "/"), attempts)) == "done"
    assert attempts.numbers == [1, 2, 3, 4]


def test_the_last_failure_is_raised_when_attempts_run_out() -> None:
    """Not the first one and nothing of the retry library's."""
    failures = [ConnectError("GET", "u", str(number)) for number in range(9)]
    attempts = Attempts(*failures)

    with pytest.raises(ConnectError) as caught:
        virtual_time.run(with_retries(policy(), Request("GET", "/"), attempts))

    assert caught.value is failures[3]
    assert attempts.numbers == [1, 2, 3, 4]


@pytest.mark.parametrize("attempts_allowed", [1, 2, 5])
def test_a_policy_bounds_the_attempts(attempts_allowed: int) -> None:
    """In all, with the first."""
    attempts = Attempts(*[ConnectError("GET", "u", "x")] * 9)

    with pytest.raises(ConnectError):
        virtual_time.run(
            with_retries(policy(attempts=attempts_allowed), Request("POST", "/"), attempts)
        )

    assert len(attempts.numbers) == attempts_allowed


def test_a_failure_that_may_not_be_repeated_ends_the_series() -> None:
    """A POST lost on its second attempt is not sent a third time."""
    attempts = Attempts(RateLimitedError("POST", "u", 429), ConnectionLostError("POST", "u", "x"))

    with pytest.raises(ConnectionLostError):
        virtual_time.run(with_retries(policy(), Request("POST", "/"), attempts))

    assert attempts.numbers == [1, 2]


def test_waits_double_up_to_their_bound() -> None:
    """1, 2, 4, 8 and then 8 again, each with its jitter on top."""
    attempts = Attempts(*[ConnectError("GET", "u", "x")] * 5)

    virtual_time.run(with_retries(policy(attempts=6), Request("GET", "/"), attempts))

    assert [round(wait, 3) for wait in attempts.waits] == [1, 2, 4, 8, 8]


def test_a_repetition_warns_of_nothing() -> None:
    """Where warnings are errors, one would come in place of the answer."""
    attempts = Attempts(ConnectError("GET", "u", "x"))

    quick = policy(wait_initial=0.5)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert virtual_time.run(with_retries(quick, Request("GET", "/"), attempts)) == "done"


def test_waits_at_their_bound_have_jitter_too() -> None:
    """Those who failed together do not come back together, however long it takes."""
    waits = set()
    for _ in range(30):
        attempts = Attempts(ConnectError("GET", "u", "x"))
        late = policy(wait_initial=16, wait_max=8, wait_jitter=0.5)
        virtual_time.run(with_retries(late, Request("GET", "/"), attempts))
        waits.add(attempts.waits[0])

    assert len(waits) > 1


def test_jitter_is_added_and_bounded() -> None:
    """Up to `wait_jitter`, and not the same each time."""
    first_waits = set()
    for _ in range(30):
        attempts = Attempts(ConnectError("GET", "u", "x"))
        virtual_time.run(with_retries(policy(wait_jitter=0.5), Request("GET", "/"), attempts))
        first_waits.add(attempts.waits[0])

    assert all(1 <= wait <= 1.5 for wait in first_waits)
    assert len(first_waits) > 1


@pytest.mark.parametrize(
    "make",
    [
        lambda seconds: RateLimitedError("GET", "u", 429, (), "", seconds),
        lambda seconds: ServerError("GET", "u", 503, (), "", seconds),
    ],
    ids=["429", "503"],
)
def test_what_the_server_asks_for_is_waited(make: Callable[[float], DidwwError]) -> None:
    """In place of the policy's own wait, also where that is longer."""
    attempts = Attempts(make(7.0), make(0.25))

    virtual_time.run(with_retries(policy(), Request("GET", "/"), attempts))

    assert attempts.waits == pytest.approx([7.0, 0.25], abs=0.001)  # and the least of jitter


@pytest.mark.parametrize(("seconds", "attempts_made"), [(60.0, 2), (60.5, 1), (86400.0, 1)])
def test_a_wait_over_the_bound_is_not_waited(seconds: float, attempts_made: int) -> None:
    """The error is raised at once, with what was asked for."""
    attempts = Attempts(RateLimitedError("POST", "u", 429, (), "", seconds))

    if attempts_made == 1:
        with pytest.raises(RateLimitedError) as caught:
            virtual_time.run(with_retries(policy(), Request("POST", "/"), attempts))
        assert caught.value.retry_after == seconds
    else:
        virtual_time.run(with_retries(policy(), Request("POST", "/"), attempts))

    assert len(attempts.numbers) == attempts_made


def test_an_error_of_somebody_elses_is_not_repeated() -> None:
    """A bug must not be hidden by repetition."""
    calls = []

    async def attempt(number: int) -> None:
        calls.append(number)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        virtual_time.run(with_retries(policy(), Request("GET", "/"), attempt))

    assert calls == [1]


def test_cancelling_a_wait_ends_the_series() -> None:
    """No further attempt is made."""
    attempts = Attempts(*[ConnectError("GET", "u", "x")] * 3)

    async def main() -> None:
        task = asyncio.ensure_future(with_retries(policy(), Request("GET", "/"), attempts))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtual_time.run(main())

    assert attempts.numbers == [1]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("86400", 86400.0),
        ("999999999", 999999999.0),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("soon", None),
        ("\u0667", None),
        ("\u00b2", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", 0.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_exactly(value: str, seconds: float | None) -> None:
    """Whole seconds or a date; anything else is as good as nothing."""
    assert retry_after({"Retry-After": value}) == seconds


def test_a_missing_retry_after_is_none() -> None:
    """The server did not say."""
    assert retry_after({}) is None


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])
def test_a_date_is_counted_from_now(zone: str) -> None:
    """In any way to write UTC."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    text = format_datetime(at, usegmt=True).replace("GMT", zone)

    found = retry_after({"Retry-After": text})

    assert found is not None
    assert 3500 < found <= 3600


_ODD_DATES = st.builds(
    "{} {} {} {}:{}:{} {}".format,
    st.integers(0, 10**6),
    st.sampled_from(["Jan", "Nov", "x"]),
    st.integers(0, 10**12),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.integers(-1, 10**12),
    st.sampled_from(["GMT", "+0000", "-9999", "+99999999999999999999"]),
)


@given(st.text() | _ODD_DATES)
@example("Mon, 20 Nov 99999999999999999999 08:49:37 GMT")
def test_any_retry_after_is_a_time_or_nothing(value: str) -> None:
    """Never an exception: it would hide what became of an order."""
    found = retry_after({"Retry-After": value})

    assert found is None or found >= 0
