"""The supported countries, one module each."""

from typing import Final

from genie_finance.synthetic.countries.america import AMERICA
from genie_finance.synthetic.countries.britain import BRITAIN
from genie_finance.synthetic.countries.germany import GERMANY
from genie_finance.synthetic.countries.india import INDIA
from genie_finance.synthetic.countries.netherlands import NETHERLANDS
from genie_finance.synthetic.country import Country

COUNTRIES: Final[dict[str, Country]] = {
    country.code: country for country in (INDIA, GERMANY, NETHERLANDS, BRITAIN, AMERICA)
}
