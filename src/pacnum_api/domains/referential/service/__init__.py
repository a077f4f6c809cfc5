"""Verbs of the referential: read what is published, publish what is new."""

from pacnum_api.domains.referential.service.framework_files import read_framework_file
from pacnum_api.domains.referential.service.load_documents import load_documents
from pacnum_api.domains.referential.service.read_frameworks import (
    get_competence,
    get_correlation_matrix,
    get_crosswalk,
    get_framework,
    list_areas,
    list_competences,
    list_frameworks,
    list_learning_outcomes,
    list_levels,
)

__all__ = [
    "get_competence",
    "get_correlation_matrix",
    "get_crosswalk",
    "get_framework",
    "list_areas",
    "list_competences",
    "list_frameworks",
    "list_learning_outcomes",
    "list_levels",
    "load_documents",
    "read_framework_file",
]
