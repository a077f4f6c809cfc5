"""The report as one document, ready for JSON: numbers as they are, every level and item."""

import json
from typing import Any

import numpy as np

from pacnum_api.domains.items.service.report_bank.report import BEST_ITEMS, BankReport


def report_json(report: BankReport) -> str:
    """The document as text."""
    return json.dumps(report_document(report), ensure_ascii=False, indent=2)


def report_document(report: BankReport) -> dict[str, Any]:
    """Goals are named by their purpose, levels by their number."""
    return report.coverage.document() | {
        "goals": {
            purpose.value: {
                "standard_error": goal.standard_error,
                "maximum_items": goal.maximum_items,
                "typical_items_reach": report.precision.typical_standard_error(goal.maximum_items),
            }
            for purpose, goal in report.goals.items()
        },
        "typical_information": report.precision.typical_information,
        "levels": _levels(report),
        "precision": {code: _precision(report, index) for index, code in _numbered(report)},
        "gaps": _gaps(report),
        "ceiling": _ceiling(report),
        "exposure": _exposure(report),
        "parameters": {status.value: count for status, count in report.statuses.items()},
        "contested": {item.key: item.reports for item in report.contested},
    }


def _numbered(report: BankReport) -> list[tuple[int, str]]:
    return list(enumerate(report.competences))


def _levels(report: BankReport) -> dict[str, Any]:
    middles, agents = report.precision.middles.tolist(), report.precision.agents.tolist()
    return {
        str(place + 1): {"middle": middle, "agents": share}
        for place, (middle, share) in enumerate(zip(middles, agents, strict=True))
    }


def _precision(report: BankReport, index: int) -> dict[str, Any]:
    precision = report.precision
    lengths = {str(count): count for count in BEST_ITEMS} | {"all": None}
    errors = {name: precision.standard_error(items=count) for name, count in lengths.items()}
    return {
        "overall_standard_error": {
            name: float(precision.overall_standard_error(items=count)[index])
            for name, count in lengths.items()
        },
        "levels": {
            str(place + 1): {
                "items": int(precision.items[index, place]),
                "information": float(precision.information[index, place]),
                "standard_error": {
                    name: float(found[index, place]) for name, found in errors.items()
                },
                "is_within_reach": {
                    purpose.value: bool(precision.is_within_reach(goal)[index, place])
                    for purpose, goal in report.goals.items()
                },
            }
            for place in range(len(precision.middles))
        },
    }


def _gaps(report: BankReport) -> list[dict[str, Any]]:
    purposes = [purpose.value for purpose in report.goals]
    return [
        {
            "competence": report.competences[gap.competence],
            "level": gap.level,
            "items": gap.items,
            "standard_error": gap.standard_error,
            "missing_items": dict(zip(purposes, gap.missing, strict=True)),
            "is_within_reach": dict(zip(purposes, gap.is_within_reach, strict=True)),
            "excess_variance": gap.excess,
        }
        for gap in report.gaps
    ]


def _ceiling(report: BankReport) -> dict[str, Any]:
    return {
        "share": report.settings.ceiling,
        "items_per_test": dict(zip(report.competences, report.demand.items.tolist(), strict=True)),
        "items_per_test_origin": report.demand.origin.value,
        "gaps": [
            {
                "competence": report.competences[gap.competence],
                "groups": gap.groups,
                "missing_groups": gap.missing,
            }
            for gap in report.ceiling_gaps
        ],
    }


def _exposure(report: BankReport) -> dict[str, Any]:
    exposure = report.exposure
    over = np.zeros(len(exposure.shares), np.bool_)
    over[exposure.over] = True
    return {
        "tests": exposure.tests,
        "shares": {item.key: report.share(item) for item in report.items},
        "never_shown": [item.key for item in report.items if not report.share(item)],
        "over_ceiling": [item.key for item in report.items if over[item.group]],
    }
