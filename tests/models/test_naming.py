"""File names: `-o` of contract section 2, and names that come from servers (fault 28)."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_cli.errors import UsageError
from seedance_cli.models import naming

CREATED = datetime(2026, 2, 7, 23, 30, tzinfo=UTC)
CWD = Path("/videos")


def target(
    output: str | None = None,
    *,
    task_id: str = "req_1",
    index: int = 1,
    prompt: str | None = None,
    created: datetime = CREATED,
    cwd: Path = CWD,
    facts: dict[str, str | int | None] | None = None,
) -> Path:
    return naming.target(
        output,
        provider="runbase",
        task_id=task_id,
        index=index,
        prompt=prompt,
        created=created,
        cwd=cwd,
        facts=facts or {},
    )


def test_default_name() -> None:
    """Without `-o` a video is `{provider}-{task_id}.mp4` here; further ones are numbered."""
    assert target() == CWD / "runbase-req_1.mp4"
    assert target(index=2) == CWD / "runbase-req_1-2.mp4"
    assert target(index=13) == CWD / "runbase-req_1-13.mp4"


@pytest.mark.parametrize(
    ("output", "first", "third"),
    [
        ("boat.mp4", "boat.mp4", "boat-3.mp4"),
        ("boat", "boat", "boat-3"),
        (".boat", ".boat", ".boat-3"),
        ("a.b/boat", "a.b/boat", "a.b/boat-3"),
        ("v1.2 final.mp4", "v1.2 final.mp4", "v1.2 final-3.mp4"),
        ("new/", "new/runbase-req_1.mp4", "new/runbase-req_1-3.mp4"),
        ("{provider}/", "runbase/runbase-req_1.mp4", "runbase/runbase-req_1-3.mp4"),
        ("{task_id}.mov", "req_1.mov", "req_1-3.mov"),
        ("{index}-{task_id}.mp4", "1-req_1.mp4", "3-req_1.mp4"),
        ("{index}/", "1/runbase-req_1.mp4", "3/runbase-req_1.mp4"),
        ("{index}/x.mp4", "1/x.mp4", "3/x.mp4"),
        ("{{{task_id}}}.mp4", "{req_1}.mp4", "{req_1}-3.mp4"),
        ("../up/{date}/{slug}.mp4", "../up/2026-02-07/a-boat.mp4", "../up/2026-02-07/a-boat-3.mp4"),
    ],
)
def test_outputs(output: str, first: str, third: str) -> None:
    """`-o` names a file, a folder to come, or a template; every video of a task has its own."""
    assert target(output, prompt="a boat") == CWD / first
    assert target(output, prompt="a boat", index=3) == CWD / third


def test_an_absolute_output_stays() -> None:
    """An absolute path does not depend on the current folder."""
    assert target("/else/x.mp4") == Path("/else/x.mp4")


@pytest.mark.parametrize("output", ["there", "there/", "there/.", ".", "..", "there/.."])
def test_an_existing_folder(output: str, tmp_path: Path) -> None:
    """An existing folder takes the default name, with or without a closing `/`."""
    (tmp_path / "there").mkdir()
    assert target(output, cwd=tmp_path) == tmp_path / output / "runbase-req_1.mp4"


def test_the_date_is_utc() -> None:
    """`{date}` is the day of creation in UTC, wherever the time was written."""
    late = datetime(2026, 2, 8, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert target("{date}", created=late) == CWD / "2026-02-07"


def test_every_field_has_a_value() -> None:
    """What a task has not is `none`; a time is UTC; every value is one safe part of a path."""
    template = "-".join(f"{{{field}}}" for field in naming.FIELDS)
    values = "none-runbase-none-req_1-1-video-2026-02-07-233000-none-none-none-none-none-none"
    assert target(template) == CWD / values
    facts: dict[str, str | int | None] = {
        "name": "scene-08",
        "model": "a/b",
        "seed": 0,
        "duration": 8,
        "resolution": "",
        "image": "cat",
        "batch": "..",
        "row": "7",
    }
    path = target(
        "{name}/{model}-{seed}-{duration}s-{resolution}-{image}-{batch}-{row}", facts=facts
    )
    assert path.parent == CWD / "scene-08"
    assert re.fullmatch(r"a_b-[0-9a-f]{8}-0-8s-none-cat-task-[0-9a-f]{8}-7", path.name)


@pytest.mark.parametrize(
    ("image", "stem"),
    [
        ("https://x.example/a/my%20cat.v2.png?sig=a/b#c", "my cat.v2"),
        ("https://x.example/", None),
        ("https://x.example", None),
        ("./pics/cat.png", "cat"),
        ("C:\\pics\\cat.png", "cat"),
        ("cat", "cat"),
        (".png", ".png"),
        ("data:image/png;base64,iVBOR/w0KG.png", None),
        ("https://[::1/cat.png", None),
    ],
)
def test_image_stem(image: str, stem: str | None) -> None:
    """`{image}` is the name of the first image without its suffix; a `data:` URI has none."""
    assert naming.image_stem(image) == stem


@pytest.mark.parametrize("output", ["{nope}", "{}", "{", "a}", "{task_id", "{task_id:>9}", "{a/b}"])
def test_what_is_no_field_is_refused(output: str) -> None:
    """An unknown field or a lone brace is a usage error that names `-o` and the fields."""
    with pytest.raises(UsageError, match="-o") as caught:
        naming.check_template(output)
    assert "{slug}" in (caught.value.hint or "")
    with pytest.raises(UsageError):
        target(output)


@pytest.mark.parametrize("output", ["", "a\nb", "a\0", "\x1b[31m.mp4", "a\u2028b", "a\x85b"])
def test_control_characters_in_an_output_are_refused(output: str) -> None:
    """An empty `-o`, or one with control characters, is a usage error."""
    with pytest.raises(UsageError, match="-o"):
        naming.check_template(output)


@pytest.mark.parametrize(
    ("output", "one"),
    [
        (None, False),
        ("-", True),
        ("x.mp4", True),
        ("{{x}}.mp4", True),
        ("{task_id}.mp4", False),
        ("there", False),
        ("new/", False),
    ],
)
def test_names_one(output: str | None, one: bool, tmp_path: Path) -> None:
    """A plain file or stdout serves one task; a folder or a template serves any number."""
    (tmp_path / "there").mkdir()
    assert naming.names_one(output, tmp_path) is one


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        (None, "video"),
        ("", "video"),
        ("  …!? ", "video"),
        ("A paper boat, in the rain", "A-paper-boat-in-the-rain"),
        ("../../etc/passwd", "etc-passwd"),
        ("종이배가 빗속을 간다", "종이배가-빗속을-간다"),
        ("हिन्दी में", "हिन्दी-में"),
        ("cafe\u0301", "caf\u00e9"),
        ("x" * 50, "x" * 40),
        ("a" * 39 + " bc", "a" * 39 + "-b"),
        ("a" * 40 + " bc", "a" * 40),
        ("con", "_con"),
    ],
)
def test_slug(prompt: str | None, slug: str) -> None:
    """`{slug}` is the first 40 letters and digits of any script, words joined by `-`."""
    assert naming.slug(prompt) == slug


@pytest.mark.parametrize(
    "task_id",
    [
        "../../etc/passwd",
        "..",
        ".hidden",
        "a/b",
        "a\\b",
        "C:x",
        "CON",
        "nul.txt",
        "com1",
        "LPT9.tar.gz",
        "a\0b",
        "\x1b]52;c;AAAA\x07",
        "\u202egnp.4pm",
        "x" * 300,
        "é" * 300,
        "a ",
        "a.",
        "-rf",
        "",
        "   ",
        "\ud800",
    ],
)
def test_fault_28_a_hostile_id_is_made_safe(task_id: str) -> None:
    """Whatever a server calls its task, the name is one plain name in the folder asked for."""
    path = target("{task_id}/{task_id}", task_id=task_id)
    assert path.parent.parent == CWD
    for name in (path.name, path.parent.name):
        assert re.fullmatch(r"[^/\\:\x00-\x1f\x7f]+", name)
        assert not name.startswith((".", "-", " "))
        assert not name.endswith((".", " "))
        assert name.split(".")[0].upper() not in {"CON", "NUL", "COM1", "LPT9"}
        assert len(name.encode()) <= 150


def test_a_name_of_many_values_is_cut() -> None:
    """A name that its values make too long is cut, keeps its suffix, and stays distinct."""
    long = "{task_id}{task_id}{slug}.mp4"
    one = target(long, task_id="x" * 149 + "1")
    two = target(long, task_id="x" * 149 + "2")
    assert one != two != target(long, task_id="x" * 149 + "2", index=2)
    assert one.suffix == two.suffix == ".mp4"
    assert max(len(path.name.encode()) for path in (one, two)) <= naming.MAX_NAME


def test_a_device_name_made_of_pieces() -> None:
    """Literal text and a value cannot make a device name together."""
    assert target("CO{task_id}.mp4", task_id="N").name == "_CON.mp4"
    assert target("con.mp4").name == "con.mp4", "the user's own text is the user's"


TEXT = st.text(st.characters(), max_size=200)


@given(TEXT, TEXT)
@settings(max_examples=500, deadline=None)
def test_two_ids_never_share_a_name(one: str, two: str) -> None:
    """Different ids have different names, whatever was changed in them."""
    assert (target(task_id=one) == target(task_id=two)) == (one == two)


@given(TEXT, TEXT, st.integers(1, 99), st.sampled_from([None, "{task_id}", "{slug}.{task_id}.mp4"]))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fault_28_no_value_leaves_the_folder(
    task_id: str, prompt: str, index: int, output: str | None
) -> None:
    """A file lies directly in the folder asked for, under a name that every system takes."""
    path = target(output, task_id=task_id, prompt=prompt, index=index)
    assert path.parent == CWD
    assert path.name not in {"", ".", ".."}
    assert len(path.name.encode()) <= naming.MAX_NAME
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in path.name)


@given(TEXT)
@settings(max_examples=500, deadline=None)
def test_a_slug_is_letters_and_digits(prompt: str) -> None:
    """A slug has at most 40 letters and digits, and else only `-` between words and marks."""
    slug = naming.slug(prompt)
    assert sum(char.isalnum() for char in slug) <= 40
    assert all(
        char.isalnum() or char in "-_" or unicodedata.category(char)[0] == "M" for char in slug
    )
    assert len(slug.encode()) <= 151
