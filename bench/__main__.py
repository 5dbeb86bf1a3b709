"""`python -m bench [case…]`."""

from bench.run import main

raise SystemExit(main())
