"""`seedance profile`: named sets of defaults, endpoints and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, config, models, providers, system
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.cli.help import examples
from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from seedance_cli.config import Change, ConfigFiles, Profile

EXAMPLES = (
    "seedance profile set work provider runbase",
    "seedance login runbase --profile work",
    "seedance profile use work",
    "seedance profile show",
)

app = typer.Typer(
    help="Named sets of defaults, endpoints and keys.",
    no_args_is_help=True,
)


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The profile.",
        show_default=False,
        autocompletion=_options.profile_names,
    ),
]


def setting_names(incomplete: str) -> list[str]:
    """What Tab offers for a KEY."""
    every = ["provider", *(f"defaults.{option}" for option in config.OPTIONS)]
    every += [
        f"providers.{name}.{key}"
        for name in providers.names()
        for key in ("base_url", "api_key_env")
    ]
    return [one for one in every if one.startswith(incomplete)]


Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="provider, defaults.OPTION, providers.NAME.base_url or providers.NAME.api_key_env.",
        show_default=False,
        autocompletion=setting_names,
    ),
]


@app.command(
    "list",
    epilog=examples("seedance profile list", "seedance profile list --json | jq -r '.[].name'"),
)
@command()
def list_profiles(
    run: Run,
) -> None:
    """List the profiles; the one used when none is named has a star."""
    files = _load(run)
    current, _ = config.resolve.profile_name(files, run.env, None)
    listed = [(name, files.profiles[name]) for name in files.names()]
    if run.out.json:
        run.out.document(
            [
                {
                    "name": name,
                    "current": name == current,
                    "provider": _provider(one),
                    "defaults": dict(one.defaults),
                    "keys": _keys(files, name),
                }
                for name, one in listed
            ]
        )
        return
    if not listed:
        run.out.note("there are no profiles yet; `seedance login PROVIDER` makes one")
        return
    run.out.table(
        ("PROFILE", "USED", "PROVIDER", "KEYS"),
        [
            (
                name,
                "*" if name == current else "",
                _provider(one) or "",
                ",".join(_keys(files, name)),
            )
            for name, one in listed
        ],
    )


@app.command(epilog=examples("seedance profile show", "seedance profile show work --json"))
@command()
def show(
    run: Run,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="As if named with --profile; else the one in use.",
            autocompletion=_options.profile_names,
        ),
    ] = None,
    *,
    profile: _options.Profile = None,
) -> None:
    """Show each value that is in effect, and where it comes from. Keys are never shown."""
    if name is not None and profile not in {None, name}:
        raise UsageError("two profiles are named", hint="give NAME or --profile")
    files = _load(run)
    place = cli.ledger_place.setting(lambda: system.state_dir(run.env), run.env, files)
    view = replace(config.effective(files, run.env, name or profile), ledger=place)
    if run.out.json:
        run.out.document(view.as_object())
    else:
        run.out.table(("SETTING", "VALUE", "FROM"), view.rows())


@app.command(epilog=examples("seedance profile use work", "seedance profile use default"))
@command()
def use(
    run: Run,
    name: Name,
) -> None:
    """Make a profile the one that is used when none is named."""
    files = _load(run)
    config.resolve.choose_profile(files, run.env, name)
    change = config.edit.use(files.paths, run.clock, name)
    run.out.note(f"profile {name} is used when none is named")
    if run.env.get("SEEDANCE_PROFILE") not in {None, "", name}:
        run.out.warn("SEEDANCE_PROFILE is set and names another, which is used instead")
    _report(run, change, {"profile": name})


@app.command(
    "set",
    epilog=examples(
        "seedance profile set work provider runbase",
        "seedance profile set work defaults.duration 8",
        "seedance profile set work providers.runbase.api_key_env MY_RUNBASE_KEY",
    ),
)
@command()
def set_value(
    run: Run,
    name: Name,
    key: Key,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Its new value.", show_default=False)
    ],
) -> None:
    """Set one value of a profile; a profile that is not there yet is made."""
    setting = config.settings.parse_setting(key, providers.names())
    parsed = config.settings.parse_value(setting, value, providers.names())
    files = _load(run)
    if name not in files.profiles:
        config.edit.check_name(name)
    change = config.edit.set_value(files.paths, run.clock, name, setting, parsed)
    shown = str(parsed).lower() if isinstance(parsed, bool) else str(parsed)
    run.out.note(f"{setting} of profile {name} is {shown}")
    _doubt(run, name, setting.path)
    _report(run, change, {"profile": name, "key": str(setting), "value": parsed})


@app.command(
    epilog=examples(
        "seedance profile unset work defaults.duration",
        "seedance profile unset work providers.runbase.base_url",
    )
)
@command()
def unset(
    run: Run,
    name: Name,
    key: Key,
) -> None:
    """Remove one value of a profile."""
    setting = config.settings.parse_setting(key, providers.names(), removing=True)
    files = _load(run)
    _must_exist(files, name)
    change = config.edit.unset(files.paths, run.clock, name, setting)
    done = "is no longer set" if change.changed else "was not set"
    run.out.note(f"{setting} of profile {name} {done}")
    _report(run, change, {"profile": name, "key": str(setting)})


@app.command(epilog=examples("seedance profile remove work", "seedance profile remove work --json"))
@command()
def remove(
    run: Run,
    name: Name,
) -> None:
    """Remove a profile, with the keys that are stored in it."""
    files = _load(run)
    _must_exist(files, name)
    removal = config.edit.remove(files.paths, run.clock, name)
    keys = list(removal.keys)
    run.out.note(f"removed profile {name}")
    if keys:
        run.out.note(f"its stored keys are gone too: {', '.join(keys)}")
    if removal.was_default:
        run.out.note("it was the one used when none is named; now that is `default`")
    extra = {"profile": name, "keys": keys, "was_default": removal.was_default}
    _report(run, removal.change, extra)


@app.command(epilog=examples("seedance profile path", '$EDITOR "$(seedance profile path)"'))
@command()
def path(
    run: Run,
) -> None:
    """Print where config.toml is; with --json also the other places."""
    where = config.resolve.paths(run.env)
    if not run.out.json:
        run.out.result(str(where.config))
        return
    state = str(config.resolve.state_dir(run.env))
    run.out.document(
        {"config": str(where.config), "credentials": str(where.credentials), "state": state}
    )


def _load(run: Run) -> ConfigFiles:
    files = config.resolve.load(run.env)
    for warning in files.warnings:
        run.out.warn(warning)
    return files


def _must_exist(files: ConfigFiles, name: str) -> None:
    if name not in files.profiles:
        raise config.resolve.unknown_profile(files, name)


def _provider(one: Profile) -> str | None:
    return None if one.provider is None else models.shown(one.provider)


def _keys(files: ConfigFiles, name: str) -> list[str]:
    """The providers that the profile itself has a key for, or says where it is."""
    one = files.profiles[name]
    named = (provider for provider, table in one.providers.items() if table.names_key)
    return sorted({*one.credentials, *named})


def _doubt(run: Run, name: str, setting: tuple[str, ...]) -> None:
    """Warn of a default that the profile's provider would leave out."""
    profile = config.resolve.load(run.env).profiles[name]
    if profile.provider not in providers.names() or profile.provider is None:
        return
    info = providers.get(profile.provider).info
    touched = profile.defaults if setting == ("provider",) else setting[1:]
    for option in touched:
        if setting[0] == "providers" or option not in profile.defaults:
            continue
        value = profile.defaults[option]
        doubt = config.settings.doubt(info, profile.defaults, option, value)
        if doubt is not None:
            run.out.warn(doubt)


def _report(run: Run, change: Change, document: dict[str, object]) -> None:
    """Tell of a copied file, and of the change as JSON."""
    if change.backup is not None:
        run.out.note(f"the comments could not be kept; the file as it was is {change.backup}")
    if run.out.json:
        backup = None if change.backup is None else str(change.backup)
        run.out.document(
            {**document, "path": str(change.path), "changed": change.changed, "backup": backup}
        )
