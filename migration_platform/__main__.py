"""`python -m migration_platform`: the command line, where the `migration` script is not at hand."""

from migration_platform.command import main

main()
