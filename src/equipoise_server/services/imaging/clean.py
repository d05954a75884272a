"""From the bytes that somebody sent to a file that may be kept."""

from __future__ import annotations

from equipoise.errors import FileRefused, listed, say
from equipoise_server.services.imaging import dicom, pdf, png
from equipoise_server.services.imaging.cleaned import Cleaned, Wanted
from equipoise_server.services.imaging.kinds import kind_of

_BY_KIND = {"dicom": dicom.cleaned, "png": png.cleaned, "pdf": pdf.cleaned}


def clean(data: bytes, wanted: Wanted) -> Cleaned:
    """The de-identified file. What was sent is neither kept nor written anywhere.

    Raises:
        FileRefused: it is not what it says, damaged, too large packed or unpacked, of a kind
            that is not taken here, or holds what may not be in it.

    """
    kind = kind_of(data, wanted.largest)
    if kind not in wanted.kinds:
        raise FileRefused(
            say(
                "here {kinds} files are taken, this is {kind}",
                kinds=listed(wanted.kinds, " and "),
                kind=kind,
            )
        )
    done = _BY_KIND[kind](data, wanted)
    if len(done.data) > 2 * wanted.largest:
        raise FileRefused("it is too large when it is unpacked")
    return done
