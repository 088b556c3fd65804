"""The countries that are known, one module each."""

from typing import Final

from genie.simulation.synthetic.countries.america import AMERICA
from genie.simulation.synthetic.countries.britain import BRITAIN
from genie.simulation.synthetic.countries.germany import GERMANY
from genie.simulation.synthetic.countries.india import INDIA
from genie.simulation.synthetic.countries.netherlands import NETHERLANDS
from genie.simulation.synthetic.country import Country

COUNTRIES: Final[dict[str, Country]] = {
    country.code: country for country in (INDIA, GERMANY, NETHERLANDS, BRITAIN, AMERICA)
}
