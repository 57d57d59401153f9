"""The scripts of the documents, run as they stand against the sandbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seedance_cli
from support.media_files import png
from support.workflows import load, process_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from support.runner import Run

ROOT = Path(seedance_cli.__file__).parent.parent
BLOCKS = {
    name: text
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for name, text in re.findall(
        r"```(?:sh|make|cron|yaml|ini|dockerfile) ([\w-]+)\n(.*?)```",
        page.read_text(encoding="utf-8"),
        re.DOTALL,
    )
}
PROMPTS = "a boat leaves\nit turns\nit is gone\n"
KEYS = "08 09 10 11 12"
"""The rows of `shots.csv`; no share is empty."""
SMALL = """
default_profile = "small"
[profiles.small.defaults]
duration = 4
resolution = "480p"
"""
"""Videos that are soon made."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="they are for a POSIX shell")


def program(home: Path) -> dict[str, str]:
    """Install the program for a user; the environment of a new shell, with the sandbox chosen."""
    command = home / ".local" / "bin" / "seedance"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(
        f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m seedance_cli \"$@\"\n"
    )
    command.chmod(0o755)
    return {
        "HOME": str(home),
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "SEEDANCE_SANDBOX": "1",
        "SEEDANCE_SANDBOX_SECONDS": "0",
    }


def sh(script: str, env: Mapping[str, str], *, cwd: Path | None = None) -> str:
    """Run a script to its end; its stdout."""
    words = ["sh", "-c", script]
    done = subprocess.run(
        words, env=env, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True, timeout=300
    )
    return done.stdout


def shell(home: Path, *names: str) -> list[str]:
    """Run blocks in one shell, twice: the second time pays for nothing. The list of the tasks."""
    env = program(home)
    Path("prompts.txt").write_text(PROMPTS)
    script = "set -e\n" + "\n".join(BLOCKS[name] for name in names)
    for _ in range(2):
        sh(script, env)
    return sh("seedance list", env).splitlines()


def shots(folder: Path, keys: str = KEYS) -> None:
    """The file of the batch."""
    rows = "".join(f"{key},a boat,4,480p\n" for key in keys.split())
    (folder / "shots.csv").write_text(f"id,prompt,duration,resolution\n{rows}")


def names(run: Run, state: Path) -> list[str]:
    """What each task of a ledger is called."""
    shown = run("list", "--sandbox", "--json", env={"SEEDANCE_STATE_DIR": str(state)})
    return [one["name"] for one in shown.json]


def shares_bought_once(run: Run, states: Iterable[Path]) -> None:
    """Each row is one task, in one of the ledgers; none of these is empty."""
    found = [names(run, state) for state in states]
    assert all(found)
    assert sorted(name for share in found for name in share) == [
        f"shots/{key}" for key in KEYS.split()
    ]


def is_film(path: str) -> bool:
    """Whether FFmpeg can decode a file to its end."""
    import av

    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0)) > 0


def test_every_recipe_is_run() -> None:
    """A new block needs a test here."""
    of_recipes = {"chain", "join", "ffmpeg", "batches"}
    of_batch = {"slurm", "kubernetes", "github"}
    of_ci = {"make", "parallel", "cron", "service", "timer", "docker", "docker-run", "gitlab"}
    lines = {"one-liners", "scripts", "many", "gallery", "fal"}
    in_test_action = {"action"}
    in_test_shared_ledger_page = {f"shared-{name}" for name in ("start", "move", "github", "slurm")}
    elsewhere = in_test_action | in_test_shared_ledger_page
    assert set(BLOCKS) == of_recipes | of_batch | of_ci | lines | elsewhere


@pytest.mark.full
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg joins the clips")
def test_a_chain_of_three_clips(home: Path) -> None:
    """Each begins with the last frame of the one before; three tasks, however often it is run."""
    assert len(shell(home, "chain", "join")) == 3
    assert is_film("film.mp4")
    assert is_film("clip-3.mp4")


