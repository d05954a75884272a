"""Uploads are held in memory: nothing that somebody sends is ever written to a disk by itself."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

MIB = 1024 * 1024
LARGEST = 128 * MIB
"""All files of one request of somebody who is signed in, in bytes."""
STRANGERS = MIB


class InMemory(FileUploadHandler):
    """Keeps the files of a request in memory; where they are too large, none of them arrives."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._held = BytesIO()
        self._whole = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin the next file."""
        super().new_file(*args, **kwargs)
        self._held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece, within the limit of the whole request."""
        user = getattr(self.request, "user", None)
        limit = LARGEST if getattr(user, "is_authenticated", False) else STRANGERS
        self._whole += len(raw_data)
        if self._whole > limit:
            self._held = BytesIO()
            raise StopUpload(connection_reset=False)
        self._held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, whole."""
        self._held.seek(0)
        return InMemoryUploadedFile(
            file=self._held,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
