"""The async session manager: headers, credentials, timeouts, retries, pace, pinned origin."""

from didww_async.transport.auth import ApiKeyAuth, Auth, NoAuth, RenewableAuth
from didww_async.transport.count import RequestCount
from didww_async.transport.exchange import Request, Response
from didww_async.transport.origin import visible_url
from didww_async.transport.pace import Pace
from didww_async.transport.retry import retry_after
from didww_async.transport.session import DEFAULT_MAX_RESPONSE_BYTES, Judge, Session
from didww_async.transport.status import status_error

__all__ = [
    "DEFAULT_MAX_RESPONSE_BYTES",
    "ApiKeyAuth",
    "Auth",
    "Judge",
    "NoAuth",
    "Pace",
    "RenewableAuth",
    "Request",
    "RequestCount",
    "Response",
    "Session",
    "retry_after",
    "status_error",
    "visible_url",
]
