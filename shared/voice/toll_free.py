"""Which numbers are toll-free: Microsoft Graph does not say it, the published numbering plans do.

Sources: ITU, "National Numbering Plans", as each country communicates its own (Recommendation ITU-T E.129); ITU-T
E.169.1 for the universal international freephone numbers; FCC, "What Is a Toll-Free Number and How Does it Work?" for
North America; Ofcom, "The National Telephone Numbering Plan". Compared with the metadata of libphonenumber 9.0.
Numbers at shared or local rates are not toll-free.
"""

from __future__ import annotations

import msgspec

from shared.voice.identifiers import dialled


class TollFreeRange(msgspec.Struct, frozen=True, gc=False):
    """Numbers that cost their callers nothing.

    `place` is a country's code of two letters, `NANP` for North America, or `UIFN` for the numbers of no country. They
    begin with `prefix`, and have `shortest` to `longest` digits, the country code's included: local numbers of some
    countries begin alike, and are shorter.
    """

    place: str
    prefix: str
    shortest: int
    longest: int


TOLL_FREE: tuple[TollFreeRange, ...] = (
    TollFreeRange("NANP", "+1800", 11, 11),
    TollFreeRange("NANP", "+1833", 11, 11),
    TollFreeRange("NANP", "+1844", 11, 11),
    TollFreeRange("NANP", "+1855", 11, 11),
    TollFreeRange("NANP", "+1866", 11, 11),
    TollFreeRange("NANP", "+1877", 11, 11),
    TollFreeRange("NANP", "+1888", 11, 11),
    TollFreeRange("UIFN", "+800", 11, 11),
    TollFreeRange("AE", "+971800", 8, 15),
    TollFreeRange("AR", "+54800", 12, 13),
    TollFreeRange("AT", "+43800", 11, 15),
    TollFreeRange("AU", "+611800", 12, 12),
    TollFreeRange("AU", "+611802", 9, 9),
    TollFreeRange("BE", "+32800", 10, 10),
    TollFreeRange("BG", "+359800", 11, 11),
    TollFreeRange("BR", "+55800", 11, 12),
    TollFreeRange("CH", "+41800", 11, 11),
    TollFreeRange("CL", "+56800", 11, 11),
    TollFreeRange("CO", "+571800", 13, 13),
    TollFreeRange("CR", "+506800", 13, 13),
    TollFreeRange("CY", "+357800", 11, 11),
    TollFreeRange("CZ", "+420800", 12, 12),
    TollFreeRange("DE", "+49800", 12, 17),
    TollFreeRange("DK", "+4580", 10, 10),
    TollFreeRange("EE", "+372800", 10, 13),
    TollFreeRange("ES", "+34800", 11, 11),
    TollFreeRange("ES", "+34900", 11, 11),
    TollFreeRange("FI", "+358800", 10, 12),
    TollFreeRange("FR", "+33800", 11, 11),
    TollFreeRange("FR", "+33801", 11, 11),
    TollFreeRange("FR", "+33802", 11, 11),
    TollFreeRange("FR", "+33803", 11, 11),
    TollFreeRange("FR", "+33804", 11, 11),
    TollFreeRange("FR", "+33805", 11, 11),
    TollFreeRange("GB", "+44800", 11, 12),
    TollFreeRange("GB", "+44808", 12, 12),
    TollFreeRange("GR", "+30800", 12, 14),
    TollFreeRange("HK", "+852800", 12, 12),
    TollFreeRange("HR", "+385800", 10, 12),
    TollFreeRange("HU", "+3680", 10, 10),
    TollFreeRange("IE", "+3531800", 13, 13),
    TollFreeRange("IL", "+9721800", 13, 13),
    TollFreeRange("IN", "+911800", 10, 15),
    TollFreeRange("IT", "+39800", 11, 11),
    TollFreeRange("IT", "+39803", 8, 8),
    TollFreeRange("JP", "+81120", 11, 11),
    TollFreeRange("JP", "+81800", 12, 12),
    TollFreeRange("KR", "+8280", 11, 11),
    TollFreeRange("LT", "+370800", 11, 11),
    TollFreeRange("LU", "+352800", 11, 11),
    TollFreeRange("LV", "+37180", 11, 11),
    TollFreeRange("MT", "+356800", 11, 11),
    TollFreeRange("MX", "+52800", 12, 12),
    TollFreeRange("MY", "+601800", 12, 12),
    TollFreeRange("NL", "+31800", 9, 12),
    TollFreeRange("NO", "+47800", 10, 10),
    TollFreeRange("NO", "+47801", 10, 10),
    TollFreeRange("NZ", "+64508", 11, 12),
    TollFreeRange("NZ", "+64800", 11, 12),
    TollFreeRange("PE", "+51800", 10, 10),
    TollFreeRange("PH", "+631800", 13, 15),
    TollFreeRange("PL", "+48800", 11, 12),
    TollFreeRange("PT", "+351800", 12, 12),
    TollFreeRange("RO", "+40800", 11, 11),
    TollFreeRange("SE", "+4620", 8, 11),
    TollFreeRange("SG", "+65800", 12, 12),
    TollFreeRange("SG", "+651800", 13, 13),
    TollFreeRange("SI", "+38680", 9, 11),
    TollFreeRange("SK", "+421800", 12, 12),
    TollFreeRange("TH", "+661800", 12, 12),
    TollFreeRange("TR", "+90800", 12, 15),
    TollFreeRange("TW", "+886800", 12, 12),
    TollFreeRange("ZA", "+2780", 11, 11),
)
"""The ranges known here; a number of none of them counts as one that its callers pay for."""

_BY_PREFIX: dict[str, tuple[TollFreeRange, ...]] = {
    prefix: tuple(each for each in TOLL_FREE if each.prefix == prefix) for prefix in {each.prefix for each in TOLL_FREE}
}
_LENGTHS = sorted({len(prefix) for prefix in _BY_PREFIX})


def is_toll_free(e164: str) -> bool:
    """Whether callers pay nothing for calls to a number (`+` and digits; separators are passed over)."""
    number = dialled(e164)
    digits = len(number) - 1
    return number.startswith("+") and any(
        each.shortest <= digits <= each.longest for length in _LENGTHS for each in _BY_PREFIX.get(number[:length], ())
    )
