"""What `genie doctor` looks at: the installation and the machine, a finding each."""
