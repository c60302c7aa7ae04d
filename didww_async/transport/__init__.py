"""The async session manager: headers, credentials, timeouts, retries, pace, pinned origin."""

from didww_async.transport.auth import ApiKeyAuth, Auth
from didww_async.transport.exchange import Request, Response
from didww_async.transport.origin import visible_url
from didww_async.transport.pace import Pace
from didww_async.transport.retry import retry_after
from didww_async.transport.session import DEFAULT_MAX_RESPONSE_BYTES, Judge, Session

__all__ = [
    "DEFAULT_MAX_RESPONSE_BYTES",
    "ApiKeyAuth",
    "Auth",
    "Judge",
    "Pace",
    "Request",
    "Response",
    "Session",
    "retry_after",
    "visible_url",
]
