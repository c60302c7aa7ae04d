"""
The cattrs converter: strict hooks from parsed JSON to Python values, and back.

A hook takes what has exactly the promised JSON type and refuses the rest: a price
that comes as a number, or `1` for `true`, is a misread waiting to happen.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import math
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Union

import attrs
import cattrs
from cattrs.fns import identity
from cattrs.gen import make_dict_unstructure_fn, override

from didww_async.jsonapi.compiled import FieldPlan, Hook, compile_reader
from didww_async.jsonapi.errors import DocumentError, InvalidInputError, is_array, is_object
from didww_async.jsonapi.json import check_writable
from didww_async.jsonapi.model import KIND, NestedObject, UnknownObject, kind_of, wire_name
from didww_async.jsonapi.registry import NESTED_TYPE
from didww_async.jsonapi.types import UNSET, OpenStrEnum, Unset

__all__ = [
    "attributes_encoder",
    "attributes_hook",
    "decimal_text",
    "failure_of",
    "fill_plan",
    "make_converter",
    "parse_decimal",
    "time_text",
]

# Plain or scientific notation with a small exponent: Decimal() alone would also take "NaN",
# "1_0", digits of other scripts, and exponents whose expansion fills the memory.
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MOST_KNOWN = 4096
LONGEST_KNOWN = 64


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
        if len(self.known) < MOST_KNOWN and len(value) < LONGEST_KNOWN:
            self.known[value] = parsed
        return parsed


def parse_decimal(text: str) -> Decimal:
    """The number that a text of plain or scientific notation stands for, or a `ValueError`."""
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def _date(text: str) -> dt.date:
    if _DATE.fullmatch(text) is None:  # Python also reads 20260416 and 2026-W16-4
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


def _structure_float(value: Any, _: Any) -> float:
    if type(value) not in {int, float}:
        raise DocumentError.expected("a number", value)
    return float(value)


def _is_union(type_: Any) -> bool:
    return typing.get_origin(type_) in (Union, types.UnionType)


def _members(union: Any) -> list[Any]:
    return [member for member in typing.get_args(union) if member is not types.NoneType]


def _is_nullable(type_: Any) -> bool:
    return _is_union(type_) and types.NoneType in typing.get_args(type_)


def _nullable_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    rest = functools.reduce(lambda one, other: one | other, _members(type_))
    return _Nullable(converter.get_structure_hook(rest), rest)


def _is_other_container(type_: Any) -> bool:
    """Whether cattrs would read it, and take any iterable for it."""
    kind = typing.get_origin(type_) or type_
    return isinstance(kind, type) and issubclass(kind, (list, tuple, set, frozenset))


def _refuse_container(type_: Any, _converter: cattrs.Converter) -> Hook:
    raise cattrs.StructureHandlerNotFoundError("arrays are read as tuple[X, ...]", type_)


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
    return (typing.get_origin(type_) or type_) in (Mapping, dict)


def _resolved(model: Any, field: attrs.Attribute[Any]) -> Any:
    """The field's type; one that is text is read in the module of the class that has it."""
    type_: Any = field.type
    if not isinstance(type_, str):
        return type_
    for cls in model.__mro__:
        if field.name in inspect.get_annotations(cls):
            try:
                return eval(type_, vars(sys.modules[cls.__module__]))  # noqa: S307  # an annotation
            except NameError as error:
                raise TypeError(f"{model.__name__}.{field.name}: {error}") from None
    raise TypeError(f"{model.__name__}.{field.name} has no annotation")


def _hook_for(model: Any, name: str, type_: Any, converter: cattrs.Converter) -> Any:
    try:
        return converter.get_structure_hook(type_)
    except cattrs.StructureHandlerNotFoundError:
        raise TypeError(
            f"{model.__name__}.{name}: no hook reads {type_}; register one on the converter"
        ) from None


def fill_plan(
    model: Any, converter: cattrs.Converter, kinds: frozenset[str]
) -> dict[str, FieldPlan]:
    """How to read the fields of `model` that are of these kinds, by their names on the wire."""
    plan: dict[str, FieldPlan] = {}
    for field in attrs.fields(model):
        if kind_of(field) not in kinds:
            continue
        type_ = _resolved(model, field)
        hook: Any = _hook_for(model, field.name, type_, converter)
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


