"""
Declaring what a resource holds: one class a type, one line a field.

::

    @registry.resource("articles")
    class Article(Resource):
        title: str
        published_at: datetime | None
        subtitle: str | None = optional()          # a server may leave it out: then None
        author: "Person" = to_one("people")        # resolved from `included`
        comments: tuple["Comment", ...] = to_many("comments")
        likes: int = from_meta()                   # stands in the resource's own `meta`

What the document did not carry stays unset, and reading it raises
`NotLoadedError`: "not asked for", `None` and a value never blur.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, dataclass_transform

import attrs

from didww_async.jsonapi.document import Identifier, Link, Relationship
from didww_async.jsonapi.errors import NotLoadedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "NestedObject",
    "ReadModel",
    "Resource",
    "UnknownObject",
    "UnknownResource",
    "from_meta",
    "optional",
    "to_many",
    "to_one",
]

KIND = "jsonapi.kind"
WIRE = "jsonapi.wire"
TYPES = "jsonapi.types"

# Mappings that are nearly always empty: their slots stay unset then, which saves a page of
# resources a fifth of its time. They are read as properties to a checker, hence not spelt out
# where a class declares its slots.
_MODEL_SLOTS = ("unknown_attributes",)
_RESOURCE_SLOTS = ("meta", "links", "_relationships", "_index")
_EMPTY_UNLESS_SET = frozenset({*_MODEL_SLOTS, *_RESOURCE_SLOTS})

ModelT = TypeVar("ModelT")
Index = Mapping[tuple[str, str], "Resource"]


def _field(kind: str, wire: str | None, types: tuple[str, ...] = ()) -> Any:
    metadata: dict[str, object] = {KIND: kind, TYPES: types}
    if wire is not None:
        metadata[WIRE] = wire
    return attrs.field(metadata=metadata)


def optional(*, wire: str | None = None) -> Any:
    """An attribute that the server may leave out, which then reads as `None`."""
    return _field("optional", wire)


def to_one(*types: str, wire: str | None = None) -> Any:
    """A relationship to one resource of these types, or to none."""
    return _field("to_one", wire, types)


def to_many(*types: str, wire: str | None = None) -> Any:
    """A relationship to any number of resources of these types."""
    return _field("to_many", wire, types)


def from_meta(*, wire: str | None = None) -> Any:
    """A member of the resource's own `meta`."""
    return _field("meta", wire)


def kind_of(field: attrs.Attribute[Any]) -> str:
    """Which of the specifiers declared the field; a bare annotation is an attribute."""
    return str(field.metadata.get(KIND, "attribute"))


