"""Trouble in Adobe's own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.adobe_vip.refusals import error_reply, json_reply
from didww_async.sandbox.faults import Fault, Faults, When

if TYPE_CHECKING:
    from random import Random
    from typing import Unpack


class AdobeVipFaults(Faults):
    """
    The faults of an Adobe sandbox; see `Faults`.

    Those of `Faults` strike on the way: the API does not know of them, and remembers what it
    answered itself. `remembered` and `slow` strike within the API.
    """

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.inside = Faults(random)
        """The faults that strike within the API, once a request is known to be new."""

    def remembered(
        self, code: str = "1124", *, applied: bool = False, **when: Unpack[When]
    ) -> Fault:
        """
        Answer an error of the API's own, by its code, and answer it again to the same intent.

        With `applied`, the request took effect all the same.
        """
        reply = error_reply(code)
        return self.inside.answer(
            reply.status, body=reply.body, headers=reply.headers, applied=applied, **when
        )

    def slow(self, seconds: float, **when: Unpack[When]) -> Fault:
        """Carry the request out at once and answer late; until then a duplicate meets a 4122."""
        return self.inside.delay(seconds, applied=True, **when)

    def rate_limit(self, retry_after: float | None = None, **when: Unpack[When]) -> Fault:
        """Answer 429 from the gateway, which the API knows nothing of."""
        reply = error_reply("4118")
        headers = dict(reply.headers)
        if retry_after is not None:
            headers["Retry-After"] = f"{retry_after:g}"
        return self.answer(reply.status, body=reply.body, headers=headers, **when)

    def gateway_timeout(self, *, applied: bool = False, **when: Unpack[When]) -> Fault:
        """Answer 504 in the gateway's own shape."""
        reply = json_reply(504, {"error_code": "504001", "message": "Gateway Timeout"})
        return self.answer(
            reply.status, body=reply.body, headers=reply.headers, applied=applied, **when
        )

    def clear(self) -> None:
        """Forget all faults."""
        super().clear()
        self.inside.clear()