@pytest.mark.full
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg takes the frames")
def test_a_chain_where_no_frame_is_returned(home: Path) -> None:
    """The same, with the frames taken out of the videos."""
    assert len(shell(home, "ffmpeg")) == 3
    assert is_film("cut-3.mp4")


@pytest.mark.full
def test_three_batches_are_as_many_links(home: Path) -> None:
    """Two chains of three: six tasks, however often it is run."""
    assert len(shell(home, "batches")) == 6
    assert is_film("chains/crane-3.mp4")


@pytest.mark.full
@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_lines_of_the_readme(home: Path) -> None:
    """Each succeeds, one after the other in one shell, as somebody types them who reads it."""
    env = {**program(home), "SEEDANCE_CONFIG": str(Path("small.toml").absolute())}
    Path("small.toml").write_text(SMALL)
    Path("small.toml").chmod(0o600)
    Path("prompt.txt").write_text("a boat of bark")
    shots(Path(), "1 2")
    script = f"""set -eu
prompt='-x is no option'
{BLOCKS["one-liners"]}
seedance generate "a lighthouse" --name scene-08
{BLOCKS["scripts"]}
{BLOCKS["many"]}
"""
    sh(script, env)
    assert is_film("boat.mp4")
    assert is_film("shots/1-a-boat.mp4")
    assert len(Path("results.csv").read_text().splitlines()) == 3
    assert Path("shots.html").is_file()


@pytest.mark.full
def test_the_lines_of_the_gallerys_page(home: Path) -> None:
    """Of videos in a batch, at a seller, and of two tasks."""
    env = program(home)
    shots(Path(), "1 2")
    sh("seedance batch shots.csv --yes --name trailer -p runbase -o trailer/", env)
    for name in ("scene-08", "scene-09"):
        sh(f"seedance generate boat -d 4 -r 480p --name {name} -o {name}.mp4", env)
    sh("seedance gallery -o gallery.html", env)
    sh(f"set -eu\n{BLOCKS['gallery']}", env)
    made = {path.name for path in Path().rglob("*.html")}
    assert {"gallery.html", "pair.html", "trailer.html"} < made


@pytest.mark.full
def test_the_lines_for_fal(home: Path) -> None:
    """The endpoint follows from the media given."""
    env = program(home)
    Path("cat.png").write_bytes(png(640, 640))
    sh(f"set -eu\n{BLOCKS['fal']}", env)
    assert len(sh("seedance list", env).splitlines()) == 3


def lost(folder: Path) -> Path:
    """Remove one of the videos, as a cleaned workspace would; its path."""
    video = min(folder.glob("*.mp4"))
    video.unlink()
    return video


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_rows_of_the_page(form: str, run: Run) -> None:
    """The files that docs/batch.md shows are right as they stand, and both name the same rows."""
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    file = "shots.csv" if form == "csv" else "shots.jsonl"
    Path(file).write_text(page.partition(f"```{form}\n")[2].partition("```")[0], encoding="utf-8")
    done = run("batch", file, "--dry-run", "--sandbox")
    assert (done.code, [line[:9] for line in done.out.splitlines()]) == (
        0,
        ["08\tsubmit", "09\tsubmit"],
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_pays_once_for_each_text(home: Path, run: Run) -> None:
    """A video that was lost is fetched again; make has nothing to do for the others."""
    env = {**program(home), "SEEDANCE_CONFIG": str(Path("small.toml").absolute())}
    Path("small.toml").write_text(SMALL)
    Path("small.toml").chmod(0o600)
    Path("prompts").mkdir()
    for name in ("one", "two"):
        Path("prompts", f"{name}.txt").write_text(f"{name} boat")
    Path("Makefile").write_text(BLOCKS["make"])
    sh("make -s -j 2 -k", env)
    video = lost(Path("videos"))
    assert sh("make -s -k", env).splitlines() == [str(video.absolute())]
    assert sorted(names(run, home / ".local/state/seedance")) == ["one", "two"]


@pytest.mark.full
def test_cron_pays_once_for_each_row(home: Path, run: Run) -> None:
    """With the environment that cron gives: no variable of a shell, a short PATH."""
    env = {**program(home), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "ann"}
    (home / "film").mkdir()
    shots(home / "film", "1 2")
    line = BLOCKS["cron"].split(maxsplit=5)[5].strip()
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-c", line], env=env, cwd=home, check=True, capture_output=True, timeout=300
        )
        assert done.stdout == b""
    assert sorted(names(run, home / ".local/state/seedance")) == ["shots/1", "shots/2"]
    told = (home / "film" / "done.txt").read_text().split()
    assert (len(told), len(set(told))) == (4, 2)


