"""JSON with exact decimals."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=65536)
def exact(text: str) -> Decimal:
    """A number as written, without trailing zeros or exponent: 1000.0, 1000.00 and 1.0E3 are all 1000."""
    number = Decimal(text).normalize()
    exponent = number.as_tuple().exponent
    return number.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else number


_decoder = json.JSONDecoder(parse_float=exact)


def load(content: bytes) -> Any:
    """Parsed JSON; raises ValueError where it is cut or garbled."""
    return _decoder.decode(content.decode())
