"""What `./run` calls: setting up, migrating, managing users."""
