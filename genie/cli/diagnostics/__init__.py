"""The checks of `genie doctor`, on the installation and the machine."""
