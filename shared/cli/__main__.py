"""`python -m shared.cli`: the same command where it is not installed."""

import sys

from shared.cli.main import main

sys.exit(main())
