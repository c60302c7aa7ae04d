"""
The cattrs converter: tolerant hooks, where an API sends a value now as this type and now as that.

What is tolerated is a matter of form only: a number in quotes, an id without them, an empty
text for nothing. A value that could mean two things is refused.
"""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Union

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from didww_async.jsonapi.errors import DocumentError, InvalidInputError, is_object
from didww_async.jsonapi.structure import failure_of, make_converter, parse_decimal
from didww_async.jsonapi.types import UNSET, Unset

__all__ = ["Identity", "Rename", "camel_case", "make_plain_converter", "wire"]

Hook = Callable[[Any, Any], Any]
Rename = Callable[[str], str]
"""Makes a field's name on the wire of its name in Python."""

_WIRE = "didww_async.plainjson.wire"
_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)
LARGEST_EXPONENT = 99
MOST_DIGITS = 80


class _IdentityMark:
    """Marks a text that may come as a number."""


Identity = Annotated[str, _IdentityMark]
"""An id: a text that the API may write as a whole number."""


def camel_case(name: str) -> str:
    """`line_item_number` as `lineItemNumber`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def wire(*names: str) -> Mapping[str, object]:
    """
    The `metadata` of an attrs field that the rename rule doesn't name right.

    The first name is written. All of them are read, for APIs that can't decide; one that has
    a value counts for more than one that is null or empty.
    """
    return {_WIRE: names}


def _names(field: attrs.Attribute[Any], rename: Rename) -> tuple[str, ...]:
    names: tuple[str, ...] = field.metadata.get(_WIRE) or (rename(field.name),)
    return names


def _structure_decimal(value: Any, _: Any) -> Decimal:
    if type(value) is str:
        try:
            return parse_decimal(value.strip())
        except ValueError:
            raise DocumentError("expected a number, got another text") from None
    if type(value) is int:
        value = Decimal(value)
    if type(value) is not Decimal:  # True is an int to Python only
        raise DocumentError.expected("a number", value)
    # What is finite and short enough to be written out.
    if abs(value.adjusted()) > LARGEST_EXPONENT or len(value.as_tuple().digits) > MOST_DIGITS:
        raise DocumentError("expected a number of a sensible size, got another")
    return value


def _structure_int(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is str and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise DocumentError.expected("a whole number", value)


def _structure_identity(value: Any, _: Any) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise DocumentError.expected("an id in a string or a whole number", value)
    return value


def _is_identity(type_: Any) -> bool:
    return typing.get_origin(type_) is Annotated and _IdentityMark in typing.get_args(type_)


def _is_nullable(type_: Any) -> bool:
    is_union = typing.get_origin(type_) in (Union, types.UnionType)
    return is_union and types.NoneType in typing.get_args(type_)


def _is_settable(type_: Any) -> bool:
    is_union = typing.get_origin(type_) in (Union, types.UnionType)
    return is_union and Unset in typing.get_args(type_)


def _settable_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    """Read what may have been left unset: what is there is a value."""
    members = [member for member in typing.get_args(type_) if member is not Unset]
    rest: Any = functools.reduce(lambda one, other: one | other, members)
    hook = converter.get_structure_hook(rest)
    return lambda value, _: hook(value, rest)


def _nullable_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    members = [member for member in typing.get_args(type_) if member is not types.NoneType]
    rest: Any = functools.reduce(lambda one, other: one | other, members)
    hook = converter.get_structure_hook(rest)

    def structure(value: Any, _: Any) -> Any:
        return None if _is_empty(value) else hook(value, rest)

    return structure


def _is_empty(value: object) -> bool:
    return value is None or value == ""


@attrs.frozen
class _Reading:
    """How one field is read."""

    argument: str
    names: tuple[str, ...]
    is_required: bool
    takes_null: bool
    hook: Hook
    type: Any

    def name_in(self, members: Mapping[str, object]) -> str | None:
        """The name under which the object has the field, or `None` if it has none."""
        present = [name for name in self.names if name in members]
        filled = (name for name in present if not _is_empty(members[name]))
        return next(filled, present[0] if present else None)

    def read_into(self, arguments: dict[str, Any], members: Mapping[str, Any]) -> None:
        """Add the field to the arguments of its class; one that is absent is left out."""
        name = self.name_in(members)
        if name is None:
            if self.is_required:
                raise DocumentError("expected a value, got none", f".{self.names[0]}")
            return
        value = members[name]
        if value is None and not self.takes_null and not self.is_required:
            return
        try:
            arguments[self.argument] = self.hook(value, self.type)
        except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
            raise failure_of(error).under(f".{name}") from None


def _object_hook(model: Any, converter: cattrs.Converter, rename: Rename) -> Hook:
    attrs.resolve_types(model)
    readings = [
        _Reading(
            field.alias or field.name,
            _names(field, rename),
            field.default is attrs.NOTHING,
            _is_nullable(field.type),
            converter.get_structure_hook(field.type),
            field.type,
        )
        for field in attrs.fields(model)
        if field.init
    ]

    def structure(value: Any, _: Any) -> Any:
        if not is_object(value):
            raise DocumentError.expected("an object", value)
        arguments: dict[str, Any] = {}
        for reading in readings:
            reading.read_into(arguments, value)
        try:
            return model(**arguments)
        except InvalidInputError as error:  # by the class itself
            problem, path = error.problem, f".{error.field}"
        raise DocumentError(problem, path)

    return structure


def _object_writer(
    model: Any, converter: cattrs.Converter, rename: Rename
) -> Callable[[Any], dict[str, Any]]:
    attrs.resolve_types(model)
    overrides: dict[str, Any] = {
        field.name: override(
            omit=False,  # nor one that its class sets by itself
            omit_if_default=field.default is UNSET,
            rename=_names(field, rename)[0],
        )
        for field in attrs.fields(model)
    }
    return make_dict_unstructure_fn(model, converter, **overrides)


def _plain_number(value: Decimal) -> int | float:
    """The number as JSON has it; one that a float would round is refused."""
    if value.is_finite() and abs(value.adjusted()) <= LARGEST_EXPONENT:
        whole = int(value)
        if whole == value:
            return whole
        near = float(value)
        if Decimal(repr(near)) == value:
            return near
    raise InvalidInputError("number", f"{value} is no number that can be sent")


def make_plain_converter(rename: Rename) -> cattrs.Converter:
    """A new converter with the hooks of this module; add your own before its first use."""
    converter = make_converter()
    converter.register_structure_hook(Decimal, _structure_decimal)
    converter.register_structure_hook(int, _structure_int)
    converter.register_unstructure_hook(Decimal, _plain_number)
    converter.register_structure_hook_factory(
        attrs.has, lambda model, converter: _object_hook(model, converter, rename)
    )
    converter.register_unstructure_hook_factory(
        attrs.has, lambda model, converter: _object_writer(model, converter, rename)
    )
    converter.register_structure_hook_factory(_is_nullable, _nullable_hook)
    converter.register_structure_hook_factory(_is_settable, _settable_hook)
    converter.register_structure_hook_func(_is_identity, _structure_identity)
    return converter
