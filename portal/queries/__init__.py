"""Every question to the database that a page or a worker asks. Nothing here changes anything."""
