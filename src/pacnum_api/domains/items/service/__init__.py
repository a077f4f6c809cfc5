"""Verbs of items: load, publish, present, grade, preview, report."""

from pacnum_api.domains.items.policy.file_packers import load_packers
from pacnum_api.domains.items.schemas.presented import (
    ItemContent,
    PresentedFile,
    PresentedInteraction,
)
from pacnum_api.domains.items.schemas.responses import ResponsePayload
from pacnum_api.domains.items.service.bank_memory import (
    BankNotices,
    count_banks,
    find_cached_bank,
    forget_banks,
    get_bank,
    recall_shipped_banks,
)
from pacnum_api.domains.items.service.banks import BANK_CHANNEL, current_bank
from pacnum_api.domains.items.service.exposure import (
    ExposureUse,
    begin_exposure,
    end_exposure,
    reserve_exposure,
)
from pacnum_api.domains.items.service.item_bank import ItemBank
from pacnum_api.domains.items.service.load_items import load_items
from pacnum_api.domains.items.service.preview_item import preview_item
from pacnum_api.domains.items.service.publish_parameters import publish_parameters, wordings_of
from pacnum_api.domains.items.service.read_documents import Reading, read_documents
from pacnum_api.domains.items.service.read_items import list_items, list_versions, read_item
from pacnum_api.domains.items.service.report_bank import (
    BankCoverage,
    BankReport,
    BankUse,
    ReportSettings,
    read_bank_use,
    report_bank,
    report_json,
    report_text,
)
from pacnum_api.domains.items.service.report_item import report_item

__all__ = [
    "BANK_CHANNEL",
    "BankCoverage",
    "BankNotices",
    "BankReport",
    "BankUse",
    "ExposureUse",
    "ItemBank",
    "ItemContent",
    "PresentedFile",
    "PresentedInteraction",
    "Reading",
    "ReportSettings",
    "ResponsePayload",
    "begin_exposure",
    "count_banks",
    "current_bank",
    "end_exposure",
    "find_cached_bank",
    "forget_banks",
    "get_bank",
    "list_items",
    "list_versions",
    "load_items",
    "load_packers",
    "preview_item",
    "publish_parameters",
    "read_bank_use",
    "read_documents",
    "read_item",
    "recall_shipped_banks",
    "report_bank",
    "report_item",
    "report_json",
    "report_text",
    "reserve_exposure",
    "wordings_of",
]
