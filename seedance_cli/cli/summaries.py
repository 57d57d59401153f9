"""What each command does, as zsh and fish show it beside its name: how its help text begins.

To ask the commands themselves would be to build all of them at each Tab.
"""

from __future__ import annotations

SUMMARIES = {
    "generate": "Submit one task",
    "status": "Ask the provider once",
    "wait": "Poll until every task has ended",
    "cancel": "Cancel tasks",
    "price": "Show what a request costs",
    "providers": "Show what each provider can do",
    "list": "Show what was submitted from this machine",
    "recover": "Show every submission whose outcome is unknown, and settle one",
    "retry": "Submit the same request again, as a new payment",
    "download": "Fetch finished videos",
    "dismiss": "Take tasks off the unfinished ones",
    "batch": "Submit every row of a file exactly once",
    "spend": "Show what was spent",
    "gallery": "Make one HTML page of the videos saved here",
    "ledger": "Where the ledger is",
    "login": "Store the key of a provider",
    "logout": "Remove the key of a provider",
    "sandbox": "Serve the sandbox over HTTP",
    "profile": "Named sets of defaults, endpoints and keys",
}
