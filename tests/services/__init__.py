"""Real PostgreSQL, Redis and Chromium for tests, each private to the process that runs them."""
