"""The command line: argv in, exit code out.

Its own commands use this face, too: what they need is imported when they run, not for a Tab.
"""

from __future__ import annotations

from seedance_cli._lazy import TYPE_CHECKING, face

if TYPE_CHECKING:
    from seedance_cli.cli import buy as buy
    from seedance_cli.cli import dry_run as dry_run
    from seedance_cli.cli import follow as follow
    from seedance_cli.cli import kin as kin
    from seedance_cli.cli import ledger_place as ledger_place
    from seedance_cli.cli import ledgers as ledgers
    from seedance_cli.cli import places as places
    from seedance_cli.cli import request as request
    from seedance_cli.cli import unknown as unknown
    from seedance_cli.cli import version as version
    from seedance_cli.cli import wait_request as wait_request
    from seedance_cli.cli.open_tasks import (
        allowed as allowed,
    )
    from seedance_cli.cli.open_tasks import (
        unfinished as unfinished,
    )
    from seedance_cli.cli.output.colours import (
        COLOURS as COLOURS,
    )
    from seedance_cli.cli.output.colours import (
        DIM as DIM,
    )
    from seedance_cli.cli.output.documents import (
        recovery_object as recovery_object,
    )
    from seedance_cli.cli.output.documents import (
        task_object as task_object,
    )
    from seedance_cli.cli.output.prices import (
        charged_text as charged_text,
    )
    from seedance_cli.cli.output.prices import (
        show_offers as show_offers,
    )
    from seedance_cli.cli.output.prices import (
        show_prices as show_prices,
    )
    from seedance_cli.cli.output.providers import (
        file_ways as file_ways,
    )
    from seedance_cli.cli.output.providers import (
        show_provider as show_provider,
    )
    from seedance_cli.cli.output.providers import (
        show_providers as show_providers,
    )
    from seedance_cli.cli.output.rows import (
        Cell as Cell,
    )
    from seedance_cli.cli.output.rows import (
        Column as Column,
    )
    from seedance_cli.cli.output.rows import (
        fitted as fitted,
    )
    from seedance_cli.cli.output.rows import (
        show_rows as show_rows,
    )
    from seedance_cli.cli.output.spending import (
        show_spending as show_spending,
    )
    from seedance_cli.cli.output.spending import (
        spending_csv as spending_csv,
    )
    from seedance_cli.cli.output.spending import (
        spending_lines as spending_lines,
    )
    from seedance_cli.cli.output.spending import (
        spending_object as spending_object,
    )
    from seedance_cli.cli.places import (
        target_of as target_of,
    )
    from seedance_cli.cli.program import (
        main as main,
    )
    from seedance_cli.cli.refs import (
        find as find,
    )
    from seedance_cli.cli.runner import (
        promise as promise,
    )
    from seedance_cli.cli.session import (
        Session as Session,
    )
    from seedance_cli.cli.task_results import (
        TaskResults as TaskResults,
    )

__getattr__ = face(
    __name__,
    {
        "COLOURS": "output.colours",
        "Cell": "output.rows",
        "Column": "output.rows",
        "DIM": "output.colours",
        "Session": "session",
        "TaskResults": "task_results",
        "allowed": "open_tasks",
        "buy": "",
        "charged_text": "output.prices",
        "dry_run": "",
        "file_ways": "output.providers",
        "find": "refs",
        "fitted": "output.rows",
        "follow": "",
        "kin": "",
        "ledger_place": "",
        "ledgers": "",
        "main": "program",
        "places": "",
        "promise": "runner",
        "recovery_object": "output.documents",
        "request": "",
        "show_offers": "output.prices",
        "show_prices": "output.prices",
        "show_provider": "output.providers",
        "show_providers": "output.providers",
        "show_rows": "output.rows",
        "show_spending": "output.spending",
        "spending_csv": "output.spending",
        "spending_lines": "output.spending",
        "spending_object": "output.spending",
        "target_of": "places",
        "task_object": "output.documents",
        "unfinished": "open_tasks",
        "unknown": "",
        "version": "",
        "wait_request": "",
    },
)
