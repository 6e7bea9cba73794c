"""Reports of tests: as data, as pages, and compared with each other."""
