"""`python -m kgen`: the command."""

import sys

from kgen.cli import main

sys.exit(main())
