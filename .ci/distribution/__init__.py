"""How wheel, sdist, ``genie.pyz`` and the list of its contents are made: ``make dist``. No part of the library."""
