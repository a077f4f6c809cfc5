"""Linting a bank: leaks, reading level, repetitions, ageing facts, variants, keys proved again."""

from pacnum_api.domains.items.service.lint_bank.document import lint_json
from pacnum_api.domains.items.service.lint_bank.lint import BankLint, lint_bank
from pacnum_api.domains.items.service.lint_bank.notes import LintRules
from pacnum_api.domains.items.service.lint_bank.proofs import ProofsUnreadable
from pacnum_api.domains.items.service.lint_bank.text import lint_text
from pacnum_api.domains.items.service.lint_bank.whole import BankGoals, WholeBank

__all__ = [
    "BankGoals",
    "BankLint",
    "LintRules",
    "ProofsUnreadable",
    "WholeBank",
    "lint_bank",
    "lint_json",
    "lint_text",
]
