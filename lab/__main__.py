"""`python -m lab`: the command line, where the `lab` script is not on the PATH."""

from lab.cli import main

main()
