"""`python -m didww_async.cli`, the same as `didww`."""

import sys

from didww_async.cli import main

if __name__ == "__main__":
    sys.exit(main())
