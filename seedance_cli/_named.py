"""`NamedTuple`: what `typing` has under this name, made at a third of its cost.

`typing` compiles the annotation of each field, and lays out the class a second time. That was a
tenth of the processor time of a short command, which makes hundreds of fields. Here an annotation
stays the text that it is in the module, where `typing.get_type_hints` finds it as ever.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = ["NamedTuple"]

TYPE_CHECKING = False  # a type checker takes it for true, and reads what it knows well

if TYPE_CHECKING:
    from typing import NamedTuple  # noqa: TID251 - this is what it stands for
else:

    class _Fields(type):
        """Makes a named tuple of a class body: its annotations are the fields, the rest is kept."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            module = body.pop("__module__")
            made = namedtuple(name, fields, defaults=defaults, module=module)  # noqa: PYI024 - typed by the class body
            made.__annotations__ = fields
            for word, value in body.items():
                setattr(made, word, value)
            return made

    class NamedTuple(metaclass=_Fields):
        """The base of a class whose annotations are the fields of a tuple."""
