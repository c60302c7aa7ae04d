"""
Plain JSON to attrs classes and back, on cattrs, for APIs that promise little about their types.

Declare frozen attrs classes, and a `PlainJsonSerializer` reads and writes them. It knows no
vendor and nothing of HTTP.
"""

from didww_async.plainjson.serializer import PlainJsonSerializer
from didww_async.plainjson.structure import Identity, camel_case, wire
from didww_async.plainjson.text import dumps, loads

__all__ = ["Identity", "PlainJsonSerializer", "camel_case", "dumps", "loads", "wire"]
