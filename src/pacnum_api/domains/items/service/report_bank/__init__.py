"""What a bank covers, measures and lacks: ``report_bank``, its tables, its files.

``files`` draws plots and is imported by whoever writes them, because that takes a second.
"""

from pacnum_api.domains.items.service.report_bank.coverage import BankCoverage
from pacnum_api.domains.items.service.report_bank.document import report_json
from pacnum_api.domains.items.service.report_bank.report import (
    BankReport,
    BankUse,
    ReportSettings,
    read_bank_use,
    report_bank,
)
from pacnum_api.domains.items.service.report_bank.text import report_text

__all__ = [
    "BankCoverage",
    "BankReport",
    "BankUse",
    "ReportSettings",
    "read_bank_use",
    "report_bank",
    "report_json",
    "report_text",
]
