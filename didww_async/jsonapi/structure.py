"""
The cattrs converter: strict hooks from parsed JSON to Python values, and back.

A hook takes what has exactly the promised JSON type and refuses the rest: a price
that comes as a number, or `1` for `true`, is a misread waiting to happen.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Union

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from didww_async.jsonapi.compiled import FieldPlan, Hook, compile_reader
from didww_async.jsonapi.errors import DocumentError, is_array, is_object
from didww_async.jsonapi.model import KIND, NestedObject, UnknownObject, kind_of, wire_name
from didww_async.jsonapi.registry import NESTED_TYPE
from didww_async.jsonapi.types import UNSET, OpenStrEnum, Unset

__all__ = [
    "attributes_encoder",
    "attributes_hook",
    "failure_of",
    "fill_plan",
    "make_converter",
    "time_text",
]

# Plain or scientific notation with a small exponent: Decimal() alone would also take "NaN",
# "1_0", digits of other scripts, and exponents whose expansion fills the memory.
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_DATE_LENGTH = len("2026-04-16")
MOST_KNOWN = 4096


def failure_of(error: Exception) -> DocumentError:
    """The decode error that a hook's exception stands for."""
    if isinstance(error, DocumentError):
        return error
    return DocumentError(f"can't be read ({type(error).__name__})")


class _Parsed:
    """
    Parses a string into an immutable value, and remembers.

    Prices, dates and statuses repeat, and a look into `known` costs a fraction of a parse.
    """

    def __init__(self, parse: Callable[[str], Any], what: str) -> None:
        self.known: dict[str, Any] = {}
        self._parse = parse
        self._what = what

    def __call__(self, value: Any, _: Any) -> Any:
        if type(value) is not str:
            raise DocumentError.expected(self._what, value)
        try:
            parsed = self._parse(value)
        except ValueError:
            raise DocumentError(f"expected {self._what}, got another text") from None
        if len(self.known) < MOST_KNOWN:
            self.known[value] = parsed
        return parsed


def _decimal(text: str) -> Decimal:
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def _date(text: str) -> dt.date:
    if len(text) != _DATE_LENGTH:  # Python also reads 20260416 and 2026-W16-4
        raise ValueError(text)
    return dt.date.fromisoformat(text)


def _structure_datetime(value: Any, _: Any) -> dt.datetime:
    if type(value) is not str:
        raise DocumentError.expected("a time in a string", value)
    try:
        time = dt.datetime.fromisoformat(value)
    except ValueError:
        raise DocumentError("expected a time as in ISO 8601, got another text") from None
    if time.tzinfo is None:
        raise DocumentError("expected a time with its offset from UTC, got one without")
    return time if time.tzinfo is dt.UTC else _utc(time)


def _utc(time: dt.datetime) -> dt.datetime:
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        raise DocumentError("expected a time of the years 1 to 9999, got another") from None


class _Exactly:
    """Takes values of one type as they are; exactly, as `True` is an `int` to Python only."""

    def __init__(self, type_: type, what: str) -> None:
        self.type = type_
        self._what = what

    def __call__(self, value: Any, _: Any) -> Any:
        if type(value) is not self.type:
            raise DocumentError.expected(self._what, value)
        return value


class _Nullable:
    """Takes null, or what another hook takes."""

    def __init__(self, hook: Hook, type_: Any) -> None:
        self.hook = hook
        self.type = type_

    def __call__(self, value: Any, _: Any) -> Any:
        return None if value is None else self.hook(value, self.type)


@functools.cache
def _enum_hook(enum: type[OpenStrEnum]) -> _Parsed:
    return _Parsed(enum, "a string")


def _structure_enum(value: Any, enum: Any) -> Any:
    return _enum_hook(enum)(value, enum)


def _is_union(type_: Any) -> bool:
    return typing.get_origin(type_) in (Union, types.UnionType)


