"""Where the videos of tasks were saved, or are about to be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.ledger import places, statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import task_key
from seedance_cli.ledger.stored import dump

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, Submission


class SavedFiles(Part):
    """The files of tasks."""

    def add_file(
        self,
        submission: Submission,
        index: int,
        path: Path,
        size: int,
        facts: JsonObject | None = None,
    ) -> Submission:
        """Write where a video of a task was saved; for tasks that the ledger lacks too.

        Args:
            submission: whose task.
            index: which of its videos, from 1.
            path: the file.
            size: its bytes.
            facts: what the file says of it (`Submission.video`): of the first one it is kept.
        """
        self._store.materialise()
        video = (*task_key(submission), index, self._store.machine)
        with self._store.writing():
            values = (*video, os.fsencode(path.absolute()), size)
            self._store.change(statements.ADD_FILE, values)
            self._store.change(statements.DROP_TARGETS, video)
            if index == 1:
                text = None if facts is None else dump(facts)
                self._store.update_task(submission, {"video": text})
                submission = submission._replace(video=facts)
        saved = self._store.query(statements.FILES, task_key(submission))
        here = places.first_of_each(saved, self._store.machine)
        return submission._replace(files=tuple(os.fsdecode(one["path"]) for one in here))

    def add_last_frame(self, submission: Submission, path: Path) -> Submission:
        """Write where the last frame of a task was saved; a task that the ledger lacks has no row.

        Args:
            submission: whose task.
            path: the image.
        """
        place = str(path.absolute())
        if submission.intent is not None:
            with self._store.writing():
                self._store.update_task(submission, {"last_frame": place})
        return submission._replace(last_frame=place)

    def files(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """What is here of a task: index, absolute path and bytes, in the order of the index."""
        return self._places(statements.FILES, submission)

    def will_save(self, submission: Submission, index: int, path: Path, size: int) -> None:
        """Write where a video is about to be saved, before its file gets that name.

        For a download: once its bytes are whole and durable under their temporary name, call this,
        rename, then `add_file`, which takes the note back. A process that is killed between the
        rename and `add_file` leaves a file that only `targets` knows: a later run that finds
        something at a target asks it, and a file of that path and size is the task's own, so that
        `add_file` is all that is left to do. Bytes that did not get the name leave a note that says
        nothing, for there is no such file; the next `add_file` of this video takes it away.

        Args:
            submission: whose task; one that the ledger lacks, too.
            index: which of its videos, from 1.
            path: the name that the file is going to have.
            size: its bytes.

        Raises:
            WriteFailed: it could not be written; the file should not get its name then.
        """
        self._store.materialise()
        video = (*task_key(submission), index, self._store.machine)
        with self._store.writing():
            values = (*video, os.fsencode(path.absolute()), size)
            self._store.change(statements.ADD_TARGET, values)

    def targets(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """What `will_save` wrote of a task and `add_file` did not take back; as `files`."""
        return self._places(statements.TARGETS, submission)

    def _places(self, statement: str, submission: Submission) -> list[tuple[int, Path, int]]:
        every = self._store.query(statement, task_key(submission))
        found = places.here(every, self._store.machine)
        return [(row["number"], Path(os.fsdecode(row["path"])), row["size"]) for row in found]
