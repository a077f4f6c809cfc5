"""Expectation propagation: the joint posterior of correlated abilities.

Each item loads on one competence, so the likelihood of all answers to a competence is a function
L_k of one ability, and the posterior is ``p(theta) ∝ N(theta; m, C) · Π_k L_k(theta_k)``. One
Gaussian *site* ``exp(nu_k theta - tau_k theta² / 2)`` stands for each L_k. A sweep takes, for every
answered competence at once,

- the *cavity*: the marginal of theta_k with its own site divided out, N(m_c, v_c);
- the *tilted* distribution N(m_c, v_c) L_k, whose mean and variance are sums over the nodes: the
  likelihood itself, not an approximation of it;
- the site that gives the marginal these moments;

and then updates means and covariances. Sweeps go on until no mean or variance moves. Nothing
depends on the order of the answers. With one competence the first sweep is exact: grid EAP.

Under C = diag(u) + F Fᵀ the update goes through the q factors: with ``w_k = tau_k / (1 + u_k
tau_k)`` the factors have precision ``Q = I + Fᵀ W F``, a q × q matrix. That is the rank-one update
of mean and covariance for each site (Rasmussen & Williams 2006, eqs. 3.53 and 3.56), all sites
at once.

The normalising constant Z of each component of the prior, its *evidence*, moves the component's
weight by Bayes' rule.

References
----------
Minka, T. (2001), Expectation propagation for approximate Bayesian inference, UAI 17, 362-369.
Rasmussen & Williams (2006), Gaussian processes for machine learning, section 3.6.
Segall, D. O. (1996), Multidimensional adaptive testing, Psychometrika 61, 331-354.
"""

import math
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray, stable_decay
from pacnum_api.psychometrics.population import JointPrior
from pacnum_api.psychometrics.scale import NODES
from pacnum_api.psychometrics.small_matrices import inverse

TOLERANCE = 1e-3
"""Greatest move of a mean or variance that ends the sweeps. Each sweep divides the move by about
twenty or more, so what is left is some hundred-thousandths of a standard deviation.
"""
LONGEST = 60
PATIENCE = 15
"""Sweeps after which sites go half the way. All sites move at once, and where forty and more
competences hang together by .95 they overshoot together: the sweeps then swing, some without end.
"""
_NODES_SQUARED = NODES * NODES
_NODE_STEP = float(NODES[1] - NODES[0])
_LEAST_PRECISION = 1e-6


@dataclass(frozen=True, eq=False)
class Sites:
    """Precision ``tau`` and precision times mean ``nu`` of the sites, (M, K) each."""

    tau: FloatArray
    nu: FloatArray


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors behind the abilities, given the sites: precision inverted (M, q, q), its
    determinant (M,), the linear term and the mean (M, q).
    """

    covariance: FloatArray
    determinant: FloatArray
    linear: FloatArray
    mean: FloatArray


@dataclass(frozen=True, eq=False)
class Cavity:
    """Marginals with their own site divided out: mean and variance, (M, K) each."""

    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, eq=False)
class Tilted:
    """Cavity times likelihood at the nodes, (M, K, 41), summing to 1 over them; ``chance``: the
    probability of the answers under the cavity, (M, K), up to the likelihood's own scale.
    """

    weights: FloatArray
    chance: FloatArray
    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, eq=False)
class Propagated:
    """Where the sweeps ended; ``evidence`` (M,): Z of each component, up to a common factor."""

    sites: Sites
    factors: Factors
    cavity: Cavity
    tilted: Tilted
    evidence: FloatArray
    sweeps: int


def propagate(prior: JointPrior, likelihood: FloatArray) -> Propagated:
    """Sweep until nothing moves.

    ``likelihood`` (K, 41): L_k at the nodes, in any scale, for the K abilities of the prior.
    """
    sweep = _swept(prior, likelihood, before=_Marginals(*prior.shared, None))
    sweeps = 1
    while sweep.move >= TOLERANCE and sweeps < LONGEST:
        step = 1.0 if sweeps < PATIENCE else 0.5
        sweep = _swept(prior, likelihood, before=sweep.marginals, step=step)
        sweeps += 1
    # The last tilted distributions belong to the cavities they were made from.
    return Propagated(
        sites=sweep.sites,
        factors=sweep.factors,
        cavity=_cavity(sweep.marginals),
        tilted=sweep.tilted,
        evidence=_evidence(prior, sweep),
        sweeps=sweeps,
    )


@dataclass(frozen=True, eq=False)
class _Marginals:
    """Mean and variance of each ability, (M, K), with the sites in them (None: the prior)."""

    mean: FloatArray
    variance: FloatArray
    sites: Sites | None


@dataclass(frozen=True, eq=False)
class _Sweep:
    cavity: Cavity
    tilted: Tilted
    sites: Sites
    factors: Factors
    marginals: _Marginals
    move: float


def _swept(
    prior: JointPrior, likelihood: FloatArray, *, before: _Marginals, step: float = 1.0
) -> _Sweep:
    cavity = _cavity(before)
    tilted = tilt(cavity, likelihood)
    sites = _matching(tilted, cavity)
    if step < 1.0 and before.sites is not None:
        sites = _between(before.sites, sites, step=step)
    factors = factors_given(prior, sites)
    mean, variance = marginals(prior, sites, factors=factors)
    move = max(np.abs(mean - before.mean).max(), np.abs(variance - before.variance).max())
    return _Sweep(
        cavity, tilted, sites, factors, _Marginals(mean, variance, sites), move=float(move)
    )


def _cavity(marginal: _Marginals) -> Cavity:
    if marginal.sites is None:
        return Cavity(marginal.mean, marginal.variance)
    left = 1.0 / (1.0 / marginal.variance - marginal.sites.tau)
    return Cavity(left * (marginal.mean / marginal.variance - marginal.sites.nu), left)


def tilt(cavity: Cavity, likelihood: FloatArray) -> Tilted:
    """Return the tilted distributions of all abilities in all components."""
    distance = NODES - cavity.mean[:, :, None]
    distance *= distance
    distance *= (-0.5 / cavity.variance)[:, :, None]
    mass = stable_decay(distance)
    mass *= likelihood
    whole = np.add.reduce(mass, axis=2)
    mass /= whole[:, :, None]
    mean = np.add.reduce(mass * NODES, axis=2)
    return Tilted(
        weights=mass,
        chance=whole * _NODE_STEP / np.sqrt(2.0 * math.pi * cavity.variance),
        mean=mean,
        variance=np.add.reduce(mass * _NODES_SQUARED, axis=2) - mean * mean,
    )


def _matching(tilted: Tilted, cavity: Cavity) -> Sites:
    # A likelihood that is not log-concave (guessing) can widen a marginal. A site that takes
    # precision away could leave other marginals without any: it takes none instead.
    tau = np.maximum(1.0 / tilted.variance - 1.0 / cavity.variance, _LEAST_PRECISION)
    return Sites(tau, (tau + 1.0 / cavity.variance) * tilted.mean - cavity.mean / cavity.variance)


def _between(before: Sites, after: Sites, *, step: float) -> Sites:
    return Sites(
        before.tau + step * (after.tau - before.tau), before.nu + step * (after.nu - before.nu)
    )


def factors_given(prior: JointPrior, sites: Sites) -> Factors:
    """Return the posterior of the factors, given Gaussian sites."""
    components, _, count = prior.loadings.shape
    share = 1.0 / (1.0 + prior.unique * sites.tau)
    weight = sites.tau * share
    precision = np.add.reduce(weight[:, :, None] * prior.products, axis=1)
    pull = sites.nu * share - weight * prior.mean
    linear = np.add.reduce(pull[:, :, None] * prior.loadings, axis=1)
    covariance, determinant = inverse(precision.reshape(components, count, count) + np.eye(count))
    mean = np.add.reduce(covariance * linear[:, None, :], axis=2)
    return Factors(covariance, determinant, linear, mean)


def marginals(
    prior: JointPrior, sites: Sites, *, factors: Factors
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of each ability in each component, (M, K) each."""
    share = 1.0 / (1.0 + prior.unique * sites.tau)
    common = np.add.reduce(prior.loadings * factors.mean[:, None, :], axis=2)
    mean = (prior.mean + prior.unique * sites.nu + common) * share
    flat = factors.covariance.reshape(len(mean), 1, -1)
    variance = prior.unique * share + share * share * np.add.reduce(prior.products * flat, axis=2)
    return mean, variance


