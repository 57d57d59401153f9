"""A batch's file as rows: every format, and every fault with its line and column."""

from __future__ import annotations

import json

import pytest

from seedance_cli.errors import UsageError
from seedance_cli.models import VideoRequest
from seedance_cli.tasks.batch import columns, identity
from seedance_cli.tasks.batch.manifest import Manifest, form_of, parse


def read(text: str, form: str) -> Manifest:
    return parse(text.encode(), form)


def rows(text: str, form: str) -> list[dict[str, object]]:
    found = read(text, form)
    assert not found.faults
    return [dict(row.values) for row in found.rows]


def faults(text: str, form: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.words) for one in read(text, form).faults]


WANTED = {
    "prompt": "a boat, at sea",
    "duration": 8,
    "audio": False,
    "image": ["https://a/1", "https://a/2"],
    "metadata.shot": "7",
    "param.quality": "high",
    "id": "08",
}


IN_CSV = (
    "id,prompt,duration,audio,image,metadata.shot,param.quality,model,_who\r\n"
    '08,"a boat, at sea",8s,no,https://a/1  https://a/2,7,"""high""",,Ann\r\n'
)
IN_JSON = (
    '{"id": "08", "prompt": "a boat, at sea", "duration": 8, "audio": false, "image": '
    '["https://a/1", "https://a/2"], "metadata.shot": "7", "param.quality": "high", '
    '"model": null, "_who": {"name": "Ann"}}'
)


@pytest.mark.parametrize(
    ("form", "text"), [("csv", IN_CSV), ("jsonl", f"\n{IN_JSON}\n"), ("json", f" [\n{IN_JSON} ]\n")]
)
def test_every_format_gives_the_same_row(form: str, text: str) -> None:
    """An empty cell is not set; a note is no value; a list is an array, in CSV by white space."""
    assert rows(text, form) == [WANTED]


def test_a_text_file_has_a_prompt_a_line() -> None:
    found = read("\ufeffa boat\r\n\n  \n a crane, slow \n", "txt").rows
    assert [(row.line, row.values) for row in found] == [
        (1, {"prompt": "a boat"}),
        (4, {"prompt": " a crane, slow "}),
    ]


def test_every_field_of_a_request_is_a_column() -> None:
    """So a new option of `generate` needs nothing here. `files` is said by the media."""
    names = [one for one in VideoRequest._fields if one != "files"]
    assert [one.field for one in columns.REQUEST.values()] == names
    assert set(columns.REQUEST) >= {"prompt", "image", "aspect_ratio", "metadata", "param"}


@pytest.mark.parametrize("word", ["true", "YES", "1", "false", "no", "0"])
def test_a_switch_in_csv(word: str) -> None:
    (row,) = rows(f"prompt,audio\nx,{word}\n", "csv")
    assert row["audio"] is (word.lower() in {"true", "yes", "1"})


@pytest.mark.parametrize(
    ("form", "text", "line", "column", "words"),
    [
        ("csv", "prompt,size\nx,1\n", 1, "size", "no such column"),
        ("csv", "prompt,size\n", 1, "size", "no such column"),
        ("csv", "prompt,metadata\nx,1\n", 1, "metadata", "metadata.KEY"),
        ("csv", "prompt;duration\nx;1\n", 1, "", "separated by ';'"),
        ("csv", "prompt,prompt\nx,y\n", 1, "prompt", "twice"),
        ("csv", 'prompt,duration\n"x\ny",8\nz,eight\n', 4, "duration", "a whole number"),
        ("csv", "prompt,audio\nx,maybe\n", 2, "audio", "one of true"),
        ("csv", "prompt,duration\nx\n", 2, "", "1 cell, and the first line names 2 columns"),
        ("csv", "prompt\nx, y\n", 2, "", "2 cells, and the first line names 1 column;"),
        ("csv", 'prompt\n"x', 2, "", "no CSV"),
        ("csv", "prompt,param.q\nx,high\n", 2, "param.q", "in quotes"),
        ("csv", 'prompt,param.q\nx,"{""a"":1,""a"":2}"\n', 2, "param.q", "twice"),
        ("jsonl", '{"prompt": "x"}\n{"prompt": 7}\n', 2, "prompt", "wants text"),
        ("jsonl", '{"prompt": "x"}\n{"prompt": "y",}\n', 2, "16", "no JSON"),
        ("jsonl", '{"prompt": "x"} {"prompt": "y"}\n', 1, "17", "behind the row"),
        ("jsonl", '{"prompt": "x", "prompt": "y"}\n', 1, "prompt", "twice"),
        ("jsonl", '{"prompt": "x", "param.a": {"k": 1, "k": 2}}\n', 1, "k", "twice"),
        ("jsonl", '{"prompt": "x", "duration": 8.5}\n', 1, "duration", "whole number"),
        ("jsonl", '{"prompt": "x", "duration": true}\n', 1, "duration", "whole number"),
        ("jsonl", '{"prompt": "x", "audio": "yes"}\n', 1, "audio", "true or false"),
        ("jsonl", '{"prompt": "x", "image": [7]}\n', 1, "image", "a URL or file"),
        ("jsonl", '{"prompt": "x", "param.n": NaN}\n', 1, "", "NaN is no JSON"),
        ("jsonl", '["x"]\n', 1, "", "a JSON object"),
        ("json", '{"prompt": "x"}', 1, "1", "begins with ["),
        ("json", '[{"prompt": "x"},\n\n{"prompt": y}]', 3, "12", "no JSON"),
        ("json", '[{"prompt": "x"}\n{"prompt": "y"}]', 2, "1", "expected , or ]"),
        ("json", '[{"prompt": "x"}]\n\n x', 3, "2", "behind the array"),
        ("json", '[{"prompt": "x"},\n{"prompt": "x", "_": 1, "_": 2}, 8]', 2, "_", "twice"),
    ],
)
def test_fault_51_a_fault_has_its_line_and_column(
    form: str, text: str, line: int, column: str, words: str
) -> None:
    """By the line where the row begins; of what is no row, by the character."""
    found = faults(text, form)
    assert found[0][:2] == (line, column)
    assert words in found[0][2]


