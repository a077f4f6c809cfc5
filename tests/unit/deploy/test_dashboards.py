"""Dashboard and alerts: well-formed, and about metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector

from pacnum_api.platform import metrics
from pacnum_api.platform.request_log import ANSWERS_ROUTE

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/pacnum.json").read_text("utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
SCRAPES: dict[str, Any] = yaml.safe_load(
    (ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8")
)
OBSERVABILITY = (ROOT / "docs/observability.md").read_text("utf-8")

NAME = re.compile(r"\b(?:pacnum_|process_)[a-z_]+|\bup\b")
SELECTOR = re.compile(r"(\w+)\{([^{}]*(?:\{session_id\}[^{}]*)*)\}")
GROUPED = re.compile(r"\bby \(([\w, ]+)\)")
OF_A_SCRAPE = {"job", "instance"}
WIDTH = 24


def ours() -> dict[str, MetricWrapperBase]:
    found = {one._name: one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}
    assert len(found) > 20
    return found


def series() -> dict[str, set[str]]:
    """Every name that a scrape may hold, with its labels."""
    known = {"up": set(OF_A_SCRAPE)}
    for name, one in ours().items():
        labels = set(one._labelnames) | OF_A_SCRAPE
        if isinstance(one, Counter):
            known[f"{name}_total"] = labels
        elif isinstance(one, Histogram):
            known |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels}
            known[f"{name}_count"] = labels
        else:
            assert isinstance(one, Gauge)
            known[name] = labels
    for family in ProcessCollector(registry=None).collect():
        known |= {sample.name: {"pid"} | OF_A_SCRAPE for sample in family.samples}
    return known


def faults(expression: str) -> Iterator[str]:
    """What is wrong with a PromQL expression, as far as names tell."""
    known = series()
    named = set(NAME.findall(expression))
    if not named:
        yield "names no metric"
    yield from (f"{name}: no such metric" for name in named - set(known))
    for name, inside in SELECTOR.findall(expression):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", inside):
            if label not in known.get(name, {label}):
                yield f"{name} has no label {label}"
    allowed = set[str]().union(*(known.get(name, set()) for name in named))
    for grouping in GROUPED.findall(expression):
        missing = {label.strip() for label in grouping.split(",")} - allowed
        yield from (f"grouped by {label}, which is nowhere" for label in missing)
    yield from misused(expression)


def misused(expression: str) -> Iterator[str]:
    """Functions that are given what they cannot do with."""
    for inside in re.findall(r"\b(?:rate|increase)\((\w+)", expression):
        if not inside.endswith(("_total", "_bucket", "_sum", "_count")):
            yield f"{inside} is no counter"
    if "histogram_quantile" in expression and (
        "_bucket" not in expression or "(le" not in expression
    ):
        yield "a quantile without buckets"
    if expression.count("(") != expression.count(")"):
        yield "parentheses do not match"


@pytest.mark.parametrize(
    "expression",
    [
        "1 + 1",
        "rate(pacnum_answers_total[5m])",
        'sum(rate(pacnum_http_requests_total{code="200"}[5m]))',
        "sum by (tenant) (rate(pacnum_http_requests_total[5m]))",
        "rate(pacnum_http_requests_in_flight[5m])",
        "histogram_quantile(0.9, rate(pacnum_http_request_duration_seconds_sum[5m]))",
        "sum((pacnum_banks_in_memory)",
    ],
)
def test_a_faulty_expression_is_found(expression: str) -> None:
    assert list(faults(expression))


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DASHBOARD["panels"]
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def test_the_dashboard_asks_for_what_there_is() -> None:
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    assert len(asked) > 30
    found = {one: list(faults(one.replace("$__rate_interval", "5m"))) for one in asked}
    assert not {one: wrong for one, wrong in found.items() if wrong}


def test_the_dashboard_is_one_that_grafana_loads() -> None:
    assert DASHBOARD["title"]
    assert re.fullmatch(r"[\w-]{1,40}", DASHBOARD["uid"])
    assert DASHBOARD["schemaVersion"] >= 36
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource", "job"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels()))) - {"__rate_interval"}
    assert used <= variables
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)


def test_every_panel_has_a_place_a_source_and_a_text() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < WIDTH
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["type"] == "timeseries"
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        references = [target["refId"] for target in panel["targets"]]
        assert references == sorted(set(references))
        for of in (panel, *panel["targets"]):
            assert of["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_alerts_ask_for_what_there_is_and_say_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 12
    for rule in rules():
        assert not list(faults(rule["expr"])), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"].startswith("docs/faults.md")
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        asked = rule["expr"]
        grouped = {name.strip() for one in GROUPED.findall(asked) for name in one.split(",")}
        assert used <= (grouped or {"instance", "pid"}), rule["alert"]


def test_the_answer_route_is_the_one_that_there_is() -> None:
    both = json.dumps(DASHBOARD) + json.dumps(ALERTS)
    routes = set(re.findall(r'route=\\+"([^\\"]+)\\+"', both))
    assert routes == {ANSWERS_ROUTE}


def test_what_is_scraped_is_what_the_composition_runs() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    targets = [
        target
        for scrape in SCRAPES["scrape_configs"]
        for one in scrape["static_configs"]
        for target in one["targets"]
    ]
    assert {target.split(":")[0] for target in targets} == {"api-1", "api-2", "worker"}
    port = str(services["worker"]["environment"]["PACNUM_METRICS_PORT"])
    assert f"worker:{port}" in targets
    assert SCRAPES["rule_files"] == ["alerts.yml"]
    assert all(one["job_name"].startswith("pacnum") for one in SCRAPES["scrape_configs"])


def test_the_reference_names_every_metric_and_its_labels() -> None:
    rows = re.findall(r"^\| `(pacnum_\w+)` \| ([^|]*) \|", OBSERVABILITY, re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    wanted = {
        name + ("_total" if isinstance(one, Counter) else ""): set(one._labelnames)
        for name, one in ours().items()
    }
    assert documented == wanted
