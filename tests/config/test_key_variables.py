"""Which provider a command uses that names none, and which of several variables has its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seedance_cli import providers
from seedance_cli.config.sources import known_keys
from support.scripted_provider import ScriptedProvider

if TYPE_CHECKING:
    from support.runner import Result, Run

OWN, SHARED, STORED = "own-key-0123456789", "shared-key-0123456", "stored-key-0123456"
ELSEWHERE = [name for name in providers.names() if not providers.get(name).info.chosen_by_variable]


def shown(run: Run, *options: str, **env: str) -> Result:
    """What a request would be, with these variables."""
    return run("generate", "a boat", "--dry-run", *options, env=env)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_variable_for_other_work_names_nobody(run: Run, name: str) -> None:
    """Its variable alone makes a seller neither the one that is used nor one of two."""
    mine = dict.fromkeys(providers.get(name).info.key_envs, OWN)
    alone = shown(run, **{key: one for key, one in mine.items() if key != "SEEDANCEAPI_API_KEY"})
    assert (alone.code, alone.out) == (3, "")
    beside = shown(run, RUNBASE_API_KEY=OWN, **alone_variables(mine))
    assert "runbase.net" in beside.out


def alone_variables(found: dict[str, str]) -> dict[str, str]:
    """Without the variable that one of the first four has, too."""
    return {key: one for key, one in found.items() if key != "SEEDANCEAPI_API_KEY"}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_stored_key_is_a_choice(run: Run, name: str) -> None:
    """A seller is used whose key is the only one that there is, where it was stored."""
    assert run("login", name, "--key-stdin", stdin=STORED).code == 0
    found = shown(run)
    assert found.code == 0, found.err
    assert providers.get(name).info.base_url in found.out


@pytest.mark.parametrize("name", ["byteplus", "volcengine"])
@pytest.mark.parametrize("how", ["option", "variable", "profile"])
def test_a_shared_variable_counts_where_the_provider_is_named(
    run: Run, name: str, how: str
) -> None:
    """`ARK_API_KEY` counts after the seller's own variable, and only where the seller is named."""
    if how == "profile":
        assert run("profile", "set", "default", "provider", name).code == 0
    options = ("-p", name) if how == "option" else ()
    env: dict[str, str | None] = {"SEEDANCE_PROVIDER": name} if how == "variable" else {}
    own = providers.get(name).info.key_env
    with ScriptedProvider() as server:
        env |= {"ARK_API_KEY": SHARED, providers.get(name).info.base_url_env: server.endpoint(name)}
        assert run("generate", "a boat", *options, env=env).code == 0
        assert run("generate", "a ship", *options, env=env | {own: OWN}).code == 0
        sent = [one.headers["authorization"] for one in server.server.requests]
    assert sent == [f"Bearer {SHARED}", f"Bearer {OWN}"]


def test_a_shared_variable_is_nothing_to_a_seller_that_nobody_named(run: Run) -> None:
    """A stored key that makes its seller the one that is used is the key that is sent."""
    assert run("login", "byteplus", "--key-stdin", stdin=STORED).code == 0
    with ScriptedProvider() as server:
        env = {"ARK_API_KEY": SHARED, "BYTEPLUS_BASE_URL": server.endpoint("byteplus")}
        assert run("generate", "a boat", env=env).code == 0
        assert run("providers", "--check", "--json", env=env).code == 0
        sent = [one.headers["authorization"] for one in server.server.requests]
    assert sent == [f"Bearer {STORED}"] * 2


def test_two_versions_of_one_vendor_share_a_variable(run: Run) -> None:
    """The variable chooses v1; v2 takes the same key where it is named, at its own endpoint."""
    with ScriptedProvider() as server:
        env = server.env("seedanceapi", "seedanceapi-v2") | {"SEEDANCEAPI_API_KEY": SHARED}
        assert run("generate", "a boat", env=env).code == 0
        assert run("generate", "a boat", "-p", "seedanceapi-v2", env=env).code == 0
        sent = [(one.target, one.headers["authorization"]) for one in server.server.requests]
    assert sent == [
        ("/seedanceapi/v1/generate", f"Bearer {SHARED}"),
        ("/seedanceapi-v2/v2/generate", f"Bearer {SHARED}"),
    ]


def test_providers_says_whose_variable_it_is(run: Run) -> None:
    """The list of all names nobody, so the shared variable is no key in it; of one it is."""
    env = {"ARK_API_KEY": SHARED}
    keys = {one["name"]: one["key"] for one in run("providers", "--json", env=env).json}
    assert not keys["byteplus"]["set"]
    assert not keys["volcengine"]["set"]
    (one,) = run("providers", "byteplus", "--json", env=env).json
    assert one["key"]["source"] == {"kind": "environment", "name": "ARK_API_KEY"}


def test_every_variable_counts_as_a_key_that_is_not_to_be_shown() -> None:
    """A key in a second variable is known, so that it is hidden wherever it turns up."""
    assert SHARED in known_keys({"ARK_API_KEY": SHARED})
