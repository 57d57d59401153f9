"""`_named.NamedTuple` makes what `typing.NamedTuple` makes."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing

import pytest

from seedance_cli import _named

if typing.TYPE_CHECKING:
    from collections.abc import Callable


class Quick(_named.NamedTuple):
    """A point."""

    x: int
    y: int | None = None
    """Of a point, too."""

    @property
    def far(self) -> bool:
        return self.x > 9

    @classmethod
    def origin(cls) -> Quick:
        return cls(0)


class Typed(typing.NamedTuple):
    """A point."""

    x: int
    y: int | None = None
    """Of a point, too."""

    @property
    def far(self) -> bool:
        return self.x > 9

    @classmethod
    def origin(cls) -> Typed:
        return cls(0)


@pytest.mark.parametrize(
    "seen",
    [
        lambda kind: (kind._fields, kind.__match_args__, kind._field_defaults, kind.__bases__),
        lambda kind: (kind.__doc__, kind.__module__, kind.x.__doc__),
        typing.get_type_hints,
        lambda kind: [one.default for one in inspect.signature(kind).parameters.values()],
        lambda kind: (kind(1, 2), kind(x=1), kind(10).far, kind.origin(), hash(kind(3))),
        lambda kind: kind(1)._replace(y=3)._asdict(),
        lambda kind: (pickle.loads(pickle.dumps(kind(4))), copy.deepcopy(kind(5))),
        lambda kind: repr(kind(1)).removeprefix(kind.__qualname__),
        lambda kind: set(dir(kind)) - {"__orig_bases__"},
    ],
)
def test_it_is_what_typing_makes(seen: Callable[[type], object]) -> None:
    """Fields, defaults, annotations, methods, and what is made of it."""
    assert seen(Quick) == seen(Typed)