def _members(union: Any) -> list[Any]:
    return [member for member in typing.get_args(union) if member is not types.NoneType]


def _is_nullable(type_: Any) -> bool:
    return _is_union(type_) and types.NoneType in typing.get_args(type_)


def _nullable_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    rest = functools.reduce(lambda one, other: one | other, _members(type_))
    return _Nullable(converter.get_structure_hook(rest), rest)


def _is_sequence(type_: Any) -> bool:
    arguments = typing.get_args(type_)
    return typing.get_origin(type_) is tuple and arguments[1:] == (...,)


def _sequence_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    item_type = typing.get_args(type_)[0]
    hook = converter.get_structure_hook(item_type)

    def structure(value: Any, _: Any) -> tuple[Any, ...]:
        if not is_array(value):
            raise DocumentError.expected("an array", value)
        read: list[Any] = []
        try:
            for item in value:
                read.append(hook(item, item_type))  # noqa: PERF401  # its length is the bad index
        except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
            raise failure_of(error).under(f"[{len(read)}]") from None
        return tuple(read)

    return structure


def _is_mapping(type_: Any) -> bool:
    return typing.get_origin(type_) in (Mapping, dict)


def fill_plan(
    model: Any, converter: cattrs.Converter, kinds: frozenset[str]
) -> dict[str, FieldPlan]:
    """How to read the fields of `model` that are of these kinds, by their names on the wire."""
    plan: dict[str, FieldPlan] = {}
    for field in attrs.fields(model):
        if kind_of(field) not in kinds:
            continue
        hook: Any = converter.get_structure_hook(field.type)
        type_ = field.type
        nullable = False
        if isinstance(hook, _Nullable):
            nullable, hook, type_ = True, hook.hook, hook.type
        if hook is _structure_enum:
            hook = _enum_hook(type_)
        as_it_is = hook.type if isinstance(hook, _Exactly) else None
        known = hook.known if isinstance(hook, _Parsed) else None
        put = getattr(model, field.name).__set__
        plan[wire_name(field)] = FieldPlan(put, as_it_is, nullable, known, hook, type_)
    return plan


ATTRIBUTE_KINDS = frozenset({"attribute", "optional"})


def _mapping_hook(_type: Any, _converter: cattrs.Converter) -> Hook:
    return _Exactly(dict, "an object")


def _is_nested(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, NestedObject)


def attributes_hook(model: Any, converter: cattrs.Converter) -> Hook:
    """
    Read an object of attributes into a new `model`; what is absent stays unset.

    The hook's second argument is the sparse fieldset, or `None` if all was asked for.
    """
    plan = fill_plan(model, converter, ATTRIBUTE_KINDS)
    optional = [wire_name(field) for field in attrs.fields(model) if kind_of(field) == "optional"]
    set_unknown = model.unknown_attributes.__set__
    new = model.__new__

    def explain(value: Any, asked: Any) -> Any:
        """Read any object, and say exactly what is wrong with it."""
        if not is_object(value):
            raise DocumentError.expected("an object", value)
        made = new(model)
        unknown = {name: item for name, item in value.items() if name not in plan}
        if unknown:
            set_unknown(made, unknown)
        for name in optional:
            if name not in value and (asked is None or name in asked):
                plan[name].put(made, None)
        for name, item in value.items():
            if (field := plan.get(name)) is None:
                continue
            try:
                read = None if item is None and field.nullable else field.hook(item, field.type)
                field.put(made, read)
            except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
                raise failure_of(error).under(f".{name}") from None
        return made

    return compile_reader(model, plan, frozenset(optional), explain)


def _nested_hook(model: Any, converter: cattrs.Converter) -> Hook:
    hook = attributes_hook(model, converter)

    def structure(value: Any, _: Any) -> Any:
        if not is_object(value):
            raise DocumentError.expected("an object", value)
        if value.get("type") != model.wire_type:
            raise DocumentError(f"expected {model.wire_type!r}, got another type", ".type")
        try:
            return hook(value.get("attributes", {}), None)
        except DocumentError as error:
            raise error.under(".attributes") from None

    return structure


