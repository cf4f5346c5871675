"""Text that every reader can carry: what pages and agents write may hold control characters and halves of others."""

from __future__ import annotations

import re

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def well_formed(text: str) -> str:
    """The text with the replacement character for each one that no document can hold.

    Those are control characters other than white space, lone surrogates, and the two that Unicode never assigns.
    """
    return _UNFIT.sub("\ufffd", text)