def test_fault_51_all_faults_are_found_and_not_the_first_alone() -> None:
    text = "prompt,duration,size\nx,a,1\ny,8,1\nz,b,1\n"
    assert [(line, column) for line, column, _ in faults(text, "csv")] == [
        (1, "size"),
        (2, "duration"),
        (4, "duration"),
    ]
    assert len(faults("prompt;duration\nx;1\ny;1\n", "csv")) == 1, "not once more for each row"
    lines = ['{"prompt": 1}', "nonsense", '{"duration": "x"}']
    assert [line for line, _, _ in faults("\n".join(lines), "jsonl")] == [1, 2, 3]


def test_a_file_that_is_no_utf8_says_its_line() -> None:
    with pytest.raises(UsageError, match="line 2"):
        parse(b"prompt\n\xff\n", "csv")


@pytest.mark.parametrize(
    ("name", "form", "wanted"),
    [
        ("a.CSV", None, "csv"),
        ("-", "txt", "txt"),
        ("x.csv", "jsonl", "jsonl"),
        ("b.json", None, "json"),
    ],
)
def test_the_format_is_the_names_or_the_options(name: str, form: str | None, wanted: str) -> None:
    assert form_of(name, form) == wanted


@pytest.mark.parametrize(
    ("name", "form"), [("-", None), ("shots", None), ("a.xls", None), ("-", "tsv")]
)
def test_a_format_that_nobody_tells_is_2(name: str, form: str | None) -> None:
    with pytest.raises(UsageError, match="format"):
        form_of(name, form)


def keys(text: str, form: str = "csv", batch: str = "b") -> list[str]:
    found, wrong = identity.keys(read(text, form).rows, batch)
    assert not wrong
    return found


def test_a_row_without_an_id_is_called_by_what_it_asks_for() -> None:
    """Notes, output, metadata, the order of columns and rows, and the format do not count."""
    (one, two) = keys("prompt,duration\nboat,8\ncrane,4\n")
    assert one != two
    text = "_note,output,duration,prompt,metadata.k\nn,o.mp4,4s,crane,1\n,,8,boat,2\n"
    assert keys(text) == [two, one]
    assert keys('{"prompt": "boat", "duration": 8, "resolution": null}', "jsonl") == [one]
    assert keys("prompt,duration,provider\nboat,8,defapi\n") != [one]


def test_equal_rows_are_numbered() -> None:
    first, second, third = keys("boat\nboat\nboat\n", "txt")
    assert [second, third] == [f"{first}-2", f"{first}-3"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("7", "line 2 has the same id"),
        ("a:b", "has a :"),
        ("x" * 199, "longer"),
        ("a\tb", "control"),
        (" ", "empty"),
    ],
)
def test_an_id_that_cannot_be_a_name_or_is_twice(given: str, words: str) -> None:
    lines = [{"id": "7", "prompt": "x"}, {"id": given, "prompt": "y"}]
    text = json.dumps(lines, indent=None).replace("}, {", "},\n{")
    found = read("\n" + text, "json")
    _, wrong = identity.keys(found.rows, "b")
    assert [(fault.line, fault.column) for fault in wrong] == [(3, "id")]
    assert words in wrong[0].words


def test_an_id_is_the_same_however_its_accents_are_typed() -> None:
    composed, apart = "\u00e9", "e\u0301"
    assert keys(f"id,prompt\n{apart},x\n") == keys(f"id,prompt\n{composed},x\n")
    _, wrong = identity.keys(read(f"id,prompt\n{apart},x\n{composed},y\n", "csv").rows, "b")
    assert [fault.words for fault in wrong] == ["line 2 has the same id"]


def test_every_row_is_in_one_share_whatever_else_the_file_has() -> None:
    names = keys("".join(f"prompt {n}\n" for n in range(100)), "txt")
    shares = [{key for key in names if identity.in_shard(key, i, 3)} for i in (1, 2, 3)]
    assert sum(map(len, shares)) == 100
    assert set.union(*shares) == set(names)
    assert all(20 < len(share) < 50 for share in shares)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "a/b"])
def test_a_share_that_there_is_not(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        identity.parse_shard(text)


@pytest.mark.parametrize(
    ("given", "file", "wanted"),
    [(None, "a/shots.v2.csv", "shots.v2"), ("n", "-", "n"), (None, "cafe\u0301.txt", "caf\u00e9")],
)
def test_a_batch_is_called_by_its_option_or_file(given: str | None, file: str, wanted: str) -> None:
    assert identity.batch_name(given, file) == wanted


@pytest.mark.parametrize(
    ("given", "file"),
    [
        (None, "-"),
        ("a/b", "x.csv"),
        ("a:b", "x.csv"),
        ("@1", "x.csv"),
        ("", "x.csv"),
        (None, "a:b.csv"),
    ],
)
def test_a_batch_that_cannot_be_called_so(given: str | None, file: str) -> None:
    with pytest.raises(UsageError, match="name"):
        identity.batch_name(given, file)