def covariances(prior: JointPrior, sites: Sites, *, factors: Factors) -> FloatArray:
    """Return the covariance matrix of the abilities in each component, (M, K, K)."""
    share = 1.0 / (1.0 + prior.unique * sites.tau)
    scaled = prior.loadings * share[:, :, None]
    half = np.zeros_like(scaled)
    whole = np.zeros((*share.shape, share.shape[1]))
    factor_count = scaled.shape[2]  # few: loops over it beat sums over a short axis
    for factor in range(factor_count):
        half += scaled[:, :, factor, None] * factors.covariance[:, None, factor, :]
    for factor in range(factor_count):
        whole += half[:, :, factor, None] * scaled[:, None, :, factor]
    diagonal = np.arange(whole.shape[1])
    whole[:, diagonal, diagonal] += prior.unique * share
    return whole


def _evidence(prior: JointPrior, sweep: _Sweep) -> FloatArray:
    """Return Z of each component (Rasmussen & Williams 2006, eq. 3.65), in two steps: each site is
    scaled to have, under its cavity, the chance that its likelihood has; then all sites are
    integrated over the prior. The greatest is between 1/2 and 1: chances multiply with their powers
    of two apart, since those of a hundred contradictory competences are below the smallest number.
    """
    tau, nu = sweep.sites.tau, sweep.sites.nu
    cavity, factors = sweep.cavity, sweep.factors
    under_cavity = 1.0 + tau * cavity.variance
    cavity_fit = (2.0 * nu - tau * cavity.mean) * cavity.mean + nu * nu * cavity.variance
    under_unique = 1.0 + tau * prior.unique
    prior_fit = (2.0 * nu - tau * prior.mean) * prior.mean + nu * nu * prior.unique
    factor_fit = np.add.reduce(factors.linear * factors.mean, axis=1)
    exponent = 0.5 * (
        np.add.reduce(prior_fit / under_unique - cavity_fit / under_cavity, axis=1) + factor_fit
    )
    ratio = sweep.tilted.chance * np.sqrt(under_cavity / under_unique)
    mantissa, powers = np.frexp(ratio)
    scale, power = np.frexp(np.multiply.reduce(mantissa, axis=1))
    exponent -= exponent.max()
    whole, rest = np.frexp(scale * stable_decay(exponent) / np.sqrt(factors.determinant))
    power += rest + np.add.reduce(powers, axis=1)
    evidence: FloatArray = np.ldexp(whole, power - power.max())
    return evidence
