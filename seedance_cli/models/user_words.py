"""The user's own words, as far as an error may repeat them.

A key is easily typed in a wrong place: for a provider, a profile, an option, a variable's name. An
error that repeats it carries it into logs and bug reports. So every message takes the user's words
through `told`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_NAME = 64
"""Characters of the longest word that names something here: a profile."""
_ISSUED = r"(?i)(sd2|dk|sk|pk|r8)[-_]\w|bearer\s"
"""How keys of sellers begin."""
_INSIDE = r"(?i)(?<![\w-])(?:sd2|dk|sk|pk|r8)[-_][\w-]{8,}"
"""A key of a seller in a text: after a colon, a brace, a quote."""
_PART = r"[A-Za-z0-9]+"
_PIECE = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+"
"""What a name is put together of: a word, an abbreviation, a number."""
_SHORTEST = 8
"""Characters of a part that can tell whether it is random."""
_LONGEST_PART = 24
"""Characters of the longest part of a name."""
_FEWEST_LETTERS = 3
"""Of a key; a date has two, T and Z."""
_FEWEST = 4
"""Pieces of a part that can tell."""
_LETTERS_A_PIECE = 3
"""Characters of a name's pieces, on average; a random key's have two."""


def told(word: str, *, longest: int = LONGEST_NAME) -> str:
    """The word in quotes; where it may be a key, that it is not repeated.

    Args:
        word: as the user gave it.
        longest: characters; what is longer cannot be meant as what was asked for.
    """
    if len(word) > longest or may_be_key(word):
        return "**** (not repeated: it may be a key)"
    return repr(word)


def shown(word: str) -> str:
    """The same for a message in which the word stands without quotes."""
    return told(word) if len(word) > LONGEST_NAME or may_be_key(word) else word


def masked(text: str, words: Iterable[str]) -> str:
    """The text of another program's error, in which some of the words stand, without those keys.

    Args:
        text: as Typer words it.
        words: of the command line.
    """
    for part in sorted({part for word in words for part in _parts(word)}, key=len)[::-1]:
        if part in text and (len(part) > LONGEST_NAME or may_be_key(part)):
            text = text.replace(part, "****")
    return text


def without_keys(text: str, keys: Iterable[str]) -> str:
    """A message of this program without these keys, and without what begins as sellers' keys do.

    Args:
        text: in which words of the user stand.
        keys: those that are configured.
    """
    for key in keys:
        if len(key) >= _SHORTEST:  # a shorter one stands in innocent words
            text = text.replace(key, "****").replace(quote(key, safe=""), "****")
    return re.sub(_INSIDE, "****", text)


def holds_key(word: str) -> bool:
    """Whether a word of the command line, or what an option in it names, may be a key."""
    return any(map(may_be_key, _parts(word)))


def is_issued(word: str) -> bool:
    """Whether the word begins as a key of a known seller does, and as no id of a task does."""
    return re.match(_ISSUED, word.strip()) is not None


def may_be_key(word: str) -> bool:
    """Whether the word looks like a key: as one issued, or as if it were drawn by chance.

    Names are made of words and numbers, `bytedance/seedance-1.5-pro` or `MY_RUNBASE_KEY_2`; a key
    changes between letters, capitals and digits all the time. One of small letters alone, and
    short, passes for a name.
    """
    if is_issued(word) or re.search(_INSIDE, word):
        return True
    if any(character.isspace() for character in word):  # a sentence
        return False
    if sum(character.isalpha() for character in word) < _FEWEST_LETTERS:
        return False
    for part in re.findall(_PART, word):
        pieces = re.findall(_PIECE, part)
        numbers = sum(piece.isdigit() for piece in pieces)
        short = len(part) < _LETTERS_A_PIECE * len(pieces)
        if len(pieces) >= _FEWEST and len(part) >= _SHORTEST and (short or numbers > 1):
            return True
        if len(part) > _LONGEST_PART:
            return True
    every = re.findall(_PIECE, word)  # signs may break a key into parts that tell nothing
    return len(every) >= 2 * _FEWEST and sum(map(len, every)) < _LETTERS_A_PIECE * len(every)


def _parts(word: str) -> Iterator[str]:
    """The word, and what an error may name of it: an option's name, its value."""
    yield word
    name, equals, value = word.partition("=")
    if word.startswith("-"):
        yield name.lstrip("-")
        yield word[2:]
    if equals:
        yield value