@pytest.mark.full
@pytest.mark.skipif(shutil.which("parallel") is None, reason="GNU parallel is not installed")
def test_parallel_pays_once_for_each_line(home: Path, run: Run) -> None:
    """Blanks and quotes in a prompt stay what they are."""
    env = program(home)
    prompts = ["a boat", '-x; it\'s "gone" $HOME']
    Path("prompts.tsv").write_text("".join(f"n{n}\t{text}\n" for n, text in enumerate(prompts)))
    sh(BLOCKS["parallel"], env)
    lost(Path("out"))
    sh(BLOCKS["parallel"], env)
    shown = run("list", "--sandbox", "--json", env={"SEEDANCE_STATE_DIR": None}).json
    assert {one["name"]: one["request"]["prompt"] for one in shown} == {
        f"n{n}": text for n, text in enumerate(prompts)
    }
    assert len(shown) == len(list(Path("out").iterdir())) == len(prompts)


@pytest.mark.full
def test_a_slurm_array_pays_once_for_each_row(home: Path, run: Run) -> None:
    """Its members differ by one variable; the first one is requeued."""
    env = program(home)
    shots(Path())
    for share in (1, 2, 3, 1):
        alone = {"SLURM_ARRAY_TASK_COUNT": "1"} if share == 1 else {}
        sh(BLOCKS["slurm"], {**env, "SLURM_ARRAY_TASK_ID": str(share), **alone})
    shares_bought_once(run, (home / "seedance").iterdir())
    results = [path.read_text().splitlines()[1:] for path in Path().glob("results-*.csv")]
    assert sum(map(len, results)) == len(KEYS.split())


@pytest.mark.full
def test_an_indexed_job_pays_once_for_each_row(home: Path, tmp_path: Path, run: Run) -> None:
    """Its pods differ by one variable, which begins at 0; the first one is started again."""
    env = program(home)
    shots(Path())
    film = tmp_path / "film"
    script = BLOCKS["kubernetes"].partition("- |\n")[2].partition("\n      volumes:")[0]
    script = textwrap.dedent(script).replace("/film", str(film))
    for index in (0, 1, 2, 0):
        sh(script, {**env, "JOB_COMPLETION_INDEX": str(index)})
    shares_bought_once(run, film.glob("state-*"))
    assert len(list(film.glob("*.mp4"))) == len(KEYS.split())


@pytest.mark.full
def test_a_matrix_pays_once_for_each_row(home: Path, tmp_path: Path, run: Run) -> None:
    """Its jobs run on empty machines that keep the state folder, and pay for nothing without it."""
    env = program(home)
    steps = re.findall(r"- run: (.+)", BLOCKS["github"])
    assert len(steps) == 2
    script = "set -e\n" + "\n".join(steps)
    cache, space = tmp_path / "cache", tmp_path / "space"
    for share, first in ((1, "true"), (2, "true"), (3, "true"), (1, "false")):
        shutil.rmtree(space, ignore_errors=True)
        space.mkdir()
        shots(space)
        state = cache / str(share)
        own = {"SHARE": str(share), "FIRST": first, "SEEDANCE_STATE_DIR": str(state)}
        sh(script, {**env, **own}, cwd=space)
        assert len(list((space / "shots").glob("*.mp4"))) == len(names(run, state))
    shares_bought_once(run, cache.iterdir())
    without = {**env, "SHARE": "1", "FIRST": "false", "SEEDANCE_STATE_DIR": str(tmp_path / "none")}
    with pytest.raises(subprocess.CalledProcessError):
        sh(script, without, cwd=space)
    assert not (tmp_path / "none").exists()


