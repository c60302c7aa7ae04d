"""Which secrets can be used, and what is shown of them."""

import pytest

from didww_async.webhooks import sign, verify

SECRET = "callback-secret"
URL = "https://example.com/hook"
PAYLOAD = {"id": "ab12", "status": "completed", "type": "orders"}


def verified(secret: str | list[str] | tuple[str, ...]) -> bool:
    """Check a request that is signed with `SECRET`."""
    return verify(
        method="POST",
        url=URL,
        body=b"id=ab12&status=completed&type=orders",
        content_type="application/x-www-form-urlencoded",
        signature=sign(URL, PAYLOAD, SECRET),
        secret=secret,
    )


def test_secret_rotation() -> None:
    """Any of several secrets will do."""
    assert [verified(each) for each in (["old", SECRET], (SECRET, "new"))] == [True, True]


def test_other_secrets() -> None:
    """No number of wrong secrets makes a right one."""
    assert not verified(["old", "new", SECRET[:-1]])


@pytest.mark.parametrize("secret", ["", " ", [], (), [SECRET, ""], "\ud800"])
def test_unusable_secret(secret: str | list[str]) -> None:
    """An empty or unusable secret raises before the request is looked at."""
    with pytest.raises(ValueError):
        verified(secret)


@pytest.mark.parametrize("secret", [None, b"secret", b"", 1, [b"secret"], [None], {"secret"}])
def test_secret_of_another_type(secret: object) -> None:
    """A secret that is no text is a programmer's error."""
    with pytest.raises(TypeError):
        verified(secret)  # type: ignore[arg-type]


def test_unusable_secret_is_not_shown() -> None:
    """The error about a secret does not hold it, nor does what led to it."""
    with pytest.raises(ValueError) as caught:
        verified("hunter\ud800")
    assert (
        "hunter" in repr(caught.value),
        caught.value.__cause__,
        caught.value.__context__,
    ) == (False, None, None)


@pytest.mark.parametrize("secret", ["", "  "])
def test_sign_refuses_an_empty_secret(secret: str) -> None:
    """Nothing can be signed with an empty secret."""
    with pytest.raises(ValueError, match="secret is empty"):
        sign(URL, PAYLOAD, secret)
