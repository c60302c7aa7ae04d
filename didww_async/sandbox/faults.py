"""Trouble on demand: dropped connections, late, broken and refused answers."""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, TypedDict

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random
    from typing import Unpack

    from didww_async.sandbox.exchange import Request

Kind = Literal["drop", "delay", "answer", "cut_body", "stall_headers", "stall_body"]


class When(TypedDict, total=False):
    """Which requests a fault meets; each key left out means any."""

    method: str | None
    """An HTTP method, such as "POST"."""
    path: str | None
    """A path below the base URL, such as "/orders"; `*` stands for anything, as in "/orders/*"."""
    matching: Callable[[Request], bool] | None
    """Any other test of the request, for APIs that tell requests apart by their bodies."""
    times: int | None
    """How often it strikes before it is used up; None for ever. Once unless told otherwise."""
    probability: float
    """The chance to strike, drawn from the sandbox's seed. 1.0 unless told otherwise."""


@define(eq=False)
class Fault:
    """One fault that was asked for, and how often it has struck."""

    kind: Kind
    applied: bool
    """Whether the request takes effect, although its answer goes wrong."""
    method: str | None = None
    path: str | None = None
    matching: Callable[[Request], bool] | None = None
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    fired: int = 0
    """How often it has struck so far."""

    def meets(self, request: Request, path: str) -> bool:
        """Whether it may strike this request, to this path below the base URL, chance aside."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.method is not None and self.method.upper() != request.method:
            return False
        if self.path is not None and not fnmatchcase(path, self.path):
            return False
        return self.matching is None or self.matching(request)


class Faults:
    """
    The faults that wait for requests; the first one that matches strikes.

    Every method returns the fault, whose `fired` tells how often it struck.
    All of them take `method`, `path`, `matching`, `times` and `probability`: see `When`.
    """

    def __init__(self, random: Random, root: str = "") -> None:
        self._random = random
        self._root = root
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def drop_before(self, **when: Unpack[When]) -> Fault:
        """Reset the connection; the request has no effect."""
        return self.add(Fault("drop", applied=False, **when))

    def drop_after(self, **when: Unpack[When]) -> Fault:
        """Reset the connection after the request took effect: the answer is lost."""
        return self.add(Fault("drop", applied=True, **when))

    def delay(self, seconds: float, *, applied: bool = False, **when: Unpack[When]) -> Fault:
        """
        Answer late.

        The request takes effect after the wait, even if the caller has gone by then; with
        `applied` before it.
        """
        return self.add(Fault("delay", applied=applied, seconds=seconds, **when))

    def answer(
        self,
        status: int,
        *,
        body: bytes | str = b"",
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        applied: bool = False,
        **when: Unpack[When],
    ) -> Fault:
        """Answer with this instead; with `applied`, the request takes effect all the same."""
        sent = dict(headers or {})
        if content_type is not None:
            sent["Content-Type"] = content_type
        text = body.encode() if isinstance(body, str) else body
        return self.add(
            Fault("answer", applied=applied, status=status, body=text, headers=sent, **when)
        )

    def redirect(self, location: str, *, status: int = 302, **when: Unpack[When]) -> Fault:
        """Send the caller elsewhere."""
        headers = {"Location": location}
        return self.add(Fault("answer", applied=False, status=status, headers=headers, **when))

    def cut_body(self, *, applied: bool = True, **when: Unpack[When]) -> Fault:
        """Announce the whole answer, send half of it and hang up."""
        return self.add(Fault("cut_body", applied=applied, **when))

    def stall_headers(self, *, applied: bool = False, **when: Unpack[When]) -> Fault:
        """Keep the connection open and never say a word."""
        return self.add(Fault("stall_headers", applied=applied, **when))

    def stall_body(self, *, applied: bool = True, **when: Unpack[When]) -> Fault:
        """Send half of the answer and fall silent."""
        return self.add(Fault("stall_body", applied=applied, **when))

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def strike(self, request: Request) -> Fault | None:
        """The fault that meets this request, now used once more."""
        below = request.path.removeprefix(self._root)
        with self._lock:
            for fault in self._faults:
                if fault.meets(request, below) and self._random.random() < fault.probability:
                    fault.fired += 1
                    return fault
        return None

    def add(self, fault: Fault) -> Fault:
        """Add a fault that was made by hand."""
        if not 0 <= fault.probability <= 1:
            raise ValueError("probability has to be between 0 and 1")
        if fault.times is not None and fault.times < 1:
            raise ValueError("times has to be at least 1, or None for ever")
        if fault.path is not None:
            fault.path = fault.path.removeprefix(self._root)
        with self._lock:
            self._faults.append(fault)
        return fault