def _mapping_hook(type_: Any, converter: cattrs.Converter) -> Hook:
    whole = _Exactly(dict, "an object")
    _, item_type = typing.get_args(type_) or (str, object)
    if item_type in (object, Any):
        return whole
    hook = converter.get_structure_hook(item_type)

    def structure(value: Any, _: Any) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, item in whole(value, type_).items():
            try:
                read[name] = hook(item, item_type)
            except Exception as error:  # noqa: BLE001  # a hook of the user's may raise anything
                raise failure_of(error).under(f".{name}") from None
        return read

    return structure


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
                field.read(made, item)
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
    if time.tzinfo is None:
        raise InvalidInputError(
            "time", "the time has no zone; give an aware one, such as datetime.now(UTC)"
        )
    try:
        utc = time.astimezone(dt.UTC)
    except OverflowError:
        raise InvalidInputError("time", "UTC has no such year") from None
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decimal_text(value: Decimal) -> str:
    """A number as the API writes it: plain digits."""
    if not value.is_finite():
        raise InvalidInputError("number", f"{value} is no number that can be sent")
    return format(value, "f")


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
    raise InvalidInputError("UNSET", "stands for a whole attribute only, not for a part of one")


def _unstructure_float(value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInputError("number", f"{value} is no number that can be sent")
    return value


def _unstructure_unknown(value: UnknownObject) -> Mapping[str, object]:
    try:
        check_writable(value.raw)
    except ValueError as error:
        raise InvalidInputError(value.type, f"can't be sent: {error}") from None
    return value.raw


def _unstructure_read(value: NestedObject) -> Any:
    raise InvalidInputError(
        type(value).__name__, "was read, and is not what is sent; make a new one from it"
    )


_PLAIN = frozenset({str, int, bool, types.NoneType, Unset})


def _is_plain_union(type_: Any) -> bool:
    """Whether it is a union of what JSON has itself, written without a look at its class."""
    return _is_union(type_) and all(
        member in _PLAIN or (isinstance(member, type) and issubclass(member, OpenStrEnum))
        for member in typing.get_args(type_)
    )


def _identity_hook(_type: Any) -> Callable[[Any], Any]:
    return identity


def make_converter() -> cattrs.Converter:
    """A new converter with the hooks of this module; add your own before its first use."""
    converter = cattrs.Converter(detailed_validation=False)
    for scalar, hook in (
        (str, _Exactly(str, "a string")),
        (int, _Exactly(int, "a whole number")),
        (bool, _Exactly(bool, "true or false")),
        (float, _structure_float),
        (Decimal, _Parsed(parse_decimal, "a decimal number in a string")),
        (dt.date, _Parsed(_date, "a date as YYYY-MM-DD in a string")),
        (dt.datetime, _structure_datetime),
        (OpenStrEnum, _structure_enum),
    ):
        converter.register_structure_hook(scalar, hook)
    for matches, factory in (
        (_is_other_container, _refuse_container),
        (_is_mapping, _mapping_hook),
        (_is_sequence, _sequence_hook),
        (_is_nested, _nested_hook),
        (_is_nested_union, _nested_union_hook),
        (_is_nullable, _nullable_hook),
    ):
        converter.register_structure_hook_factory(matches, factory)
    converter.register_unstructure_hook_factory(_is_plain_union, _identity_hook)
    converter.register_unstructure_hook(Decimal, decimal_text)
    converter.register_unstructure_hook(dt.date, dt.date.isoformat)
    converter.register_unstructure_hook(dt.datetime, time_text)
    converter.register_unstructure_hook(Unset, _unstructure_unset)
    converter.register_unstructure_hook(NestedObject, _unstructure_read)
    converter.register_unstructure_hook(float, _unstructure_float)
    converter.register_unstructure_hook(UnknownObject, _unstructure_unknown)
    converter.register_unstructure_hook_factory(
        lambda type_: hasattr(type_, NESTED_TYPE), _new_nested_hook
    )
    return converter
