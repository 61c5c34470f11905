"""A file's bytes as text: by its mark, as UTF-8, else in the encoding that is likeliest for its letters."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from model.errors import SettingsProblem

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CODEPAGES: Final = [
    "cp1252", "cp1250", "cp1251", "cp932", "gb18030", "big5", "cp949", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp874", "euc_jp", "cp850", "mac_roman",
]  # fmt: skip
"""What spreadsheets write besides UTF-8. Of two that fit equally well, the first is the commonest."""
SAMPLE: Final = 65_536
LOST: Final = "\ufffd"
MUST_READ: Final = 0.5
"""The share of the lines with foreign letters that makes a file UTF-8, although a few of its bytes are not."""


@dataclass(frozen=True)
class Decoded:
    """A text and its encoding. `guessed`: nothing but its letters shows the encoding."""

    text: str
    encoding: str
    guessed: bool = False

    @property
    def lost(self) -> int:
        """How many characters could not be read."""
        return self.text.count(LOST)


def decode(raw: bytes, named: str | None = None) -> Decoded:
    """The text of a file. `named`: the encoding of the settings; raises SettingsProblem where there is none of it."""
    if named:
        return Decoded(raw.decode(_known(named), "replace"), named)
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            return Decoded(raw.decode(encoding, "replace"), encoding)
    if (start := raw[:200]).count(0) * 4 > len(start):
        encoding = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
        return Decoded(raw.decode(encoding, "replace"), encoding)
    try:
        return Decoded(raw.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _without_mark(raw)


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise SettingsProblem(
            f"encoding = '{name}' is no encoding known here; write one such as utf-8, windows-1250 or shift_jis."
        ) from None


def _without_mark(raw: bytes) -> Decoded:
    foreign = [line for line in raw.splitlines() if not line.isascii()]
    if sum(map(_is_utf8, foreign)) >= MUST_READ * len(foreign):
        return Decoded(raw.decode("utf-8", "replace"), "utf-8")
    for encoding in _likeliest(b"\n".join(foreign)[:SAMPLE]):
        try:
            return Decoded(raw.decode(encoding), encoding, guessed=True)
        except UnicodeDecodeError:
            continue
    return Decoded(raw.decode("latin-1"), "latin-1", guessed=True)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(sample: bytes) -> list[str]:
    """Encodings by how well they fit, the best first."""
    matches = from_bytes(sample, cp_isolation=CODEPAGES)
    best = [match for match in matches if match.chaos == matches[0].chaos]
    equal = {name for match in best for name in match.could_be_from_charset}
    first = ["cp1252"] if "cp1252" in equal else []
    return [*first, *(match.encoding for match in matches), "cp1252"]
