"""Files of a bill, its packing slips among them, and of the lines of an order.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill" and "Retrieve
a purchase order". What kind of address ``file`` holds is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import Payload, Reader, computed, payload, spare, strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _address(source: Reader) -> str:
    is_old = source.data.get("file") is None
    return source.required_text("attachment" if is_old else "file")


@payload
class Attachment(Payload):
    """One file; ``file`` is its address, absolute or relative to the tenant's.

    ``length`` is in bytes. Older files of order lines have neither a UUID nor a
    length, type or hash.
    """

    id: int | None = strict(Reader.optional_integer)
    uuid: str = strict(Reader.uuid)
    file: str = computed(_address)
    name: str = spare(Reader.text)
    mimetype: str = spare(Reader.word)
    length: int | None = spare(Reader.optional_integer)
    sha1_hash: str = spare(Reader.word)

    @property
    def external_id(self) -> str:
        """What identifies this file: the UUID, else its number, else ""."""
        if self.uuid or self.id is None:
            return self.uuid
        return f"id-{self.id}"

    @property
    def code(self) -> str:
        """A file has no code."""
        return ""

    @property
    def label(self) -> str:
        """The name, else the last part of the address."""
        return self.name or self.file.split("?")[0].rstrip("/").rpartition("/")[2]


def read_attachments(source: Reader, name: str) -> Iterator[Attachment]:
    """Yield the files of the list ``name``; an entry that cannot be read is no file."""
    if not isinstance(source.data.get(name), list):
        return  # a bill has a text where an order has the older list
    for entry in source.spare.children(name):
        found = source.if_readable(Attachment.read, entry)
        if found and found.file and found.external_id:
            yield found


def read_slips(source: Reader, name: str) -> Iterator[Attachment]:
    """Yield the packing slips of a line; a number has no address, and is no file."""
    slips = source.data.get(name)
    if isinstance(slips, list) and any(isinstance(slip, dict) for slip in slips):
        yield from read_attachments(source, name)


def each_once(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Skip files that came before."""
    found: dict[str, Attachment] = {}
    for attachment in attachments:
        found.setdefault(attachment.external_id, attachment)
    return tuple(found.values())
