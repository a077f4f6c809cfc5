"""Static pages that show a bank as agents see it, for authors, reviewers and blind solvers."""

from pacnum_api.domains.items.service.preview_bank.pages import (
    PreviewOptions,
    PreviewPages,
    preview_bank,
)

__all__ = ["PreviewOptions", "PreviewPages", "preview_bank"]
