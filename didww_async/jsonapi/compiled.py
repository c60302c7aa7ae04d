"""
The fast path of decoding: one straight-line function for each class of attributes.

A loop over the fields of an order and its item costs half as much again as these
unrolled statements do, and a page of orders is where a client's time goes. The
function reads an object that holds what was declared, and leaves every other one
to `explain`, the plain loop that takes anything and says exactly what is wrong.
Its source holds no name of a document or a class: fields are numbered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

__all__ = ["FieldPlan", "Hook", "compile_reader"]

Hook: TypeAlias = Callable[[Any, Any], Any]
"""Turns parsed JSON into a value; the second argument is the value's type."""


class FieldPlan(NamedTuple):
    """How one field is read; with what spares the call of a hook for the commonest values."""

    put: Callable[[Any, Any], None]
    """Sets the field's slot."""
    as_it_is: type | None
    """A value of just this type is put without a hook."""
    nullable: bool
    """Null is put without a hook."""
    known: Mapping[str, Any] | None
    """What stands for strings that were read before."""
    hook: Hook
    type: Any

    def read(self, made: Any, value: Any) -> None:
        """Read a value into a model, by the hook."""
        self.put(made, None if value is None and self.nullable else self.hook(value, self.type))


def compile_reader(
    model: Any, plan: Mapping[str, FieldPlan], optional: frozenset[str], explain: Hook
) -> Hook:
    """The function that reads an object of attributes into a new `model`."""
    required = [name for name in plan if name not in optional]
    if len(required) < 2:  # noqa: PLR2004  # `itemgetter` of one name gives no tuple
        return explain
    values: dict[str, Any] = {
        "explain": explain,
        "fetch": operator.itemgetter(*required),
        "model": model,
        "new": model.__new__,
        "absent": object(),
    }
    numbers = {name: number for number, name in enumerate(plan)}
    lines = [
        "def read(value, asked):",
        " try:",
        "  made = new(model)",
        f"  {','.join(f'v{numbers[name]}' for name in required)} = fetch(value)",
        f"  surplus = len(value) - {len(required)}",
    ]
    for name, field in plan.items():
        number = numbers[name]
        for letter, item in zip("pakht", _parts(field), strict=True):
            values[f"{letter}{number}"] = item
        if name in optional:
            values[f"n{number}"] = name
            lines += [
                f"  v{number} = value.get(n{number}, absent)",
                f"  if v{number} is absent:",
                f"   if asked is None or n{number} in asked: p{number}(made, None)",
                "  else:",
                "   surplus -= 1",
                *(f"   {line}" for line in _statements(number, field)),
            ]
        else:
            lines += [f"  {line}" for line in _statements(number, field)]
    lines += [
        "  if surplus:",
        "   return explain(value, asked)",
        "  return made",
        " except Exception:",
        "  return explain(value, asked)",
    ]
    exec("\n".join(lines), values)  # noqa: S102  # made of numbers and the words above only
    read: Hook = values["read"]
    return read


def _parts(field: FieldPlan) -> tuple[Any, ...]:
    return field.put, field.as_it_is, field.known, field.hook, field.type


def _statements(number: int, field: FieldPlan) -> list[str]:
    n = number
    branches: list[tuple[str, str]] = []
    if field.nullable:
        branches.append((f"v{n} is None", f"p{n}(made, None)"))
    if field.as_it_is is not None:
        branches.append((f"type(v{n}) is a{n}", f"p{n}(made, v{n})"))
    if field.known is not None:
        branches.append((f"v{n} in k{n}", f"p{n}(made, k{n}[v{n}])"))
    slow = f"p{n}(made, h{n}(v{n}, t{n}))"
    if not branches:
        return [slow]
    lines = [
        f"{'el' if place else ''}if {test}: {then}" for place, (test, then) in enumerate(branches)
    ]
    return [*lines, f"else: {slow}"]
