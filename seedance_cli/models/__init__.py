"""The values that flow through the program, and what is known of them without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.models import addresses as addresses
    from seedance_cli.models.addresses import is_loopback as is_loopback
    from seedance_cli.models.addresses import is_private as is_private
    from seedance_cli.models.addresses import is_public as is_public
    from seedance_cli.models.addresses import literal as literal
    from seedance_cli.models.as_paid import Difference as Difference
    from seedance_cli.models.as_paid import VideoFacts as VideoFacts
    from seedance_cli.models.as_paid import differences as differences
    from seedance_cli.models.as_paid import facts_object as facts_object
    from seedance_cli.models.as_paid import facts_of as facts_of
    from seedance_cli.models.as_paid import unread as unread
    from seedance_cli.models.budget import Amount as Amount
    from seedance_cli.models.budget import Budgets as Budgets
    from seedance_cli.models.budget import Used as Used
    from seedance_cli.models.budget import parse_amount as parse_amount
    from seedance_cli.models.budget import same_unit as same_unit
    from seedance_cli.models.budget import with_unit as with_unit
    from seedance_cli.models.charging import maybe_charged as maybe_charged
    from seedance_cli.models.charging import request_left as request_left
    from seedance_cli.models.duration import LONG_PAUSE as LONG_PAUSE
    from seedance_cli.models.duration import parse_duration as parse_duration
    from seedance_cli.models.duration import parse_interval as parse_interval
    from seedance_cli.models.duration import spoken as spoken
    from seedance_cli.models.exact_json import DEEPEST as DEEPEST
    from seedance_cli.models.exact_json import Doubled as Doubled
    from seedance_cli.models.exact_json import TooDeep as TooDeep
    from seedance_cli.models.exact_json import exact_at as exact_at
    from seedance_cli.models.exact_json import exact_value as exact_value
    from seedance_cli.models.http_message import HttpRequest as HttpRequest
    from seedance_cli.models.http_message import HttpResponse as HttpResponse
    from seedance_cli.models.identity import RULE as RULE
    from seedance_cli.models.identity import fingerprint as fingerprint
    from seedance_cli.models.identity import fingerprints as fingerprints
    from seedance_cli.models.json_types import NOTHING as NOTHING
    from seedance_cli.models.json_types import JsonObject as JsonObject
    from seedance_cli.models.json_types import JsonValue as JsonValue
    from seedance_cli.models.media import MEDIA as MEDIA
    from seedance_cli.models.media import LocalFile as LocalFile
    from seedance_cli.models.media import MediaKind as MediaKind
    from seedance_cli.models.media import MediaType as MediaType
    from seedance_cli.models.media import by_content as by_content
    from seedance_cli.models.media import given as given
    from seedance_cli.models.media import is_local as is_local
    from seedance_cli.models.media import kind_by_name as kind_by_name
    from seedance_cli.models.media import recognised as recognised
    from seedance_cli.models.media import type_named as type_named
    from seedance_cli.models.media import with_media as with_media
    from seedance_cli.models.merging import CHARGED as CHARGED
    from seedance_cli.models.merging import higher as higher
    from seedance_cli.models.merging import merge as merge
    from seedance_cli.models.merging import worth_keeping as worth_keeping
    from seedance_cli.models.moment import FORMS as FORMS
    from seedance_cli.models.moment import age as age
    from seedance_cli.models.moment import parse_moment as parse_moment
    from seedance_cli.models.name import name_fault as name_fault
    from seedance_cli.models.name import one_form as one_form
    from seedance_cli.models.name import other_form as other_form
    from seedance_cli.models.naming import NONE as NONE
    from seedance_cli.models.naming import check_template as check_template
    from seedance_cli.models.naming import default_fault as default_fault
    from seedance_cli.models.naming import from_home as from_home
    from seedance_cli.models.naming import image_stem as image_stem
    from seedance_cli.models.naming import is_folder as is_folder
    from seedance_cli.models.naming import names_one as names_one
    from seedance_cli.models.naming import page_target as page_target
    from seedance_cli.models.naming import target as target
    from seedance_cli.models.own_prices import YOURS as YOURS
    from seedance_cli.models.own_prices import OwnPrice as OwnPrice
    from seedance_cli.models.own_prices import own_price as own_price
    from seedance_cli.models.page import html as html
    from seedance_cli.models.page import html_lines as html_lines
    from seedance_cli.models.page import stylesheet as stylesheet
    from seedance_cli.models.prepared import Found as Found
    from seedance_cli.models.prepared import Prepared as Prepared
    from seedance_cli.models.price import Price as Price
    from seedance_cli.models.price import PricedFields as PricedFields
    from seedance_cli.models.price import amount_text as amount_text
    from seedance_cli.models.price import price_object as price_object
    from seedance_cli.models.price import price_text as price_text
    from seedance_cli.models.problem import Problem as Problem
    from seedance_cli.models.purchase import Conditions as Conditions
    from seedance_cli.models.purchase import PriceToday as PriceToday
    from seedance_cli.models.purchase import Purchase as Purchase
    from seedance_cli.models.request import LONGEST_PROMPT as LONGEST_PROMPT
    from seedance_cli.models.request import OPTION_TYPES as OPTION_TYPES
    from seedance_cli.models.request import VideoRequest as VideoRequest
    from seedance_cli.models.request import extras as extras
    from seedance_cli.models.request import request_object as request_object
    from seedance_cli.models.secret import MASK as MASK
    from seedance_cli.models.secret import Secret as Secret
    from seedance_cli.models.spent import Spent as Spent
    from seedance_cli.models.submission import IntentState as IntentState
    from seedance_cli.models.submission import Submission as Submission
    from seedance_cli.models.submission import without_a_task as without_a_task
    from seedance_cli.models.task import Status as Status
    from seedance_cli.models.task import Task as Task
    from seedance_cli.models.task import TaskHandle as TaskHandle
    from seedance_cli.models.task_ref import make_ref as make_ref
    from seedance_cli.models.task_ref import parse_ref as parse_ref
    from seedance_cli.models.task_ref import refuse_key as refuse_key
    from seedance_cli.models.task_ref import usable_id as usable_id
    from seedance_cli.models.text import safe as safe
    from seedance_cli.models.text import sentences as sentences
    from seedance_cli.models.text import shortened as shortened
    from seedance_cli.models.text import timestamp as timestamp
    from seedance_cli.models.text import unsafe as unsafe
    from seedance_cli.models.url import LONGEST_URL as LONGEST_URL
    from seedance_cli.models.url import mask_url as mask_url
    from seedance_cli.models.url import origin as origin
    from seedance_cli.models.url import unusable as unusable
    from seedance_cli.models.url import url_fault as url_fault
    from seedance_cli.models.user_words import LONGEST_NAME as LONGEST_NAME
    from seedance_cli.models.user_words import holds_key as holds_key
    from seedance_cli.models.user_words import is_issued as is_issued
    from seedance_cli.models.user_words import masked as masked
    from seedance_cli.models.user_words import may_be_key as may_be_key
    from seedance_cli.models.user_words import shown as shown
    from seedance_cli.models.user_words import told as told
    from seedance_cli.models.user_words import without_keys as without_keys

__getattr__ = face(
    __name__,
    {
        "Amount": "budget",
        "Budgets": "budget",
        "CHARGED": "merging",
        "Conditions": "purchase",
        "DEEPEST": "exact_json",
        "Difference": "as_paid",
        "Doubled": "exact_json",
        "FORMS": "moment",
        "Found": "prepared",
        "HttpRequest": "http_message",
        "HttpResponse": "http_message",
        "IntentState": "submission",
        "JsonObject": "json_types",
        "JsonValue": "json_types",
        "LONGEST_NAME": "user_words",
        "LONGEST_PROMPT": "request",
        "LONGEST_URL": "url",
        "LONG_PAUSE": "duration",
        "LocalFile": "media",
        "MASK": "secret",
        "MEDIA": "media",
        "MediaKind": "media",
        "MediaType": "media",
        "NONE": "naming",
        "NOTHING": "json_types",
        "OPTION_TYPES": "request",
        "OwnPrice": "own_prices",
        "Prepared": "prepared",
        "Price": "price",
        "PriceToday": "purchase",
        "PricedFields": "price",
        "Problem": "problem",
        "Purchase": "purchase",
        "RULE": "identity",
        "Secret": "secret",
        "Spent": "spent",
        "Status": "task",
        "Submission": "submission",
        "Task": "task",
        "TaskHandle": "task",
        "TooDeep": "exact_json",
        "Used": "budget",
        "VideoFacts": "as_paid",
        "VideoRequest": "request",
        "YOURS": "own_prices",
        "addresses": "",
        "age": "moment",
        "amount_text": "price",
        "by_content": "media",
        "check_template": "naming",
        "default_fault": "naming",
        "differences": "as_paid",
        "exact_at": "exact_json",
        "exact_value": "exact_json",
        "extras": "request",
        "facts_object": "as_paid",
        "facts_of": "as_paid",
        "fingerprint": "identity",
        "fingerprints": "identity",
        "from_home": "naming",
        "given": "media",
        "higher": "merging",
        "holds_key": "user_words",
        "html": "page",
        "html_lines": "page",
        "image_stem": "naming",
        "is_folder": "naming",
        "is_issued": "user_words",
        "is_local": "media",
        "is_loopback": "addresses",
        "is_private": "addresses",
        "is_public": "addresses",
        "kind_by_name": "media",
        "literal": "addresses",
        "make_ref": "task_ref",
        "mask_url": "url",
        "masked": "user_words",
        "may_be_key": "user_words",
        "maybe_charged": "charging",
        "merge": "merging",
        "name_fault": "name",
        "names_one": "naming",
        "one_form": "name",
        "origin": "url",
        "other_form": "name",
        "own_price": "own_prices",
        "page_target": "naming",
        "parse_amount": "budget",
        "parse_duration": "duration",
        "parse_interval": "duration",
        "parse_moment": "moment",
        "parse_ref": "task_ref",
        "price_object": "price",
        "price_text": "price",
        "recognised": "media",
        "refuse_key": "task_ref",
        "request_left": "charging",
        "request_object": "request",
        "safe": "text",
        "same_unit": "budget",
        "sentences": "text",
        "shortened": "text",
        "shown": "user_words",
        "spoken": "duration",
        "stylesheet": "page",
        "target": "naming",
        "timestamp": "text",
        "told": "user_words",
        "type_named": "media",
        "unread": "as_paid",
        "unsafe": "text",
        "unusable": "url",
        "url_fault": "url",
        "usable_id": "task_ref",
        "with_media": "media",
        "with_unit": "budget",
        "without_a_task": "submission",
        "without_keys": "user_words",
        "worth_keeping": "merging",
    },
)
