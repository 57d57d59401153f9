"""Whatever a user does in whatever order, and wherever the program dies: nothing paid is lost.

Hypothesis plays the user and the accidents. Every step enters through `main(argv)`; the provider is
a real server that counts what it is sold; the ledger is read past the program's own code. The
program dies at a moment when it looks at its clock: by an exception that nothing catches, which
also closes what the system would close. (`test_crash.py` kills real processes.)
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seedance_cli.ledger import SharedLedger
from support.counting_provider import MODEL, PROVIDER, Answer, CountingProvider
from support.exchanges import wait_for_exchanges
from support.fake_clock import FakeClock
from support.places import rows
from support.runner import in_process

if TYPE_CHECKING:
    from datetime import datetime
    from queue import SimpleQueue

    from support.ledgers import Place
    from support.postgres import Server
    from support.runner import Result

T = TypeVar("T")

PROMPTS = ("a boat", "a cat")
NAMES = ("one", "two")
BATCH = "shots"
ROWS = ("1", "2", "3")
COST = 40
"""Credits that each task is priced at, and charged."""
BUDGETS = (None, 2 * COST, 4 * COST + 1)
"""Credits of a day that a command may be bound by."""
FREE = ("refused", "not_sent", "discarded", "prepared")
"""States of a row that bought nothing. Nobody lives between two steps to send a prepared one."""
MOST_LOOKS = 12
"""A submit looks at its clock about as often."""


class Died(BaseException):
    """The program ends here, as if killed."""


class DyingClock(FakeClock):
    """A clock at whose n-th look the program dies; None: never.

    Waiting for an answer is a look, too. A request that is under way then still goes out whole, as
    it would from the kernel's buffers; its answer comes to nobody. So a look of the thread that
    sends it is none.
    """

    def __init__(self, looks: int | None) -> None:
        super().__init__()
        self._left = looks

    def _look(self) -> None:
        if self._left is not None and threading.current_thread() is threading.main_thread():
            self._left -= 1
            if self._left < 0:
                wait_for_exchanges()
                raise Died

    def monotonic(self) -> float:
        self._look()
        return super().monotonic()

    def now(self) -> datetime:
        self._look()
        return super().now()

    def get(self, queue_: SimpleQueue[T], seconds: float | None) -> T:
        item = queue_.get(timeout=20)  # real time: a slow machine changes no result
        self._look()
        return item


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, as it lies there."""

    intent: str
    state: str
    prompt: str
    task_id: str | None
    told: bool
    name: str | None


