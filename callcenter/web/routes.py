"""The modules whose routes are served, one line each. Must never hold a route itself."""

from collections.abc import Sequence

from callcenter.web import (
    accounts,
    agents,
    attachments,
    audit_trail,
    callbacks,
    calls,
    campaigns,
    clock,
    committee,
    customers,
    denominators,
    document_templates,
    documents,
    group_warnings,
    handling_limit,
    incidents,
    letters,
    limit_changes,
    notifications,
    playback,
    posts,
    recordings,
    reminders,
    reports,
    reviews,
    routing,
    sampling,
    session,
    slips,
    statistics,
    tickets,
    workdays,
)
from callcenter.web.api import Route, Routes

MODULES: Sequence[Routes] = (
    session.routes,
    accounts.routes,
    posts.routes,
    audit_trail.routes,
    clock.routes,
    customers.routes,
    calls.routes,
    agents.routes,
    tickets.routes,
    committee.routes,
    slips.routes,
    routing.routes,
    sampling.routes,
    group_warnings.routes,
    handling_limit.routes,
    attachments.routes,
    documents.routes,
    document_templates.routes,
    letters.routes,
    reviews.routes,
    statistics.routes,
    denominators.routes,
    reports.routes,
    campaigns.routes,
    callbacks.routes,
    recordings.routes,
    playback.routes,
    incidents.routes,
    workdays.routes,
    notifications.routes,
    reminders.routes,
    limit_changes.routes,
)


def all_routes() -> list[Route]:
    """Every declared route."""
    return [route for module in MODULES for route in module]