@pytest.mark.full
def test_a_gitlab_job_pays_once(home: Path, tmp_path: Path, run: Run) -> None:
    """It runs on empty machines that have the cached folder alone."""
    env = program(home)
    ((name, job),) = load(BLOCKS["gitlab"]).items()
    assert (name, job["resource_group"]) == ("videos", "seedance")
    (cached,) = job["cache"]["paths"]
    for number in (1, 2):
        space = tmp_path / f"space-{number}"
        space.mkdir()
        (space / "intro.txt").write_text("a boat")
        if number > 1:
            shutil.copytree(tmp_path / "cache", space / cached)
        own = {
            key: text.replace("$CI_PROJECT_DIR", str(space))
            for key, text in job["variables"].items()
        }
        sh("set -e\n" + "\n".join(job["script"]), {**env, **own}, cwd=space)
        if number == 1:
            shutil.copytree(space / cached, tmp_path / "cache")
        assert is_film(str(space / "out" / "intro.mp4"))
        assert len(json.loads((space / "out" / "tasks.json").read_text())) == 1
    (name,) = names(run, tmp_path / "cache")
    assert re.fullmatch(r"intro-[0-9a-f]{12}", name)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units(home: Path, tmp_path: Path) -> None:
    """Both are verified as a user's units; what the service runs is run by the test of cron."""
    env = program(home)
    (home / "film").mkdir()
    for name in ("service", "timer"):
        (tmp_path / f"film.{name}").write_text(BLOCKS[name])
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "film.service", "film.timer"],
        env={**env, "XDG_RUNTIME_DIR": str(tmp_path)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stdout + done.stderr
    if "Failed to initialize manager" in told:
        pytest.skip("systemd cannot load units here")
    assert (done.returncode, "film." in told) == (0, False), told
    line = re.search(r"^ExecStart=%h/\S+/seedance (.+)$", BLOCKS["service"], re.MULTILINE)
    assert line is not None
    shots(home / "film", "1")
    sh(f"seedance {line[1]} --dry-run", env, cwd=home / "film")


DOCKER = """#!/bin/sh
[ "$1" = build ] && exit
[ "$1" = run ] && shift
while :; do
  case $1 in
    --rm) shift ;;
    --user) [ "$2" = "$(id -u):$(id -g)" ] || exit 125; shift 2 ;;
    -e) eval "[ \\"\\${$2+set}\\" ]" || exit 125; shift 2 ;;
    -v) case $2 in *:/state) state=${2%:/state} ;; *:/work) work=${2%:/work} ;; esac; shift 2 ;;
    *) break ;;
  esac
done
shift # the image
cd "$work" && SEEDANCE_STATE_DIR=$state SEEDANCE_CONFIG=$state/config.toml HOME=/nonexistent \\
  exec unshare -r -p -f --kill-child seedance "$@"
"""
"""Stands in for the daemon: the program as process 1, with the folders that the volumes name."""


@pytest.mark.full
@pytest.mark.skipif(process_one() is None, reason="no process namespace may be made here")
def test_docker_pays_once(home: Path, run: Run) -> None:
    """The program runs as process 1, with no home; the second container finds the first one's."""
    image = BLOCKS["docker"]
    assert '\nENTRYPOINT ["seedance"]\n' in image  # a shell would be process 1 otherwise
    assert "\nENV HOME=/tmp SEEDANCE_STATE_DIR=/state SEEDANCE_CONFIG=/state/config.toml\n" in image
    env = {**program(home), "RUNBASE_API_KEY": "k"}
    docker = home / ".local" / "bin" / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    for _ in range(2):
        told = sh(BLOCKS["docker-run"], env)
        assert told == f"{Path('boat.mp4').absolute()}\n"
    assert names(run, Path("state").absolute()) == ["boat"]
