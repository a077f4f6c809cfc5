"""Every Prometheus metric of the service, in one place. docs/observability.md is their reference.

Names end in their unit. Labels have few values, which code chooses: never an id, a path, or
anything else that a caller writes. With several processes behind one port each writes a file of
its own, which a scrape adds up (``platform.metrics_page``); what gauges of several processes
become together is said at each (``multiprocess_mode``). Whoever feeds a metric on the answer path
keeps the labelled child: looking it up costs more than counting.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

SHORT_SECONDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip
TINY_SECONDS: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2,
)  # fmt: skip

# --- requests -------------------------------------------------------------------------------------

REQUESTS: Final = Counter(
    "pacnum_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
REQUEST_SECONDS: Final = Histogram(
    "pacnum_http_request_duration_seconds",
    "From the request taken up to its response handed to the network.",
    ["method", "route", "status"],
    buckets=SHORT_SECONDS,
)
PROBLEMS: Final = Counter(
    "pacnum_http_problems_total",
    "Requests answered with a problem document, by its code.",
    ["route", "code"],
)
IN_FLIGHT: Final = Gauge(
    "pacnum_http_requests_in_flight",
    "Requests under way, as seen once a second.",
    multiprocess_mode="livesum",
)
RATE_LIMIT_REFUSALS: Final = Counter(
    "pacnum_rate_limit_refusals_total",
    "Requests beyond a quota, by its name (session, client).",
    ["quota"],
)
OVERLOAD_REFUSALS: Final = Counter(
    "pacnum_overload_refusals_total",
    "Requests answered with 503 at once, because too much is under way already.",
)

# --- answers --------------------------------------------------------------------------------------

ANSWERS_ACCEPTED: Final = Counter(
    "pacnum_answers_accepted_total", "Answers stored, each for the first time."
)
ANSWERS_RESENT: Final = Counter(
    "pacnum_answers_resent_total", "Answers sent again and given the reply that they had before."
)
ANSWERS_REFUSED: Final = Counter(
    "pacnum_answers_refused_total", "Answers refused, by the problem's code.", ["reason"]
)
ITEMS_GRADED: Final = Counter(
    "pacnum_items_graded_total",
    "Responses graded: right, partly (some credit), wrong, skipped, late.",
    ["result"],
)
ENGINE_SECONDS: Final = Histogram(
    "pacnum_engine_duration_seconds",
    "Computing of one answer without any waiting: grading, estimate, choice of the next item.",
    buckets=TINY_SECONDS,
)
BATCH_ANSWERS: Final = Histogram(
    "pacnum_answer_batch_answers",
    "Answers that shared one statement of the answer path.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
QUEUE_SECONDS: Final = Histogram(
    "pacnum_answer_queue_wait_seconds",
    "What the answer that waited longest waited for its batch to be sent.",
    buckets=TINY_SECONDS,
)

# --- test sessions and banks ----------------------------------------------------------------------

SESSIONS_BEGUN: Final = Counter(
    "pacnum_sessions_begun_total", "Test sessions begun, by purpose.", ["purpose"]
)
SESSIONS_ENDED: Final = Counter(
    "pacnum_sessions_ended_total",
    "Test sessions ended, by how: finished, abandoned, expired.",
    ["state"],
)
BANKS_IN_MEMORY: Final = Gauge(
    "pacnum_banks_in_memory",
    "Published bank versions that a process holds; the most of all processes.",
    multiprocess_mode="livemax",
)

# --- the process and its database -----------------------------------------------------------------

DATABASE_CONNECTIONS: Final = Gauge(
    "pacnum_database_connections_in_use",
    "Pooled connections lent out, as seen once a second (orm: requests, raw: quotas).",
    ["pool"],
    multiprocess_mode="livesum",
)
DATABASE_CONNECTIONS_ALLOWED: Final = Gauge(
    "pacnum_database_connections_allowed",
    "Connections that a pool may open.",
    ["pool"],
    multiprocess_mode="livesum",
)
DATABASE_WAITING: Final = Gauge(
    "pacnum_database_connections_awaited",
    "Requests waiting for a connection of the raw pool, as seen once a second.",
    multiprocess_mode="livesum",
)
LOOP_LAG_SECONDS: Final = Histogram(
    "pacnum_event_loop_lag_seconds",
    "How much later than asked for a process got round to something due, tried once a second.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
BUILD: Final = Gauge(
    "pacnum_build_info", "1, with the version that runs.", ["version"], multiprocess_mode="livemax"
)

# --- background work ------------------------------------------------------------------------------
# The label is ``task`` because Prometheus calls what it scrapes a ``job``.

JOB_SECONDS: Final = Histogram(
    "pacnum_worker_job_duration_seconds",
    "A turn of a background job, by how it ended (done, failed).",
    ["task", "outcome"],
    buckets=(0.01, 0.05, 0.25, 1, 5, 15, 60, 300),
)
JOB_COUNT: Final = Counter(
    "pacnum_worker_job_items_total", "What background jobs have dealt with.", ["task"]
)
JOB_SUCCEEDED: Final = Gauge(
    "pacnum_worker_job_last_success_timestamp_seconds",
    "Unix time at which a job last ended well.",
    ["task"],
    multiprocess_mode="max",
)
OVERDUE_SECONDS: Final = Gauge(
    "pacnum_sessions_overdue_seconds",
    "How long ago the oldest session still in progress ran out of time; 0: none has.",
    multiprocess_mode="livemax",
)
OUTBOX_EVENTS: Final = Gauge(
    "pacnum_outbox_events",
    "Events kept in the outbox, as PostgreSQL estimates them.",
    multiprocess_mode="livemax",
)
