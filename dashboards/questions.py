"""What an operator asks of the metrics, as PromQL: one panel a question, in the order in which they are asked.

What is stated about a tenant may come from several processes, so it is taken as the highest of what they say and then
added up over its attributes, never added up over processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Drawn = Literal["stat", "lines", "stacked", "table"]
Unit = Literal["short", "s", "percentunit", "bytes", "reqps"]

TENANT = 'linekeeper_tenant_id=~"$tenant"'


class Query(msgspec.Struct, frozen=True):
    """A query and what its series are called."""

    expr: str
    legend: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A panel: what is asked, how it is answered, and from which value on the answer is bad.

    Attributes:
        columns: of a table, in order: the labels, and `Value`, each with what stands above it.
        from_zero: whether lines are drawn over zero; small differences between large numbers are not seen so.
        runbooks: the pages in docs/runbooks on what to do where the answer is bad.
    """

    title: str
    asks: str
    queries: tuple[Query, ...]
    drawn: Drawn = "lines"
    unit: Unit = "short"
    width: int = 8
    warn_from: float | None = None
    bad_from: float | None = None
    bad_below: float | None = None
    columns: Mapping[str, str] = {}
    from_zero: bool = True
    runbooks: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A row of panels."""

    title: str
    questions: tuple[Question, ...]


def stated(name: str, by: str = "", matching: str = "") -> str:
    """The sum over what is stated, by these labels; each series counted once, whoever says it."""
    labels = ", ".join(filter(None, (TENANT, matching)))
    series = f"max without (instance, job, service_instance_id) (linekeeper_{name}{{{labels}}})"
    return f"sum by ({by}) ({series})" if by else f"sum({series})"


def highest(name: str, by: str = "", matching: str = "") -> str:
    """The highest of what is stated: of ages, the oldest."""
    labels = ", ".join(filter(None, (TENANT, matching)))
    return f"max by ({by}) (linekeeper_{name}{{{labels}}})" if by else f"max(linekeeper_{name}{{{labels}}})"


def lowest(name: str, by: str = "", matching: str = "") -> str:
    """The lowest of what is stated: of times left, the shortest."""
    labels = ", ".join(filter(None, (TENANT, matching)))
    return f"min by ({by}) (linekeeper_{name}{{{labels}}})" if by else f"min(linekeeper_{name}{{{labels}}})"


def rate(name: str, by: str = "", matching: str = "") -> str:
    """How much was counted in each interval, by these labels: whole, since half a message says nothing to anybody."""
    inner = f"increase({name}{{{matching}}}[$__rate_interval])"
    return f"round(sum by ({by}) ({inner}))" if by else f"round(sum({inner}))"


def quantile(share: float, name: str, by: str = "", matching: str = "") -> str:
    """A quantile of what was recorded."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{{{matching}}}[$__rate_interval])))"


HOLDS = 'disposition=~"firing|frozen"'

_INCOMPLETE = ("linekeeper_source_reads_total", 'outcome!="complete"')
FAILED = rate(_INCOMPLETE[0], "source, outcome", _INCOMPLETE[1])
FAILED_AT_ALL = rate(_INCOMPLETE[0], "outcome", _INCOMPLETE[1])
"""Where nothing failed, one line at zero for each way to fail, and not one for each source and way."""