class Money(RuleBasedStateMachine):
    """A user with two prompts, a provider with accidents, a program that dies."""

    database: Server | None = None
    """Where the ledger lies, if not in a file."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="seedance-test-"))
        self.provider = CountingProvider()
        self.provider.__enter__()
        self.env = {
            **self.provider.env,
            "SEEDANCE_STATE_DIR": str(self.folder / "state"),
        }
        if self.database is not None:
            self.env["SEEDANCE_LEDGER"] = self.database.url()
        self.approved = 0
        """Submissions that the user asked for and the program did not refuse."""
        self.given_up: Counter[str] = Counter()
        """By prompt: intents that the user discarded, whatever they had become."""
        self.retries: Counter[str] = Counter()
        """By name: further attempts that the user asked for, of a task that had failed."""
        for budget in BUDGETS:
            limits = f'[budgets.{PROVIDER}]\nday = "{budget} credits"\n' if budget else ""
            prices = f'[[prices]]\nprovider = "{PROVIDER}"\namount = "{COST} credits"\n'
            self.config(budget).write_text(prices + limits, encoding="utf-8")

    def teardown(self) -> None:
        self.provider.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.database is not None:
            self.database.empty()

    # What the user does

    @rule(
        prompt=st.sampled_from(PROMPTS),
        again=st.booleans(),
        answer=st.sampled_from(Answer),
        dies=st.none() | st.integers(0, MOST_LOOKS),
        budget=st.sampled_from(BUDGETS),
    )
    def generate(
        self, prompt: str, again: bool, answer: Answer, dies: int | None, budget: int | None
    ) -> None:
        """Submit: it is refused where it has to be, sent once at most, and told as it went."""
        untold = [] if again else self.untold(prompt)
        expected: tuple[int, str] | None = None
        if self.unknown(prompt) and not again:
            expected = 6, ""
        elif untold:
            expected = 0, f"{PROVIDER}:{untold[-1]}\n"
        options = ["--again"] * again
        self.buy(prompt, options, answer=answer, dies=dies, budget=budget, expected=expected)

    @rule(
        name=st.sampled_from(NAMES),
        prompt=st.sampled_from(PROMPTS),
        retry=st.booleans(),
        answer=st.sampled_from(Answer),
        dies=st.none() | st.integers(0, MOST_LOOKS),
        budget=st.sampled_from(BUDGETS),
    )
    def generate_named(
        self,
        *,
        name: str,
        prompt: str,
        retry: bool,
        answer: Answer,
        dies: int | None,
        budget: int | None,
    ) -> None:
        """Submit under a name: what the name stands for already decides before anything else."""
        mine = self.under(name)
        row = mine[-1] if mine else None
        expected: tuple[int, str] | None = None
        again = False
        if row is not None and row.prompt != prompt:
            expected = 2, ""
        elif row is not None and row.task_id is None:
            expected = 6, ""
        elif row is not None and not (retry and row.task_id in self.provider.failed):
            expected = 0, f"{PROVIDER}:{row.task_id}\n"
        else:
            again = row is not None
            if self.unknown(prompt):
                expected = 6, ""
        made = len(self.provider.tasks)
        options = ["--name", name, *["--retry-failed"] * retry]
        self.buy(prompt, options, answer=answer, dies=dies, budget=budget, expected=expected)
        self.retries[name] += again and len(self.provider.tasks) > made

    @rule(
        prompts=st.tuples(*[st.sampled_from(PROMPTS)] * len(ROWS)),
        retry=st.booleans(),
        answer=st.sampled_from(Answer),
        dies=st.none() | st.integers(0, 3 * MOST_LOOKS),
        budget=st.sampled_from(BUDGETS),
    )
    def batch(
        self,
        *,
        prompts: tuple[str, ...],
        retry: bool,
        answer: Answer,
        dies: int | None,
        budget: int | None,
    ) -> None:
        """Run a batch: each row is bought once, however often it is run, and within the budget."""
        self.provider.answer = answer
        file = self.folder / "rows.jsonl"
        pairs = list(zip(ROWS, prompts, strict=True))
        lines = [json.dumps({"id": row, "prompt": prompt}) for row, prompt in pairs]
        file.write_text("\n".join(lines), encoding="utf-8")
        before = {row: self.under(f"{BATCH}/{row}") for row in ROWS}
        newest = {row: found[-1] if found else None for row, found in before.items()}
        taken = {row: one.prompt for row, one in newest.items() if one is not None}
        another = any(taken.get(row, prompt) != prompt for row, prompt in pairs)
        free = [
            row
            for row, one in newest.items()
            if one is None or (retry and one.task_id in self.provider.failed)
        ]
        posts, used = self.provider.posts, COST * sum(map(self.counts, self.rows()))
        options = ("--name", BATCH, "--yes", "--no-wait", *["--retry-failed"] * retry)
        words = ("batch", str(file), "-p", PROVIDER, "-m", MODEL, *options)
        try:
            result = self.run(*words, clock=DyingClock(dies), config=self.config(budget))
        except Died:
            result = None
        sent = self.provider.posts - posts
        assert sent <= (0 if another else len(free))
        assert result is None or not another or result.code == 2
        if budget is not None and sent:
            assert COST * sum(map(self.counts, self.rows())) <= max(budget, used)
        self.approved += sent
        for row, found in before.items():
            if found:
                self.retries[f"{BATCH}/{row}"] += len(self.under(f"{BATCH}/{row}")) - len(found)

    def buy(
        self,
        prompt: str,
        options: list[str],
        *,
        answer: Answer,
        dies: int | None,
        budget: int | None,
        expected: tuple[int, str] | None,
    ) -> None:
        """Run one `generate`.

        Args:
            prompt: what to ask for.
            options: besides provider and model.
            answer: the provider's.
            dies: at which look at its clock.
            budget: of the configuration.
            expected: code and stdout where nothing may be sent; None: it may.
        """
        self.provider.answer = answer
        posts = self.provider.posts
        tasks = len(self.provider.made(prompt))
        if expected is None and budget is not None:
            used = COST * sum(self.counts(row) for row in self.rows())
            if used + COST > budget:
                expected = 11, ""
        words = ("generate", prompt, "-p", PROVIDER, "-m", MODEL, *options)
        try:
            result = self.run(*words, clock=DyingClock(dies), config=self.config(budget))
        except Died:
            result = None
        sent = self.provider.posts - posts
        assert sent <= (expected is None)
        if expected is not None:
            assert result is None or (result.code, result.out) == expected
            return
        self.approved += 1
        if result is None:
            return
        assert sent == 1
        made = self.provider.made(prompt)[tasks:]
        match answer:
            case Answer.ACCEPT:
                assert (result.code, result.out) == (0, f"{PROVIDER}:{made[0]}\n")
            case Answer.REFUSE:
                assert (result.code, made) == (4, [])
            case _:
                assert (result.code, result.out) == (6, "")

    @precondition(lambda self: self.provider.tasks)
    @rule(data=st.data())
    def a_task_fails(self, data: st.DataObject) -> None:
        """At the provider, which nobody has asked yet."""
        self.provider.failed.add(data.draw(st.sampled_from(sorted(self.provider.tasks))))

    @rule()
    def list_unknown(self) -> None:
        """`recover` shows what is unknown, every one of them, and nothing else."""
        expected = sorted(row.intent for row in self.rows() if row.state in {"unknown", "sending"})
        result = self.run("recover", "--json")
        assert result.code == 0
        assert sorted(row["intent"] for row in result.json) == expected

    @precondition(lambda self: self.unknown())
    @rule(data=st.data())
    def adopt_the_right_one(self, data: st.DataObject) -> None:
        """A lost task is adopted by an intent of its prompt, and is in the ledger then."""
        row = data.draw(st.sampled_from(self.unknown()))
        lost = [name for name in self.provider.made(row.prompt) if name not in self.ids()]
        assume(lost)
        task_id = data.draw(st.sampled_from(lost))
        result = self.run("recover", "--adopt", row.intent[:12], task_id)
        assert (result.code, result.out) == (0, f"{PROVIDER}:{task_id}\n")
        assert task_id in self.ids()

    @precondition(lambda self: self.unknown())
    @rule(data=st.data())
    def adopt_a_wrong_one(self, data: st.DataObject) -> None:
        """An id of another prompt, or of no task, is refused."""
        row = data.draw(st.sampled_from(self.unknown()))
        tasks = self.provider.tasks.items()
        others = [name for name, body in tasks if body["prompt"] != row.prompt]
        task_id = data.draw(st.sampled_from(["req_nobody", *others]))
        self.refuse_to_adopt(row, task_id, 4 if task_id == "req_nobody" else 2)

    @precondition(lambda self: self.taken())
    @rule(data=st.data())
    def adopt_a_taken_one(self, data: st.DataObject) -> None:
        """An id of the right prompt that another row has is refused."""
        row, task_id = data.draw(st.sampled_from(self.taken()))
        self.refuse_to_adopt(row, task_id, 2)

    def refuse_to_adopt(self, row: Row, task_id: str, code: int) -> None:
        before = self.rows()
        assert self.run("recover", "--adopt", row.intent, task_id).code == code
        assert [one.task_id for one in self.rows()] == [one.task_id for one in before]
        assert row.intent in {one.intent for one in self.unknown()}

    @precondition(lambda self: self.unknown())
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        """The user settles an intent as never accepted, and answers for it."""
        row = data.draw(st.sampled_from(self.unknown()))
        assert self.run("recover", "--discard", row.intent).code == 0
        self.given_up[row.prompt] += 1
        assert row.intent not in {one.intent for one in self.unknown()}

    @precondition(lambda self: any(row.state not in {"unknown", "sending"} for row in self.rows()))
    @rule(data=st.data(), how=st.sampled_from(["--adopt", "--discard"]))
    def settle_what_is_settled(self, data: st.DataObject, how: str) -> None:
        """An intent whose outcome is known cannot be settled; to adopt its own task again is none.

        That is what a disk that failed in the commit, and had taken it, makes a user type.
        """
        before = self.rows()
        rows = [row for row in before if row.state not in {"unknown", "sending"}]
        row = data.draw(st.sampled_from(rows))
        words = [row.intent, *(["req_1"] if how == "--adopt" else [])]
        own = (how, row.state, row.task_id) == ("--adopt", "accepted", "req_1")
        assert self.run("recover", how, *words).code == (0 if own else 2)
        kept = {
            replace(one, told=True) for one in before if one.state not in {"prepared", "sending"}
        }
        assert kept <= {replace(one, told=True) for one in self.rows()}

    # What holds after every step

    @invariant()
    def nobody_paid_unasked(self) -> None:
        """The provider was never asked for more than the user approved."""
        assert len(self.provider.tasks) <= self.provider.posts <= self.approved

    @invariant()
    def nothing_paid_is_lost(self) -> None:
        """Each task is in the ledger, or an unknown intent stands for it, or was discarded."""
        ids = self.ids()
        for prompt in PROMPTS:
            missing = [name for name in self.provider.made(prompt) if name not in ids]
            assert len(missing) <= len(self.unknown(prompt)) + self.given_up[prompt]

    @invariant()
    def no_id_twice(self) -> None:
        """No two rows claim one task."""
        ids = [row.task_id for row in self.rows() if row.task_id is not None]
        assert len(ids) == len(set(ids))

    @invariant()
    def a_name_is_paid_for_once(self) -> None:
        """Under a name there is one task, or one unknown outcome, and what was retried."""
        for name in (*NAMES, *(f"{BATCH}/{row}" for row in ROWS)):
            assert len(self.under(name)) <= 1 + self.retries[name]

    @invariant()
    def nothing_invented(self) -> None:
        """Every task of the ledger is one of the provider's, with the prompt of its row."""
        for row in self.rows():
            if row.task_id is not None:
                assert self.provider.tasks[row.task_id]["prompt"] == row.prompt

    def run(
        self, *words: str, clock: FakeClock | None = None, config: Path | None = None
    ) -> Result:
        env = {**self.env, "SEEDANCE_CONFIG": str(config or self.config(None))}
        return in_process(*words, env=env, clock=clock or DyingClock(None))

    def config(self, budget: int | None) -> Path:
        """The configuration with that budget of a day."""
        return self.folder / f"{budget}.toml"

    def under(self, name: str) -> list[Row]:
        """What was bought under a name, or may have been, oldest first."""
        return [row for row in self.rows() if row.name == name and self.counts(row)]

    def counts(self, row: Row) -> bool:
        """Whether a row bought something, or may have."""
        return row.state not in FREE

    def rows(self) -> list[Row]:
        """The ledger, oldest first. Nobody lives between two steps: `sending` means unknown."""
        state = self.folder / "state"
        place: Place = state
        if self.database is not None:
            place = SharedLedger.at(self.database.url(), state)
        found = rows(
            place,
            "SELECT intent, state, request, task_id, (told = 1 OR state <> 'accepted'), name"
            " FROM intents ORDER BY seq",
        )
        return [Row(a, b, json.loads(c)["prompt"], d, bool(e), f) for a, b, c, d, e, f in found]

    def ids(self) -> set[str]:
        return {row.task_id for row in self.rows() if row.task_id is not None}

    def unknown(self, prompt: str | None = None) -> list[Row]:
        return [
            row
            for row in self.rows()
            if row.state in {"unknown", "sending"} and prompt in {None, row.prompt}
        ]

    def untold(self, prompt: str) -> list[str]:
        """The tasks of that prompt whose ref no process lived to tell."""
        return [
            row.task_id
            for row in self.rows()
            if row.task_id is not None and row.prompt == prompt and not row.told
        ]

    def taken(self) -> list[tuple[Row, str]]:
        """Unknown intents with the ids of the same prompt that the ledger has."""
        return [
            (row, other.task_id)
            for row in self.unknown()
            for other in self.rows()
            if other.task_id is not None and other.prompt == row.prompt
        ]


def play(examples: int, steps: int, machine: type[Money] = Money) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_nothing_paid_is_lost() -> None:
    """Submits, accidents, deaths and recoveries, in any order, lose no task that was paid for."""
    play(examples=15, steps=12)


@pytest.mark.full
def test_nothing_paid_is_lost_for_long() -> None:
    """The same with a hundred users, who go on for longer."""
    play(examples=100, steps=20)


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(2, 8), pytest.param(25, 12, marks=pytest.mark.full)],
    ids=["short", "long"],
)
def test_nothing_paid_is_lost_on_a_server(postgres: Server, examples: int, steps: int) -> None:
    """The same with a ledger in PostgreSQL."""

    class Shared(Money):
        """The same user, on a machine of several."""

        database = postgres

    play(examples, steps, Shared)