def wire_name(field: attrs.Attribute[Any]) -> str:
    """The field's name in documents."""
    return str(field.metadata.get(WIRE, field.name))


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    eq_default=False,
    field_specifiers=(optional, to_one, to_many, from_meta),
)
class ReadModel:
    """Values read from a document: immutable, compared by value, three-state."""

    __slots__ = _MODEL_SLOTS

    wire_type: ClassVar[str]
    not_loaded_error: ClassVar[type[NotLoadedError]] = NotLoadedError
    _fields: ClassVar[tuple[attrs.Attribute[Any], ...]] = ()

    if TYPE_CHECKING:  # no field: a constructor does not ask for it

        @property
        def unknown_attributes(self) -> Mapping[str, object]:
            """What the server sent and this release has no field for, as parsed."""
            ...

    if not TYPE_CHECKING:  # checkers derive the constructor, and must refuse misspelt names

        def __init__(self, **values: object) -> None:
            put = object.__setattr__
            for name, value in values.items():
                slot = None if name.startswith("_") else getattr(type(self), name, None)
                if not isinstance(slot, MemberDescriptorType):
                    raise TypeError(f"{type(self).__name__} has no field {name!r}")
                put(self, name, value)

        def __getattr__(self, name: str) -> object:
            if name in _EMPTY_UNLESS_SET:
                return {}
            if any(field.name == name for field in self._fields):
                raise self._not_loaded(name)
            found = getattr(type(self), name, None)
            if isinstance(found, property) and found.fget is not None:
                return found.fget(self)  # it read what is not loaded: let its own error out
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _not_loaded(self, name: str) -> NotLoadedError:
        return self.not_loaded_error(
            f"{self.wire_type}.{name} is not loaded: the server left it out, or the request's "
            f"`fields` did; then add {name!r} to them"
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} can't be set: what was read is fixed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} can't be deleted")

    def loaded(self) -> Iterator[tuple[str, object]]:
        """The names and values of the fields that hold one; relationships are none of them."""
        for field in self._fields:
            if kind_of(field).startswith("to_"):
                continue
            try:
                yield field.name, getattr(type(self), field.name).__get__(self)
            except AttributeError:  # the slot is empty
                continue

    def to_dict(self) -> dict[str, object]:
        """
        The loaded attributes as a plain `dict`, such as a row of a table.

        Relationships are left out; nested objects become dicts of their own.
        """
        return {name: _plain(value) for name, value in self.loaded()}

    def _identity(self) -> tuple[object, ...]:
        return (dict(self.loaded()), self.unknown_attributes)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((type(self), tuple(name for name, _ in self.loaded())))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._shown())
        return f"{type(self).__name__}({values})"

    def _shown(self) -> Iterator[tuple[str, object]]:
        return self.loaded()

    def __getstate__(self) -> dict[str, object]:
        state: dict[str, object] = {}
        for cls in type(self).__mro__:
            for name in cls.__dict__.get("__slots__", ()):
                slot = cls.__dict__[name]
                try:
                    state[name] = slot.__get__(self)
                except AttributeError:
                    continue
        return state

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def _plain(value: object) -> object:
    if isinstance(value, (ReadModel, UnknownObject)):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return value


class NestedObject(ReadModel):
    """An object inside an attribute, told from its siblings by `type`: `{type, attributes}`."""

    __slots__ = ()


class Resource(ReadModel):
    """One resource object of a document."""

    __slots__ = ("id", *_RESOURCE_SLOTS)

    id: str

    if TYPE_CHECKING:  # no fields: a constructor does not ask for them

        @property
        def meta(self) -> Mapping[str, object]:
            """The resource's own `meta`, as parsed."""
            ...

        @property
        def links(self) -> Mapping[str, Link | None]:
            """The resource's own links."""
            ...

        @property
        def _relationships(self) -> Mapping[str, Relationship]: ...
        @property
        def _index(self) -> Index: ...

    if not TYPE_CHECKING:

        def __init__(self, **values: object) -> None:
            related = {
                field.name: values.pop(field.name)
                for field in self._fields
                if field.name in values and kind_of(field).startswith("to_")
            }
            super().__init__(**values)
            for name, value in related.items():
                object.__setattr__(self, name, value)

        def __getattr__(self, name: str) -> object:
            for field in self._fields:
                if field.name == name and kind_of(field).startswith("to_"):
                    value = self._related(field)
                    object.__setattr__(self, name, value)
                    return value
            return super().__getattr__(name)

    @property
    def identifier(self) -> Identifier:
        """The resource's type and id, as a relationship of another one takes it."""
        return Identifier(self.wire_type, self.id)

    @property
    def relationships(self) -> Mapping[str, Relationship]:
        """What the document says of each relationship by its name there, included or not."""
        return self._relationships

    def _related(self, field: attrs.Attribute[Any]) -> object:
        wire = wire_name(field)
        relationship = self._relationships.get(wire)
        if relationship is None or not relationship.has_data:
            raise self._not_included(field.name, wire, None)
        data = relationship.data
        if data is None:
            return None
        if isinstance(data, tuple):
            return tuple(self._joined(field, wire, one) for one in data)
        return self._joined(field, wire, data)

    def _joined(self, field: attrs.Attribute[Any], wire: str, identifier: Identifier) -> Resource:
        name, types = field.name, field.metadata[TYPES]
        if types and identifier.type not in types:
            raise self.not_loaded_error(
                f"{self.wire_type}.{name} leads to {identifier.type!r}, which this release does "
                f"not know there; it is in relationships[{wire!r}].data"
            )
        found = self._index.get((identifier.type, identifier.id))
        if found is None:
            raise self._not_included(name, wire, identifier)
        return found

    def _not_included(self, name: str, wire: str, known: Identifier | None) -> NotLoadedError:
        more = "" if known is None else f"; its id alone is in relationships[{wire!r}].data"
        return self.not_loaded_error(
            f"{self.wire_type}.{name} is not loaded: add {wire!r} to the request's `include`{more}"
        )

    def _shown(self) -> Iterator[tuple[str, object]]:
        yield "id", getattr(self, "id", None)
        yield from super()._shown()

    def __getstate__(self) -> dict[str, object]:
        # What was joined already is joined again when it is looked at; kept, a chain of
        # resources would be copied recursively.
        again = {field.name for field in self._fields if wire_name(field) in self._relationships}
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in again}

    def to_dict(self) -> dict[str, object]:
        """The id and the loaded attributes as a plain `dict`, such as a row of a table."""
        return {"id": self.id} | super().to_dict()

    def _identity(self) -> tuple[object, ...]:
        return (self.wire_type, self.id, self.meta, self._relationships, *super()._identity())

    def __hash__(self) -> int:
        return hash((self.wire_type, self.id))


