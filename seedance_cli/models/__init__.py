"""The values that flow through the program, and what is known of them without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._lazy import face

if TYPE_CHECKING:
    from seedance_cli.models import addresses as addresses
    from seedance_cli.models.addresses import (
        is_loopback as is_loopback,
    )
    from seedance_cli.models.addresses import (
        is_private as is_private,
    )
    from seedance_cli.models.addresses import (
        is_public as is_public,
    )
    from seedance_cli.models.addresses import (
        literal as literal,
    )
    from seedance_cli.models.duration import (
        parse_duration as parse_duration,
    )
    from seedance_cli.models.duration import (
        parse_interval as parse_interval,
    )
    from seedance_cli.models.duration import (
        spoken as spoken,
    )
    from seedance_cli.models.identity import (
        RULE as RULE,
    )
    from seedance_cli.models.identity import (
        fingerprints as fingerprints,
    )
    from seedance_cli.models.merging import (
        CHARGED as CHARGED,
    )
    from seedance_cli.models.merging import (
        higher as higher,
    )
    from seedance_cli.models.merging import (
        merge as merge,
    )
    from seedance_cli.models.merging import (
        worth_keeping as worth_keeping,
    )
    from seedance_cli.models.naming import (
        check_template as check_template,
    )
    from seedance_cli.models.naming import (
        default_fault as default_fault,
    )
    from seedance_cli.models.naming import (
        from_home as from_home,
    )
    from seedance_cli.models.naming import (
        image_stem as image_stem,
    )
    from seedance_cli.models.naming import (
        names_one as names_one,
    )
    from seedance_cli.models.naming import (
        target as target,
    )
    from seedance_cli.models.secret import (
        MASK as MASK,
    )
    from seedance_cli.models.secret import (
        Secret as Secret,
    )
    from seedance_cli.models.task_ref import (
        make_ref as make_ref,
    )
    from seedance_cli.models.text import (
        mask_url as mask_url,
    )
    from seedance_cli.models.text import (
        safe as safe,
    )
    from seedance_cli.models.text import (
        shortened as shortened,
    )
    from seedance_cli.models.text import (
        timestamp as timestamp,
    )
    from seedance_cli.models.text import (
        unsafe as unsafe,
    )
    from seedance_cli.models.text import (
        unusable as unusable,
    )
    from seedance_cli.models.text import (
        url_fault as url_fault,
    )
    from seedance_cli.models.url import (
        origin as origin,
    )
    from seedance_cli.models.user_words import (
        LONGEST_NAME as LONGEST_NAME,
    )
    from seedance_cli.models.user_words import (
        holds_key as holds_key,
    )
    from seedance_cli.models.user_words import (
        is_issued as is_issued,
    )
    from seedance_cli.models.user_words import (
        masked as masked,
    )
    from seedance_cli.models.user_words import (
        may_be_key as may_be_key,
    )
    from seedance_cli.models.user_words import (
        shown as shown,
    )
    from seedance_cli.models.user_words import (
        told as told,
    )
    from seedance_cli.models.user_words import (
        without_keys as without_keys,
    )
    from seedance_cli.models.values import (
        LONGEST_PROMPT as LONGEST_PROMPT,
    )
    from seedance_cli.models.values import (
        LONGEST_URL as LONGEST_URL,
    )
    from seedance_cli.models.values import (
        NOTHING as NOTHING,
    )
    from seedance_cli.models.values import (
        HttpRequest as HttpRequest,
    )
    from seedance_cli.models.values import (
        HttpResponse as HttpResponse,
    )
    from seedance_cli.models.values import (
        IntentState as IntentState,
    )
    from seedance_cli.models.values import (
        JsonObject as JsonObject,
    )
    from seedance_cli.models.values import (
        JsonValue as JsonValue,
    )
    from seedance_cli.models.values import (
        Price as Price,
    )
    from seedance_cli.models.values import (
        PricedFields as PricedFields,
    )
    from seedance_cli.models.values import (
        Problem as Problem,
    )
    from seedance_cli.models.values import (
        Status as Status,
    )
    from seedance_cli.models.values import (
        Submission as Submission,
    )
    from seedance_cli.models.values import (
        Task as Task,
    )
    from seedance_cli.models.values import (
        TaskHandle as TaskHandle,
    )
    from seedance_cli.models.values import (
        VideoRequest as VideoRequest,
    )
    from seedance_cli.models.values import (
        without_a_task as without_a_task,
    )

__getattr__ = face(
    __name__,
    {
        "CHARGED": "merging",
        "HttpRequest": "values",
        "HttpResponse": "values",
        "IntentState": "values",
        "JsonObject": "values",
        "JsonValue": "values",
        "LONGEST_NAME": "user_words",
        "LONGEST_PROMPT": "values",
        "LONGEST_URL": "values",
        "MASK": "secret",
        "NOTHING": "values",
        "Price": "values",
        "PricedFields": "values",
        "Problem": "values",
        "RULE": "identity",
        "Secret": "secret",
        "Status": "values",
        "Submission": "values",
        "Task": "values",
        "TaskHandle": "values",
        "VideoRequest": "values",
        "addresses": "",
        "check_template": "naming",
        "default_fault": "naming",
        "fingerprints": "identity",
        "from_home": "naming",
        "higher": "merging",
        "holds_key": "user_words",
        "image_stem": "naming",
        "is_issued": "user_words",
        "is_loopback": "addresses",
        "is_private": "addresses",
        "is_public": "addresses",
        "literal": "addresses",
        "make_ref": "task_ref",
        "mask_url": "text",
        "masked": "user_words",
        "may_be_key": "user_words",
        "merge": "merging",
        "names_one": "naming",
        "origin": "url",
        "parse_duration": "duration",
        "parse_interval": "duration",
        "safe": "text",
        "shortened": "text",
        "shown": "user_words",
        "spoken": "duration",
        "target": "naming",
        "timestamp": "text",
        "told": "user_words",
        "unsafe": "text",
        "unusable": "text",
        "url_fault": "text",
        "without_a_task": "values",
        "without_keys": "user_words",
        "worth_keeping": "merging",
    },
)
