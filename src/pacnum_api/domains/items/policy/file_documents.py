"""Messages, notes and printed pages: the same bytes for the same words."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from pacnum_api.domains.items.policy.expressions import ExpressionFailed
from pacnum_api.domains.items.policy.file_packers import page_packer
from pacnum_api.domains.items.policy.wording import Wording
from pacnum_api.domains.items.types import EmailFile, PdfFile, TextFile

_BOUNDARY: Final = "=_pacnum_part"
# the core fonts have no narrow no-break space; the plain one looks the same in print
_FOR_PRINT: Final = str.maketrans({"\u202f": "\u00a0", "\u2011": "-", "−": "-", "\t": "    "})


def text_bytes(file: TextFile, words: Wording) -> bytes:
    """UTF-8; a final line feed, as text files end with."""
    text = words.say(file.text)
    return (text if text.endswith("\n") else text + "\n").encode()


def email_bytes(file: EmailFile, words: Wording) -> bytes:
    """An RFC 5322 message. Raises ExpressionFailed when a header cannot be one."""
    message = EmailMessage(policy=SMTP)
    try:
        _address(message, file, words=words)
    except (ValueError, IndexError, AttributeError) as error:  # what the header parser raises
        raise ExpressionFailed(f"a header of {file.name.fr} is not valid: {error}") from error
    message.set_content(words.say(file.text))
    for name in file.attachments:
        message.add_attachment(
            b"", maintype="application", subtype="octet-stream", filename=words.plain(name)
        )
    if message.is_multipart():
        message.set_boundary(_BOUNDARY)
    return message.as_bytes()


def _address(message: EmailMessage, file: EmailFile, *, words: Wording) -> None:
    for name, value in file.headers:
        message[name] = words.plain(value)
    message["From"] = words.say(file.sender)
    message["To"] = words.say(file.to)
    if file.reply_to is not None:
        message["Reply-To"] = words.say(file.reply_to)
    message["Date"] = format_datetime(datetime.fromisoformat(words.plain(file.date)))
    message["Subject"] = words.say(file.subject)


def pdf_bytes(file: PdfFile, words: Wording) -> bytes:
    """A4 pages with a title. Raises ExpressionFailed on characters outside Windows-1252."""
    return page_packer()(printable_paragraphs(file, words), words.locale)


def printable_paragraphs(file: PdfFile, words: Wording) -> list[str]:
    """The title, then the paragraphs. Raises ExpressionFailed on what cannot be printed."""
    return [_printable(words.say(text)) for text in (file.title, *file.paragraphs)]


def _printable(text: str) -> str:
    text = text.translate(_FOR_PRINT)
    try:
        text.encode("cp1252")
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ExpressionFailed(f"{character!r} cannot be printed in a PDF") from error
    return text
