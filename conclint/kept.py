"""What a run leaves for the next one besides facts: tables, findings, and what each of them rests on.

The format, and the reading of it piece by piece: most of it is written again as it was read. It is msgpack with types,
which can run no code; what does not fit the types counts as not there, and what fits but cannot be right makes the run
that used it be thrown away for a whole one (`conclint.again`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from conclint.finding import Finding
from conclint.program.reads import Rest
from conclint.program.table import Key, Page
from conclint.suppress import Suppression


class KeptRest(msgspec.Struct, frozen=True, array_like=True):
    """A `Rest`: the bits of modules, the least first, and keys of four bytes each."""

    modules: bytes
    keys: bytes

    def touches(self, modules: int, keys: frozenset[int]) -> bool:
        """Whether it holds one of these modules or keys."""
        if int.from_bytes(self.modules, "little") & modules:
            return True
        return bool(keys) and bool(self.keys) and not keys.isdisjoint(array("I", self.keys))

    def plus(self, rest: Rest) -> KeptRest:
        """Both together."""
        modules = int.from_bytes(self.modules, "little") | rest.modules
        return kept_rest(Rest(modules, rest.keys.union(array("I", self.keys))))


class KeptTable(msgspec.Struct, array_like=True):
    """A table: its pages by name, and what the rows of each module rest on."""

    pages: dict[str, msgspec.Raw]
    rests: dict[int, KeptRest]


class KeptUnit(msgspec.Struct, frozen=True, array_like=True):
    """A `conclint.judge.Unit`."""

    rule: str
    module: int
    rest: KeptRest
    findings: msgspec.Raw


class Card(msgspec.Struct, frozen=True, array_like=True):
    """Of a module: the names that it uses, and the packages that it imports."""

    names: tuple[str, ...]
    packages: tuple[str, ...]


class Remark(msgspec.Struct, frozen=True, array_like=True):
    """What is to be said of a file whatever the rules find: where it does not parse, and its comments."""

    error: tuple[int, int, str] | None
    suppressions: tuple[Suppression, ...]


class Kept(msgspec.Struct, array_like=True):
    """What a run has left. `version` names the code, the settings and the names of modules that it holds for."""

    version: bytes
    paths: tuple[str, ...]
    digests: list[bytes]
    packages: dict[str, int]
    """How many modules import each."""
    cards: list[msgspec.Raw]
    remarks: dict[int, Remark]
    uses: msgspec.Raw
    names: dict[str, tuple[str, ...]]
    tables: dict[str, KeptTable]
    units: list[KeptUnit]


_encoder = msgspec.msgpack.Encoder()
_kept_decoder: msgspec.msgpack.Decoder[Kept] = msgspec.msgpack.Decoder(Kept)
_page_decoder: msgspec.msgpack.Decoder[Page] = msgspec.msgpack.Decoder(dict[Key, list[tuple[int | str, ...]]])
_uses_decoder: msgspec.msgpack.Decoder[dict[str, bytes]] = msgspec.msgpack.Decoder(dict[str, bytes])
_card_decoder: msgspec.msgpack.Decoder[Card] = msgspec.msgpack.Decoder(Card)
_findings_decoder: msgspec.msgpack.Decoder[tuple[Finding, ...]] = msgspec.msgpack.Decoder(tuple[Finding, ...])

NO_FINDINGS = _encoder.encode(())


def decode(data: bytes | memoryview) -> Kept | None:
    """What `encode` wrote, or None where it is damaged."""
    try:
        return _kept_decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError, MemoryError):
        return None


def encode(kept: Kept) -> bytes | None:
    """As bytes; None where a path or name is no text."""
    try:
        return _encoder.encode(kept)
    except UnicodeEncodeError:
        return None


def kept_rest(rest: Rest) -> KeptRest:
    """A rest as it is kept."""
    modules = rest.modules.to_bytes((rest.modules.bit_length() + 7) // 8, "little")
    return KeptRest(modules, array("I", sorted(rest.keys)).tobytes())


def raw_page(page: Page) -> msgspec.Raw:
    """A page as it is kept."""
    return msgspec.Raw(_encoder.encode({key: rows for key, rows in page.items() if rows}))


def page_of(raw: msgspec.Raw) -> Page:
    """The page that was kept."""
    return _page_decoder.decode(raw)


def raw_uses(uses: Mapping[str, Sequence[int]]) -> msgspec.Raw:
    """The modules in which each name is used, as they are kept."""
    return msgspec.Raw(_encoder.encode({name: array("I", numbers).tobytes() for name, numbers in uses.items()}))


def uses_of(raw: msgspec.Raw) -> dict[str, bytes]:
    """The modules that were kept, by name, four bytes each."""
    return _uses_decoder.decode(raw)


def raw_card(names: Iterable[str], packages: Iterable[str]) -> msgspec.Raw:
    """What is to be known of a module without reading it."""
    return msgspec.Raw(_encoder.encode(Card(tuple(names), tuple(packages))))


def card_of(raw: msgspec.Raw) -> Card:
    """The card that was kept."""
    return _card_decoder.decode(raw)


def raw_findings(findings: tuple[Finding, ...]) -> msgspec.Raw:
    """Findings as they are kept."""
    return msgspec.Raw(_encoder.encode(findings) if findings else NO_FINDINGS)


def findings_of(raw: msgspec.Raw) -> tuple[Finding, ...]:
    """The findings that were kept."""
    return _findings_decoder.decode(raw) if bytes(raw) != NO_FINDINGS else ()