def _is_nested_union(type_: Any) -> bool:
    return _is_union(type_) and all(
        _is_nested(member) or (isinstance(member, type) and issubclass(member, UnknownObject))
        for member in typing.get_args(type_)
    )


def _nested_union_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    members = typing.get_args(type_)
    hooks = {
        member.wire_type: attributes_hook(member, converter)
        for member in members
        if _is_nested(member)
    }
    unknown = next((member for member in members if not _is_nested(member)), None)

    def structure(value: Any, _: Any) -> Any:
        if not is_object(value):
            raise DocumentError.expected("an object", value)
        wire_type = value.get("type")
        if type(wire_type) is not str:
            raise DocumentError.expected("a string", wire_type, ".type")
        hook = hooks.get(wire_type)
        attributes = value.get("attributes", {})
        if hook is not None:
            try:
                return hook(attributes, None)
            except DocumentError as error:
                raise error.under(".attributes") from None
        if not is_object(attributes):
            raise DocumentError.expected("an object", attributes, ".attributes")
        if unknown is None:
            raise DocumentError(f"expected one of {sorted(hooks)}, got another type", ".type")
        return unknown(wire_type, attributes, raw=value)

    return structure


def time_text(time: dt.datetime) -> str:
    """A time as the API writes it: UTC, milliseconds, `Z`."""
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _new_nested_hook(cls: Any, converter: cattrs.Converter) -> Callable[[Any], Any]:
    encode = attributes_encoder(cls, converter)
    wire_type = getattr(cls, NESTED_TYPE)
    return lambda value: {"type": wire_type, "attributes": encode(value)}


def attributes_encoder(cls: Any, converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    """The attributes of a written class as they are sent; one left at `UNSET` is left out."""
    overrides: dict[str, Any] = {
        field.name: override(
            omit=field.metadata.get(KIND) in {"to_one", "to_many"},
            omit_if_default=field.default is UNSET,
            rename=wire_name(field),
        )
        for field in attrs.fields(cls)
    }
    return make_dict_unstructure_fn(cls, converter, **overrides)


def _unstructure_unset(_: Unset) -> Any:
    raise ValueError("UNSET can stand for a whole attribute only, not for a part of one")


def make_converter() -> cattrs.Converter:
    """A new converter with the hooks of this module; add your own before its first use."""
    converter = cattrs.Converter(detailed_validation=False)
    for scalar, hook in (
        (str, _Exactly(str, "a string")),
        (int, _Exactly(int, "a whole number")),
        (bool, _Exactly(bool, "true or false")),
        (Decimal, _Parsed(_decimal, "a decimal number in a string")),
        (dt.date, _Parsed(_date, "a date as YYYY-MM-DD in a string")),
        (dt.datetime, _structure_datetime),
        (OpenStrEnum, _structure_enum),
    ):
        converter.register_structure_hook(scalar, hook)
    for matches, factory in (
        (_is_mapping, _mapping_hook),
        (_is_sequence, _sequence_hook),
        (_is_nested, _nested_hook),
        (_is_nested_union, _nested_union_hook),
        (_is_nullable, _nullable_hook),
    ):
        converter.register_structure_hook_factory(matches, factory)
    converter.register_unstructure_hook(Decimal, lambda value: format(value, "f"))
    converter.register_unstructure_hook(dt.date, dt.date.isoformat)
    converter.register_unstructure_hook(dt.datetime, time_text)
    converter.register_unstructure_hook(Unset, _unstructure_unset)
    converter.register_unstructure_hook(UnknownObject, lambda value: value.raw)
    converter.register_unstructure_hook_factory(
        lambda type_: hasattr(type_, NESTED_TYPE), _new_nested_hook
    )
    return converter
