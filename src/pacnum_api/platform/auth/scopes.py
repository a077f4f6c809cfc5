"""Every scope there is, in one place."""

from enum import StrEnum


class Scope(StrEnum):
    """What a client may be allowed to do; tokens carry these, space-separated (RFC 6749, 3.3)."""

    FRAMEWORKS_READ = "frameworks:read"
    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    TEST_SESSIONS_RUN = "test_sessions:run"
    RESULTS_READ = "results:read"
    TRAININGS_READ = "trainings:read"
    TRAININGS_WRITE = "trainings:write"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    REPORTS_READ = "reports:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PRIVACY_WRITE = "privacy:write"
    ADMIN = "admin"


DESCRIPTIONS: dict[Scope, str] = {
    Scope.FRAMEWORKS_READ: "Read frameworks, competences, levels and crosswalks",
    Scope.ITEMS_READ: "Read the item bank",
    Scope.ITEMS_WRITE: "Write items and move them through their statuses",
    Scope.TEST_SESSIONS_RUN: "Create test sessions and answer in them",
    Scope.RESULTS_READ: "Read results, explanations, profiles and recommendations",
    Scope.TRAININGS_READ: "Read the training catalogue",
    Scope.TRAININGS_WRITE: "Write trainings, training sessions, enrolments and completions",
    Scope.ORGANISATION_READ: "Read units and agents",
    Scope.ORGANISATION_WRITE: "Write units and agents, import them",
    Scope.CAMPAIGNS_READ: "Read campaigns and participations",
    Scope.CAMPAIGNS_WRITE: "Write campaigns and participations",
    Scope.REPORTS_READ: "Read aggregated reports",
    Scope.WEBHOOKS_WRITE: "Read the event feed and manage webhook endpoints",
    Scope.PRIVACY_WRITE: "Export and erase an agent's data",
    Scope.ADMIN: "Administer the tenant",
}

SESSION_SCOPE = "test_session:self"
"""The only scope of a session token. No client can be given it, and it opens one session alone."""


def unknown_scopes(names: frozenset[str]) -> list[str]:
    """The names that are no scope, sorted."""
    return sorted(names - frozenset(Scope))
