"""Starts the portal's processes, keeps them running, and leaves nothing behind when it ends."""
