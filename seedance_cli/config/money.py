"""`[[prices]]` and `[budgets.PROVIDER]` of `config.toml`, as checked values.

Unlike elsewhere in the file a key that is not known is an error: a limit that is misspelt would
limit nothing, and a price that is misspelt would be that of other requests, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.config.lines import line_of
from seedance_cli.errors import ConfigError
from seedance_cli.models import Amount, Budgets, OwnPrice, parse_amount

if TYPE_CHECKING:
    from pathlib import Path

_FIELDS: Mapping[str, type] = {"model": str, "duration": int, "resolution": str, "audio": bool}
_KINDS = {str: "a string", int: "a number of seconds", bool: "true or false"}
_COSTS = ("amount", "per_second")


class _Place(NamedTuple):
    """A table of the file."""

    path: Path
    text: str
    table: str
    number: int = 0
    many: bool = False

    def error(self, key: str | None, words: str, hint: str | None = None) -> ConfigError:
        """What is wrong with a key of it, or with the table; never with the value."""
        line = line_of(self.text, self.table, self.number, key)
        where = f"{self.path}, line {line}" if line is not None else f"{self.path}"
        name = f"[[{self.table}]]" if self.many else f"[{self.table}]"
        return ConfigError(f"{where}: {name}{f' {key}' if key else ''} {words}", hint=hint)


def prices(path: Path, text: str, data: Mapping[str, object]) -> tuple[OwnPrice, ...]:
    """The user's own prices, in the order of the file.

    Raises:
        ConfigError: an entry that is none.
    """
    entries = data.get("prices", [])
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        raise _Place(path, text, "prices").error(None, "must be [[prices]], an array of tables")
    found: list[OwnPrice] = []
    for number, entry in enumerate(entries):
        place = _Place(path, text, "prices", number, many=True)
        price = _price(place, entry)
        if any((one.provider, one.wanted) == (price.provider, price.wanted) for one in found):
            raise place.error(None, "is for the same requests as one before it")
        found.append(price)
    return tuple(found)


def budgets(path: Path, text: str, data: Mapping[str, object]) -> dict[str, Budgets]:
    """The budgets, by provider.

    Raises:
        ConfigError: one that is none.
    """
    tables = data.get("budgets", {})
    if not isinstance(tables, Mapping):
        raise _Place(path, text, "budgets").error(None, "must be [budgets.PROVIDER]")
    return {name: _budgets(path, text, name, table) for name, table in tables.items()}


def _budgets(path: Path, text: str, name: str, table: object) -> Budgets:
    place = _Place(path, text, f"budgets.{name}")
    if not isinstance(table, Mapping):
        raise place.error(None, f"must be a table with {', '.join(Budgets._fields)}")
    _check_provider(place, None, name)
    for key in table:
        if key not in Budgets._fields:
            raise place.error(key, f"is not a budget: it is one of {', '.join(Budgets._fields)}")
    return Budgets(**{key: _limit(place, key, value, name) for key, value in table.items()})


def _price(place: _Place, entry: Mapping[str, object]) -> OwnPrice:
    provider = entry.get("provider")
    if not isinstance(provider, str):
        raise place.error("provider" if provider is not None else None, "must name a provider")
    _check_provider(place, "provider", provider)
    known = ("provider", *_FIELDS, *_COSTS)
    for key, value in entry.items():
        if key not in known:
            raise place.error(key, f"is not a field of a price: they are {', '.join(known)}")
        kind = _FIELDS.get(key)
        if kind is not None and type(value) is not kind:  # true is an int to Python
            raise place.error(key, f"must be {_KINDS[kind]}")
    named = [key for key in _COSTS if key in entry]
    if len(named) != 1:
        raise place.error(None, 'needs one of amount = "0.12 USD" and per_second = "0.03 USD"')
    (key,) = named
    fields = {name: entry[name] for name in _FIELDS if name in entry}
    return OwnPrice(
        provider,
        _limit(place, key, entry[key], provider),
        per_second=key == "per_second",
        **fields,  # type: ignore[arg-type]  # each was held against its type above
    )


def _check_provider(place: _Place, key: str | None, name: str) -> None:
    if name not in providers.names():
        listed = ", ".join(providers.names())
        raise place.error(key, "names no provider there is", f"the providers are {listed}")


def _limit(place: _Place, key: str, value: object, provider: str) -> Amount:
    """An amount with its unit; without one where the provider states none."""
    unit = providers.get(provider).info.price_unit
    text = value if isinstance(value, str) else "" if isinstance(value, bool) else f"{value}"
    limit = parse_amount(text)
    if limit is None:
        example = f"5 {unit}" if unit else "500"
        raise place.error(key, f'must be an amount with its unit, for example "{example}"')
    if limit.unit is None and unit is not None:
        raise place.error(key, f'needs its unit: "{limit.amount:f} {unit}"')
    return limit
