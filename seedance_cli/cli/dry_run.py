"""`generate --dry-run`: the request as it would leave, the key masked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli.cli import buy, kin, local_files
from seedance_cli.http import HEADERS, authorization, submit_headers
from seedance_cli.models import price_object, price_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.buy import Order, Terms
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Price, Used


def dry_run(session: Session, order: Order, terms: Terms) -> int:
    """Show the request, its price and what is left of the budgets; send nothing, write nothing.

    Raises:
        UsageError: another request has the name.
        OutcomeUnknown: the name's submission may have been accepted.
        OverMaxCost: `--max-cost` would refuse it.
        OverBudget: a budget would.
    """
    fault = order.settings.key_place.fault
    if fault is not None:
        session.out.warn(f"{fault}: without --dry-run this is refused")
    buy.name_model(session, order)
    conditions = buy.conditions(session, order, terms)
    used = buy.used(session, order, conditions)
    show(session.out, order, conditions.price, used)
    if conditions.name is not None:
        known = session.ledger().known(buy.purchase(order, conditions))
        if known is not None:  # nothing would be paid
            kin.tell_of_name(session.out, order, known.row)
            return 0
    if conditions.too_dear is not None:
        raise conditions.too_dear
    refused = buy.over_budget(session, order, conditions)
    if refused is not None:
        raise refused
    return 0


def show(out: Output, order: Order, price: Price | None, used: Sequence[Used]) -> None:
    """Print method, URL, headers, body, price, and what is left of the budgets.

    The port of the embedded sandbox is not known before it runs, so its URL says `PORT`.
    """
    endpoint, info, request = order.settings.endpoint, order.provider.info, order.request
    if order.settings.sandbox:
        endpoint = f"http://127.0.0.1:PORT/{info.name}{urlsplit(info.base_url).path.rstrip('/')}"
    url = endpoint + request.path
    content, body = local_files.preview(out, order)
    headers = {
        "Host": urlsplit(url).netloc,
        **submit_headers(authorization(info, "****")),
        "Content-Length": str(len(content)),
        **HEADERS,
    }
    if out.json:
        out.document(
            {
                "method": request.method,
                "url": url,
                "headers": headers,
                "body": body,
                "price": price_object(price),
                **({"budgets": [one.as_object(price) for one in used]} if used else {}),
            }
        )
    else:
        out.result(f"{request.method} {url}")
        for name, value in headers.items():
            out.result(f"{name}: {value}")
        out.result("")
        out.result(content.decode())
        out.result("")
        cost = "unknown" if price is None else f"{price_text(price)} ({price.basis})"
        out.result(f"price: {cost}")
        for one in used:
            out.result(f"budget of the {one.words(price)}")
    out.note("nothing was sent")
