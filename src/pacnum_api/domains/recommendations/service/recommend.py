"""Recommending trainings, to a stored agent or for abilities that somebody sends.

Data flow: evidence (profile, levels or thetas) and a wish → abilities and aims → courses from the
catalogue → policy's plan → sessions of the chosen trainings → reasons as sentences.
"""

from collections.abc import Mapping
from uuid import UUID

from pacnum_api.domains.recommendations.policy.plan import Situation, make_plan, resolve_aims
from pacnum_api.domains.recommendations.policy.position import LevelAxis
from pacnum_api.domains.recommendations.schemas import RecommendationRequest, RecommendationsRead
from pacnum_api.domains.recommendations.service.catalogue import read_catalogue
from pacnum_api.domains.recommendations.service.present import Findings, present
from pacnum_api.domains.recommendations.types import (
    Ability,
    Assumptions,
    CompetenceCode,
    PlanLimits,
    Wish,
)
from pacnum_api.domains.referential import service as referential
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.results import service as results
from pacnum_api.domains.trainings import service as trainings
from pacnum_api.kernel.errors import FieldFault, InvalidInput
from pacnum_api.platform.documents import escaped
from pacnum_api.platform.uow import UnitOfWork

_SMALLEST_ERROR = 0.05  # no test measures theta more finely than its grid


async def recommend_for_agent(
    uow: UnitOfWork, agent_id: UUID, *, wish: Wish, locale: str
) -> RecommendationsRead:
    """A plan for a stored agent, from the latest result of each competence.

    Raises AgentNotFound, FrameworkNotFound, and InvalidInput for targets that do not exist.
    """
    framework = await referential.get_framework(uow, wish.framework)
    _check(framework, {"target": wish.targets}, overall=wish.overall_target)
    abilities = {
        estimate.result.competence: Ability(
            estimate.result.theta,
            max(estimate.result.standard_error, _SMALLEST_ERROR),
            estimate.result.level_probabilities,
        )
        for estimate in await results.current_profile(uow, agent_id, framework=wish.framework)
        if framework.find_competence(estimate.result.competence) is not None
    }
    findings = await _find(uow, framework, wish=wish, abilities=abilities)
    return present(findings, locale=locale, agent_id=agent_id)


async def recommend_for_levels(
    uow: UnitOfWork, request: RecommendationRequest, *, locale: str
) -> RecommendationsRead:
    """A plan for levels or abilities as posted.

    Raises FrameworkNotFound, and InvalidInput for competences and levels that do not exist and for
    competences given both ways.
    """
    framework = await referential.get_framework(uow, request.framework)
    _check(
        framework,
        {
            "levels": request.levels,
            "thetas": dict.fromkeys(request.thetas, 0),
            "targets": request.targets,
            "weights": dict.fromkeys(request.weights, 0),
        },
    )
    axis = LevelAxis(framework.cuts)
    abilities = {code: axis.ability_at(level) for code, level in request.levels.items()}
    abilities |= {code: ability.read() for code, ability in request.thetas.items()}
    findings = await _find(uow, framework, wish=request.read(), abilities=abilities)
    return present(findings, locale=locale, agent_id=None)


async def _find(
    uow: UnitOfWork,
    framework: Framework,
    *,
    wish: Wish,
    abilities: Mapping[CompetenceCode, Ability],
) -> Findings:
    axis = LevelAxis(framework.cuts)
    targets = _targets(framework, wish)
    aims = resolve_aims(abilities, axis=axis, targets=targets, weights=wish.weights)
    catalogue = await read_catalogue(uow, framework, constraints=wish.constraints)
    plan = make_plan(
        Situation(axis, abilities, aims),
        catalogue.courses,
        limits=PlanLimits(wish.limit, wish.constraints.budget_minutes),
        assumptions=Assumptions(),
    )
    chosen = [catalogue.trainings[step.course.key].id for step in plan.steps]
    return Findings(
        framework=framework,
        catalogue=catalogue,
        plan=plan,
        outlooks=await trainings.read_outlooks(uow, chosen),
        unknown={
            competence.code: (targets or {}).get(competence.code)
            for competence in framework.competences
            if competence.code not in abilities and (targets is None or competence.code in targets)
        },
        budget_minutes=wish.constraints.budget_minutes,
    )


def _targets(framework: Framework, wish: Wish) -> Mapping[CompetenceCode, int] | None:
    """The targets asked for, spelt out for each competence in view; None when none were."""
    if wish.overall_target is not None:
        overall = {competence.code: wish.overall_target for competence in framework.competences}
        return {**overall, **wish.targets}
    return wish.targets or None


def _check(
    framework: Framework,
    named: Mapping[str, Mapping[CompetenceCode, int]],
    *,
    overall: int | None = None,
) -> None:
    """Raise InvalidInput for whatever the framework does not have, or is said twice."""
    highest = len(framework.levels)
    faults = [
        FieldFault(f"/{member}/{escaped(code)}", message)
        for member, levels in named.items()
        for code, level in levels.items()
        for message in _faults_of(framework, code, level=level)
    ]
    if overall is not None and overall > highest:
        faults.append(FieldFault("/target", f"expected at most {highest}"))
    both = set(named.get("levels", ())) & set(named.get("thetas", ()))
    faults += [
        FieldFault(f"/thetas/{escaped(code)}", "expected either a level or a theta, not both")
        for code in sorted(both)
    ]
    if faults:
        raise InvalidInput(faults=faults)


def _faults_of(framework: Framework, code: CompetenceCode, *, level: int) -> list[str]:
    if framework.find_competence(code) is None:
        return [f"expected a competence of {framework.code}"]
    if level > len(framework.levels):
        return [f"expected at most {len(framework.levels)}, the highest level"]
    return []
