"""`seedance logout`: remove a stored key."""

from __future__ import annotations

from seedance_cli import config, providers
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.cli.commands.login import ProviderArgument, Surplus, check_words

EXAMPLES = (
    "seedance logout runbase",
    "seedance logout runbase --profile work",
)


@command()
def logout(
    run: Run,
    provider: ProviderArgument,
    surplus: Surplus = None,
    *,
    profile: _options.Profile = None,
) -> None:
    """Remove the key of a provider from a profile.

    Only what `login` stored is removed; a variable or a key in config.toml stays as it is.
    """
    check_words(provider, surplus)
    files = config.resolve.load(run.env)
    for warning in files.warnings:
        run.out.warn(warning)
    where = files.paths
    choice = config.resolve.choose_profile(files, run.env, profile)
    stored = provider in choice.profile.credentials
    if stored:
        config.edit.remove_key(where, run.clock, choice.name, provider)
        run.out.note(f"removed the key for {provider} from profile {choice.name}")
    else:
        run.out.note(f"profile {choice.name} has no stored key for {provider}")

    files = config.resolve.load(run.env)
    choice = config.resolve.choose_profile(files, run.env, profile)
    left = config.resolve.key_place(choice, run.env, providers.get(provider).info)
    if left.exists:
        run.out.warn(f"there still is a key for {provider}: {left.place}")
    if run.out.json:
        run.out.document(
            {
                "provider": provider,
                "profile": choice.name,
                "path": str(where.credentials),
                "removed": stored,
                "remaining": config.source_object(left.source) if left.exists else None,
            }
        )