PARTS: tuple[Part, ...] = (
    Part(
        title="Do the lines answer?",
        questions=(
            Question(
                title="Lines that do not answer",
                runbooks=("lines-down",),
                asks="How many attendants and queues would not put a caller through now?",
                queries=(Query(stated("voice_app_count", matching='health="broken"')),),
                drawn="stat",
                width=4,
                bad_from=1,
            ),
            Question(
                title="Lines that answer",
                asks="How many attendants and queues answer now, some of them with something wrong in them?",
                queries=(Query(stated("voice_app_count", matching='health=~"ok|degraded"')),),
                drawn="stat",
                width=4,
            ),
            Question(
                title="Critical findings",
                runbooks=("lines-down",),
                asks="How many things keep callers from getting through now?",
                queries=(Query(stated("finding_active", matching=f'severity="critical", {HOLDS}')),),
                drawn="stat",
                width=4,
                bad_from=1,
            ),
            Question(
                title="Warnings",
                asks="How many things will break, or cost money?",
                queries=(Query(stated("finding_active", matching=f'severity="warning", {HOLDS}')),),
                drawn="stat",
                width=4,
                warn_from=1,
            ),
            Question(
                title="Last evaluation",
                runbooks=("evaluation-stale", "document-unreadable", "document-too-large"),
                asks="How old is all that stands here?",
                queries=(Query(f"max({lowest('evaluation_age_seconds', 'linekeeper_tenant_id')})"),),
                drawn="stat",
                unit="s",
                width=4,
                warn_from=600,
                bad_from=1200,
            ),
            Question(
                title="Headroom",
                asks="How many more accounts can be licensed free of charge? How many, below zero, are paid for?",
                queries=(Query(stated("license_allocation_headroom")),),
                drawn="stat",
                width=4,
                bad_below=0,
            ),
        ),
    ),
    Part(
        title="Findings",
        questions=(
            Question(
                title="Findings by severity",
                asks="Is it getting better or worse?",
                queries=(Query(stated("finding_active", "severity", HOLDS), "{{severity}}"),),
                drawn="stacked",
                width=8,
            ),
            Question(
                title="Findings by rule",
                asks="What is it that is wrong?",
                queries=(Query(f"{stated('finding_active', 'rule_id, severity, disposition')} > 0"),),
                drawn="table",
                width=8,
                columns={"rule_id": "rule", "severity": "severity", "disposition": "state", "Value": "findings"},
            ),
            Question(
                title="Oldest finding",
                asks="For how long has somebody been waiting for this to be mended?",
                queries=(Query(highest("finding_age_max_seconds", "severity"), "{{severity}}"),),
                unit="s",
                width=8,
            ),
            Question(
                title="Findings that began and ended",
                asks="What happened, and when?",
                queries=(Query(rate("linekeeper_finding_transitions_total", "to"), "{{to}}"),),
                drawn="stacked",
                width=12,
            ),
            Question(
                title="Accounts by their licence",
                asks="Which accounts are not licensed as they must be?",
                queries=(Query(stated("resource_account_count", "license_status"), "{{license_status}}"),),
                drawn="stacked",
                width=12,
            ),
        ),
    ),
    Part(
        title="The licence ledger",
        questions=(
            Question(
                title="Entitled, owned, needed",
                asks="Does what may be held free of charge cover what is needed, and is it ordered?",
                queries=(
                    Query(stated("license_allocation_limit"), "entitled"),
                    Query(stated("license_owned_count", matching='license_state=~"enabled|warning"'), "owned"),
                    Query(stated("license_needed_count"), "needed"),
                    Query(stated("license_allocation_usage"), "assigned"),
                ),
                width=12,
                from_zero=False,
            ),
            Question(
                title="Headroom over time",
                asks="When would the next account have to be paid for?",
                queries=(Query(stated("license_allocation_headroom"), "headroom"),),
                width=6,
                bad_below=0,
            ),
            Question(
                title="Share of the allocation in use",
                asks="How near is the limit?",
                queries=(Query(highest("license_allocation_utilization"), "in use"),),
                unit="percentunit",
                width=6,
                warn_from=0.9,
                bad_from=1,
            ),
            Question(
                title="Qualifying units",
                asks="Which licences raise the allocation, and which were dropped?",
                queries=(Query(stated("license_qualifying_count", "license_sku"), "{{license_sku}}"),),
                drawn="stacked",
                width=12,
            ),
            Question(
                title="Units that do not count",
                asks="What looks like a phone licence and raises nothing?",
                queries=(Query(stated("license_excluded_count", "reason"), "{{reason}}"),),
                drawn="stacked",
                width=6,
            ),
            Question(
                title="Next renewal",
                asks="Which subscription ends or renews next?",
                queries=(Query(lowest("license_renewal_remaining_seconds", "license_sku")),),
                drawn="table",
                unit="s",
                width=6,
                columns={"license_sku": "licence", "Value": "time left"},
            ),
        ),
    ),
    Part(
        title="How soon is it found?",
        questions=(
            Question(
                title="Detection lag",
                runbooks=("budget-burning",),
                asks="How long from hearing of a change to the finding?",
                queries=(
                    Query(quantile(0.5, "linekeeper_detection_lag_seconds"), "half"),
                    Query(quantile(0.95, "linekeeper_detection_lag_seconds"), "95 %"),
                ),
                unit="s",
                warn_from=60,
            ),
            Question(
                title="What found the changes",
                asks="How good are Graph's hints, and what did they miss, so that only a timer found it?",
                queries=(Query(rate("linekeeper_change_detected_total", "found_by"), "{{found_by}}"),),
                drawn="stacked",
            ),
            Question(
                title="Age of what was read",
                runbooks=("source-stale",),
                asks="Which source is no longer read?",
                queries=(Query(lowest("source_age_seconds", "source"), "{{source}}"),),
                unit="s",
            ),
            Question(
                title="Evaluations",
                asks="How long does judging take?",
                queries=(
                    Query(quantile(0.5, "linekeeper_evaluation_duration_seconds"), "half"),
                    Query(quantile(0.95, "linekeeper_evaluation_duration_seconds"), "95 %"),
                ),
                unit="s",
            ),
            Question(
                title="Notifications",
                asks="Does Graph tell us, and is anybody pretending to be Graph?",
                queries=(Query(rate("linekeeper_notification_received_total", "outcome"), "{{outcome}}"),),
                drawn="stacked",
            ),
            Question(
                title="Answer to Graph",
                runbooks=("answers-slowly",),
                asks="Does Graph have its answer within three seconds?",
                queries=(Query(quantile(0.99, "linekeeper_notification_ack_duration_seconds"), "99 %"),),
                unit="s",
                warn_from=1,
                bad_from=3,
            ),
            Question(
                title="Subscription",
                runbooks=("subscription-missing",),
                asks="How long will Graph go on telling us?",
                queries=(Query(lowest("subscription_remaining_seconds", "resource"), "{{resource}}"),),
                unit="s",
                bad_below=86_400,
            ),
            Question(
                title="Reads by how they ended",
                runbooks=("permission-missing",),
                asks="Which source is failing, and is a permission missing?",
                queries=(Query(f"{FAILED} > 0 or ({FAILED_AT_ALL} == 0)", "{{source}} {{outcome}}"),),
                drawn="stacked",
            ),
            Question(
                title="Poisoned messages",
                runbooks=("messages-poisoned",),
                asks="Was anything that Graph told us given up?",
                queries=(Query(highest("queue_depth", "queue"), "{{queue}}"),),
                bad_from=1,
            ),
        ),
    ),
    Part(
        title="Is anybody told?",
        questions=(
            Question(
                title="Posts",
                runbooks=("delivery-failing",),
                asks="Are messages taken?",
                queries=(
                    Query(rate("linekeeper_delivery_attempts_total", "receiver, outcome"), "{{receiver}} {{outcome}}"),
                ),
                drawn="stacked",
            ),
            Question(
                title="Messages that wait",
                asks="Is a receiver out of reach?",
                queries=(Query(stated("delivery_waiting", "receiver"), "{{receiver}}"),),
                warn_from=1,
            ),
            Question(
                title="Last message taken",
                runbooks=("delivery-failing",),
                asks="When was a receiver last reached, which a daily heartbeat keeps below a day?",
                queries=(Query(lowest("delivery_heartbeat_age_seconds", "receiver"), "{{receiver}}"),),
                unit="s",
                bad_from=90_000,
            ),
            Question(
                title="Size of posts",
                asks="How near are cards to what Teams takes?",
                queries=(
                    Query(quantile(0.95, "linekeeper_delivery_payload_size_bytes", "receiver"), "{{receiver}} 95 %"),
                ),
                unit="bytes",
                warn_from=18_432,
            ),
            Question(
                title="Requests",
                runbooks=("throttled",),
                asks="What do Graph and the receivers answer, and are we throttled (429)?",
                queries=(
                    Query(
                        rate(
                            "http_client_request_duration_seconds_count",
                            "server_address, http_response_status_code",
                        ),
                        "{{server_address}} {{http_response_status_code}}",
                    ),
                ),
                drawn="stacked",
            ),
            Question(
                title="Time of requests",
                asks="Is Graph slow?",
                queries=(
                    Query(
                        quantile(0.95, "http_client_request_duration_seconds", "server_address"),
                        "{{server_address}} 95 %",
                    ),
                ),
                unit="s",
            ),
        ),
    ),
)
