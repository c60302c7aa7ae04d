"""The serializer as a client sees it: bytes in, objects out, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from didww_async.jsonapi.errors import InvalidInputError
from didww_async.jsonapi.structure import failure_of
from didww_async.plainjson.structure import Rename, camel_case, make_plain_converter
from didww_async.plainjson.text import dumps, loads

if TYPE_CHECKING:
    import cattrs

__all__ = ["PlainJsonSerializer"]

ModelT = TypeVar("ModelT")


class PlainJsonSerializer:
    """
    Reads and writes attrs classes whose fields `rename` names on the wire.

    Reading, what the class doesn't know is ignored, and what is absent takes the field's
    default. Empty text or null is `None` where the field is optional. A number may stand in
    quotes and becomes a `Decimal` digit by digit; an `Identity` may be a number; times are
    aware; an `OpenStrEnum` stays open.
    Writing, `UNSET` is left out and `None` is null.

    Pass a `converter` from `make_plain_converter()` to add hooks of your own.
    """

    media_type = "application/json"

    def __init__(
        self, rename: Rename = camel_case, *, converter: cattrs.Converter | None = None
    ) -> None:
        self._converter = converter or make_plain_converter(rename)

    def decode(self, body: bytes, model: type[ModelT]) -> ModelT:
        """
        The object that a JSON text holds.

        Raises:
            DocumentError: It is no JSON, or not of that shape; has the path to what is wrong.
        """
        return self.read(loads(body), model)

    def read(self, value: object, model: type[ModelT], path: str = "$") -> ModelT:
        """The object that a parsed value, which was found at `path`, stands for."""
        hook: Any = self._converter.get_structure_hook(model)
        try:
            made: ModelT = hook(value, model)
        except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
            failure = failure_of(error).under(path)
        else:
            return made
        raise failure

    def encode(self, value: object) -> bytes:
        """
        The JSON text of an object.

        Raises:
            InvalidInputError: A value in it is none that JSON has, such as NaN.
        """
        return dumps(self.write(value))

    def write(self, value: object) -> Any:
        """The object as plain values, to be put into something larger."""
        try:
            return self._converter.unstructure(value)
        except InvalidInputError:
            raise
        except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
            problem = f"can't be written ({type(error).__name__})"
        raise InvalidInputError(type(value).__name__, problem)