class UnknownResource(Resource):
    """A resource of a type that this release has no class for, with its raw attributes."""

    __slots__ = ("attributes", "type")

    type: str
    attributes: Mapping[str, object]

    if not TYPE_CHECKING:
        wire_type = property(lambda self: self.type)

    def _shown(self) -> Iterator[tuple[str, object]]:
        yield from {"id": self.id, "type": self.type, "attributes": self.attributes}.items()

    def to_dict(self) -> dict[str, object]:
        """The id, the type and the raw attributes as a plain `dict`."""
        return {"id": self.id, "type": self.type, **self.attributes}

    def _identity(self) -> tuple[object, ...]:
        return (*super()._identity(), self.attributes)


def _unknown_as_sent(unknown: UnknownObject) -> Mapping[str, object]:
    return {"type": unknown.type, "attributes": unknown.attributes}


@attrs.frozen(repr=False)
class UnknownObject:
    """
    A nested object of a type that this release does not know.

    `raw` is the whole object as it came; it goes back out unchanged.
    """

    type: str
    attributes: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)
    raw: Mapping[str, object] = attrs.field(
        default=attrs.Factory(_unknown_as_sent, takes_self=True), kw_only=True, hash=False
    )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(type={self.type!r}, attributes={dict(self.attributes)!r})"

    def to_dict(self) -> dict[str, object]:
        """The type and the raw attributes as a plain `dict`."""
        return {"type": self.type, **self.attributes}


_RESERVED = frozenset({name for name in dir(Resource) if not name.startswith("__")})


def read_model(wire_type: str = "") -> Callable[[type[ModelT]], type[ModelT]]:
    """Turn an annotated class into a `ReadModel` with slots; without a type, into a base."""

    def decorate(cls: type[ModelT]) -> type[ModelT]:
        for name in inspect.get_annotations(cls):
            if name in _RESERVED:
                raise TypeError(f"{cls.__name__}.{name} covers what every model has; give a `wire`")
        defined = attrs.define(
            cls,
            init=False,
            eq=False,
            repr=False,
            weakref_slot=False,
            getstate_setstate=False,
            on_setattr=attrs.setters.NO_OP,  # or a validator would bring a __setattr__ along
        )
        model = cast("Any", defined)
        model.wire_type = wire_type
        model._fields = attrs.fields(model)
        return defined

    return decorate
