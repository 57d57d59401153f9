"""Where the program's files lie."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError, NoHome, NotOurs
from seedance_cli.system.environment import misquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def config_file(env: Mapping[str, str]) -> Path:
    """Where `config.toml` lies, whether it exists or not.

    Raises:
        NoHome: the user's folder is not known.
        ConfigError: a variable names it in a way that cannot be meant.
    """
    file = _named(env, "SEEDANCE_CONFIG")
    if file is not None:
        return file
    folder = _xdg("XDG_CONFIG_HOME", ".config")
    if folder is None:
        from platformdirs import user_config_path

        folder = _users(user_config_path, "SEEDANCE_CONFIG")
    return folder / "config.toml"


def state_dir(env: Mapping[str, str]) -> Path:
    """The folder of the ledger and the sandbox, whether it exists or not.

    Raises:
        NoHome: the user's folder is not known.
        ConfigError: a variable names it in a way that cannot be meant.
    """
    folder = _named(env, "SEEDANCE_STATE_DIR") or _xdg("XDG_STATE_HOME", ".local/state")
    if folder is not None:
        return folder
    from platformdirs import user_state_path

    return _users(user_state_path, "SEEDANCE_STATE_DIR")


def check_ours(folder: Path, name: str) -> None:
    """Refuse a state folder that somebody else has, or had, a hand in.

    What lies in it says where keys go and what was paid for, so that only the user may have
    written it. Root is no exception: under `sudo` with a user's `HOME`, and in a container with a
    mounted folder, it would act on that user's word with its own keys. What is above the folder
    does not count: whoever may exchange it there can only put one of his own in its place.

    Args:
        folder: a missing one is fine.
        name: the file in it; a link counts for what it leads to.

    Raises:
        NotOurs: folder or file belongs to another user, or others may write to it; or they are
            devices or the like.
        OSError: it cannot be looked at.
    """
    if sys.platform == "win32":  # where the user's own folders are private, and modes say nothing
        return
    file = folder / name
    places = [folder, file]
    if file.is_symlink():
        places.append(Path(os.path.realpath(file)).parent)  # the journal comes to lie there
    for place in places:
        try:
            found = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
            what = "folder" if place == folder else "regular file"
            raise NotOurs(
                f"{place} is not a {what}; nothing was sent",
                hint="set SEEDANCE_STATE_DIR to a folder of your own",
            )
        if found.st_uid != os.geteuid():
            raise NotOurs(
                f"{place} belongs to another user ({_user(found.st_uid)}): what is in it is not"
                " trusted, and nothing was sent",
                hint=_as_owner(place, found.st_uid),
            )
        if stat.S_IMODE(found.st_mode) & 0o022:
            raise NotOurs(
                f"others may write to {place} (mode {stat.S_IMODE(found.st_mode):04o}): what is in"
                " it is not trusted, and nothing was sent",
                hint=_closed(place, found.st_mode, file),
            )


def _as_owner(place: Path, owner: int) -> str:
    ours = "set SEEDANCE_STATE_DIR to a folder of your own"
    if owner == 0:
        import shlex

        chown = f"sudo chown -R {os.geteuid()} {shlex.quote(str(place))}"
        return f"if sudo made it for you: {chown}; or {ours}"
    if os.geteuid() != 0:
        return ours
    return f"run it as that user (sudo -u '#{owner}', in a container --user {owner}), or {ours}"


def _closed(place: Path, mode: int, file: Path) -> str:
    import shlex

    if not mode & stat.S_ISVTX:
        return f"chmod go-w {shlex.quote(str(place))}"
    # As /tmp: shared for good.
    move = f", and move {file.name} there" if file.exists() else ""
    return f"set SEEDANCE_STATE_DIR to a folder in it, e.g. {place / 'seedance'}{move}"


def _user(number: int) -> str:
    """The user's name, or the number where the system knows none."""
    if sys.platform != "win32":
        import pwd

        try:
            return pwd.getpwuid(number).pw_name
        except (KeyError, OSError):
            pass
    return f"uid {number}"


def _named(env: Mapping[str, str], variable: str) -> Path | None:
    """The variable as a path; None where it is empty or not set."""
    text = _text(env, variable)
    if not text:
        return None
    try:
        return Path(text).expanduser().absolute()
    except (RuntimeError, OSError):  # no home, or no current folder
        raise ConfigError(f"{variable} cannot be used: name an absolute path") from None


def _text(env: Mapping[str, str], variable: str) -> str:
    """The variable's text.

    Raises:
        ConfigError: it is no path as it stands. Taken at its word it would name another folder, and
            a ledger made there by mistake blocks nothing.
    """
    text = env.get(variable, "")
    fault = misquoted(text)
    if fault is not None:
        raise ConfigError(
            f"{variable} {fault}", hint="set it to the path alone; nothing was made or sent"
        )
    return text


def _xdg(variable: str, below_home: str) -> Path | None:
    """The folder by the XDG base directory specification; None where platformdirs has to decide.

    On Linux with a usual environment platformdirs says just this, and takes several milliseconds
    to import. https://specifications.freedesktop.org/basedir-spec/
    """
    if sys.platform != "linux" or "ANDROID_ROOT" in os.environ:
        return None
    for variable_or_home, below in ((variable, ""), ("HOME", below_home)):
        folder = _text(os.environ, variable_or_home)
        if folder.startswith("/"):
            return Path(folder, below, "seedance")
    return None


def _users(find: Callable[..., Path], variable: str) -> Path:
    """The user's own folder, if the system knows it."""
    try:
        folder = find("seedance", appauthor=False)
    except RuntimeError:  # platformdirs, where neither HOME nor the user database tells
        folder = Path()
    # Older ones leave `~` in it, and a relative XDG variable is one that does not count.
    if folder.is_absolute():
        return folder
    raise no_home(variable)


def no_home(variable: str) -> NoHome:
    """The error that names the variable which would do instead of a home."""
    return NoHome(
        "the user's own folder is not known (is HOME set?)", hint=f"set {variable} to a path"
    )
