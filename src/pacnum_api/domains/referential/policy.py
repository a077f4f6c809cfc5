"""What makes a framework or crosswalk sound, decided on data alone."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pacnum_api.domains.referential.types import Crosswalk, Framework
from pacnum_api.kernel.errors import FieldFault

_LEAST_EIGENVALUE = 1e-3
"""Of a correlation matrix. Abilities told apart by less are the same one; nearer to none, the
measurement of several at once ends in what is not a number.
"""


def correlation_matrix(framework: Framework) -> NDArray[np.float64]:
    """Prior correlation of the abilities, shape (competences, competences), unit diagonal.

    Entry (i, j) is the override of the pair if there is one, else the framework's value within
    one area or across two.
    """
    competences = framework.competences
    matrix = np.eye(len(competences))
    rule = framework.correlation
    for i, first in enumerate(competences):
        for j, second in enumerate(competences[:i]):
            usual = rule.within_area if first.area == second.area else rule.across_areas
            pair = (second.code, first.code)
            value = rule.overrides.get(pair, rule.overrides.get(pair[::-1], usual))
            matrix[i, j] = matrix[j, i] = value
    return matrix


def check_framework(framework: Framework) -> list[FieldFault]:
    """Every way in which a framework contradicts itself, by JSON pointer into its document."""
    return [
        *_check_codes(framework),
        *_check_levels(framework),
        *_check_bands(framework),
        *_check_correlation(framework),
    ]


def check_crosswalk(
    crosswalk: Crosswalk, source: Framework, *, target: Framework
) -> list[FieldFault]:
    """Links to competences that do not exist, and links given twice."""
    faults = []
    seen: set[tuple[str, str]] = set()
    for index, link in enumerate(crosswalk.links):
        for side, code, framework in (
            ("source", link.source, source),
            ("target", link.target, target),
        ):
            if framework.find_competence(code) is None:
                message = f"expected a competence of {framework.code}"
                faults.append(FieldFault(f"/links/{index}/{side}", message))
        if (link.source, link.target) in seen:
            faults.append(FieldFault(f"/links/{index}", "this pair is linked twice"))
        seen.add((link.source, link.target))
    return faults


def _check_codes(framework: Framework) -> Iterable[FieldFault]:
    yield from _twice("/areas", [area.code for area in framework.areas])
    yield from _twice("/competences", [one.code for one in framework.competences])
    areas = {area.code for area in framework.areas}
    for index, competence in enumerate(framework.competences):
        if competence.area not in areas:
            yield FieldFault(f"/competences/{index}/area", "expected the code of an area")
    for area in areas - {one.area for one in framework.competences}:
        yield FieldFault("/areas", f"area {area} has no competence")


def _twice(pointer: str, codes: Sequence[str]) -> Iterable[FieldFault]:
    counts = Counter(codes)
    for index, code in enumerate(codes):
        if counts[code] > 1:
            yield FieldFault(f"{pointer}/{index}/code", f"code {code} stands here more than once")


def _check_levels(framework: Framework) -> Iterable[FieldFault]:
    for index, level in enumerate(framework.levels):
        if level.level != index + 1:
            yield FieldFault(f"/levels/{index}/level", f"expected level {index + 1}")
        if index > 0 and not level.starts_at > framework.levels[index - 1].starts_at:
            yield FieldFault(
                f"/levels/{index}/starts_at", "expected more than where the level below begins"
            )
    if framework.points.maximum_level > len(framework.levels):
        yield FieldFault("/points/maximum_level", "expected a level of the framework")


def _check_bands(framework: Framework) -> Iterable[FieldFault]:
    named = [level for band in framework.bands for level in band.levels]
    if named != [level.level for level in framework.levels]:
        yield FieldFault("/bands", "expected each level once, in order")


def _check_correlation(framework: Framework) -> Iterable[FieldFault]:
    codes = {one.code for one in framework.competences}
    for pair in framework.correlation.overrides:
        if not set(pair) <= codes or len(set(pair)) != len(pair):
            message = f"{pair[0]} and {pair[1]} are not two competences of the framework"
            yield FieldFault("/correlation/overrides", message)
    smallest = float(np.linalg.eigvalsh(correlation_matrix(framework)).min())
    if not math.isfinite(smallest) or smallest < _LEAST_EIGENVALUE:
        message = f"expected a correlation matrix without an eigenvalue below {_LEAST_EIGENVALUE}"
        yield FieldFault("/correlation", message)
