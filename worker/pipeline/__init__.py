"""From a claim to a written result. Nothing here knows Celery or Flask."""
