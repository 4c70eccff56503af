"""Countries as other shops' books write them, as ISO 3166 codes of two letters."""

from __future__ import annotations

# The three-letter codes (ISO 3166-1) of the countries that addresses are checked for; others come with two letters.
_ALPHA_3 = {
    "AUS": "AU", "AUT": "AT", "BEL": "BE", "BGR": "BG", "BRA": "BR", "CAN": "CA", "CHE": "CH", "CYP": "CY",
    "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE", "FIN": "FI", "FRA": "FR", "GBR": "GB",
    "GRC": "GR", "HRV": "HR", "HUN": "HU", "IRL": "IE", "ITA": "IT", "JPN": "JP", "LIE": "LI", "LTU": "LT",
    "LUX": "LU", "LVA": "LV", "MEX": "MX", "MLT": "MT", "NLD": "NL", "NOR": "NO", "NZL": "NZ", "POL": "PL",
    "PRT": "PT", "ROU": "RO", "SVK": "SK", "SVN": "SI", "SWE": "SE", "USA": "US",
}  # fmt: skip


def country_code(text: str) -> str:
    """The two-letter code that ``text`` (two or three letters) means. Raises ValueError for anything else."""
    code = text.strip().upper()
    if len(code) == 2 and code.isascii() and code.isalpha():
        return code
    if code in _ALPHA_3:
        return _ALPHA_3[code]
    raise ValueError("is no country code of two letters, nor one of three that is known here")
