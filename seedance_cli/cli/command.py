"""`@command`: makes a Typer command of a function that does a command's work.

The function takes a `Run` and its own options; the options that commands share are added here. A
parameter whose type is a NamedTuple of options stands for them all: each field is one option.
"""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

from seedance_cli import cli
from seedance_cli._named import NamedTuple
from seedance_cli.cli import options as _options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seedance_cli.cli.app import App
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Payment


class Run(NamedTuple):
    """What a command works with: the run of the program, its output, and the shared options."""

    app: App
    out: Output
    provider: str | None = None
    """`--provider` of a remote command, as it was typed."""
    profile: str | None = None
    """`--profile` of a remote command, as it was typed."""
    sandbox: bool | None = None
    """`--sandbox` or `--no-sandbox` of a remote command; None: neither."""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment."""
        return self.app.env

    @property
    def clock(self) -> Clock:
        """Every wait and time stamp."""
        return self.app.clock

    @property
    def payment(self) -> Payment:
        """What is known of what the command pays for."""
        return self.app.payment

    def session(self, *, write: bool = True) -> Session:
        """Profile, provider, endpoint, key and ledger; `write` as `Session` says.

        Raises:
            UsageError: as `Session`.
        """
        return cli.Session(
            self.env,
            self.clock,
            self.out,
            provider=self.provider,
            profile=self.profile,
            sandbox=self.sandbox,
            write=write,
        )


class _Remote(NamedTuple):
    """The options of commands that reach a provider."""

    provider: _options.Provider = None
    profile: _options.Profile = None
    sandbox: _options.Sandbox = None


class _Everywhere(NamedTuple):
    """The options of every command."""

    json: _options.Json = False
    quiet: _options.Quiet = False
    verbose: _options.Verbose = False


def command(*, remote: bool = False) -> Callable[[Callable[..., int | None]], Callable[..., Any]]:
    """Make a Typer command of a function.

    Its first parameter is the Run; each other one is an argument or an option, or a NamedTuple of
    them. Its docstring is the help text. It returns the exit code; None is 0.

    Args:
        remote: adds `-p --profile --sandbox`, for a command that reaches a provider.
    """

    def decorator(work: Callable[..., int | None]) -> Callable[..., Any]:
        _, *own = _parameters(work)
        groups = {one.name: one.annotation for one in own if _is_group(one.annotation)}

        def run(ctx: typer.Context, **values: Any) -> int | None:
            shared = _taken(_Remote, values) if remote else _Remote()
            begun = _begin(ctx.obj, _taken(_Everywhere, values), shared)
            objects = {name: _taken(group, values) for name, group in groups.items()}
            return work(begun, **objects, **values)

        shown = [Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        for one in own:
            shown += _parameters(one.annotation) if one.name in groups else [one]
        if remote:
            shown += _parameters(_Remote)
        shown += _parameters(_Everywhere)
        run.__name__, run.__doc__ = work.__name__, work.__doc__
        run.__annotations__ = {}
        run.__signature__ = Signature(shown)  # type: ignore[attr-defined]  # a function has one
        return run

    return decorator


def _parameters(of: Callable[..., object]) -> Iterator[Parameter]:
    """The parameters of a function, or the fields of a NamedTuple, with evaluated annotations."""
    hints = get_type_hints(of, include_extras=True)
    for one in signature(of).parameters.values():
        yield one.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[one.name])


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, tuple)


def _taken(group: Any, values: dict[str, Any]) -> Any:
    """A NamedTuple of the values of its fields, which are taken out of the others."""
    return group(**{name: values.pop(name) for name in group._fields})


def _begin(app: App, everywhere: _Everywhere, remote: _Remote) -> Run:
    """Open the output, and put together what the command works with."""
    from seedance_cli.cli.output.sink import Output

    app.out = Output(**everywhere._asdict(), keys=lambda: app.keys)
    return Run(app, app.out, *remote)
