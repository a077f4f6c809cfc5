"""Linear algebra on many small symmetric matrices at once, in a fixed order of operations.

LAPACK's last bits depend on the processor it was tuned for; these few routines do not: they are
multiplications, divisions and square roots of IEEE 754 in an order written here, vectorised over
the matrices. With at most some twenty rows that costs less than one call of a library and back.
"""

import numpy as np

from pacnum_api.psychometrics.arithmetic import FloatArray

_BISECTIONS = 48
_NEGLIGIBLE = 1e-12
_NO_RANK = 1e-9
_ASYMMETRY = 1e-9


def inverse(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return inverses and determinants of positive definite matrices: (M, q, q), (M,).

    Gauss-Jordan elimination in place without exchange of rows, which positive definite matrices
    do not need (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 14.4).
    """
    result = matrices.copy()
    determinant = np.ones(len(matrices))
    for pivot in range(matrices.shape[1]):
        scale = result[:, pivot, pivot].copy()
        determinant *= scale
        row = result[:, pivot, :] / scale[:, None]
        column = result[:, :, pivot].copy()
        result -= column[:, :, None] * row[:, None, :]
        result[:, pivot, :] = row
        result[:, :, pivot] = -column / scale[:, None]
        result[:, pivot, pivot] = 1.0 / scale
    return result, determinant


def cholesky(matrices: FloatArray) -> FloatArray:
    """Return the lower triangular factors L of positive definite matrices L Lᵀ, (M, K, K).

    ``ValueError`` if one of them is not positive definite.
    """
    rest = matrices.copy()
    factor = np.zeros_like(matrices)
    for column in range(matrices.shape[1]):
        pivot = rest[:, column, column]
        if not np.all(pivot > 0.0):
            raise ValueError("a covariance matrix must be positive definite")
        factor[:, :, column] = rest[:, :, column] / np.sqrt(pivot)[:, None]
        factor[:, :column, column] = 0.0
        rest -= factor[:, :, column, None] * factor[:, None, :, column]
    return factor


def split(correlation: FloatArray) -> tuple[float, FloatArray]:
    """Write a correlation matrix (K, K) as ``u I + F Fᵀ`` and return u and F, (K, q), q least.

    u is the smallest eigenvalue (by bisection on whether the rest is positive definite), so that
    the rest loses as many ranks as that eigenvalue has: a matrix with one correlation within areas
    and one across them leaves as many columns as there are areas. F comes from a Cholesky
    factorisation with pivoting (Higham 2002, section 10.3). ``ValueError`` unless the matrix is
    symmetric and positive definite.
    """
    if np.abs(correlation - correlation.T).max() > _ASYMMETRY:
        raise ValueError("a correlation matrix must be symmetric")
    correlation = (correlation + correlation.T) / 2.0
    unique = _smallest_eigenvalue(correlation)
    if unique <= _NEGLIGIBLE:
        raise ValueError("a correlation matrix must be positive definite")
    rest = correlation - unique * np.eye(len(correlation))
    columns: list[FloatArray] = []
    pivot = int(np.argmax(np.diagonal(rest)))
    while rest[pivot, pivot] > _NO_RANK:
        column = rest[:, pivot] / np.sqrt(rest[pivot, pivot])
        rest = rest - column[:, None] * column[None, :]
        columns.append(column)
        pivot = int(np.argmax(np.diagonal(rest)))
    factor = np.stack(columns, axis=1) if columns else np.zeros((len(correlation), 0))
    return unique, factor


def _smallest_eigenvalue(matrix: FloatArray) -> float:
    # The smallest eigenvalue is at most the smallest element of the diagonal.
    low, high = 0.0, float(np.diagonal(matrix).min())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        if _is_positive_definite(matrix - middle * np.eye(len(matrix))):
            low = middle
        else:
            high = middle
    return low


def _is_positive_definite(matrix: FloatArray) -> bool:
    rest = matrix.copy()
    for column in range(len(matrix)):
        pivot = rest[column, column]
        if pivot <= _NEGLIGIBLE:
            return False
        rest = rest - rest[:, column, None] * (rest[None, column, :] / pivot)
    return True
