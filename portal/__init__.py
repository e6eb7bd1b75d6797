"""The Greenstick portal. `portal.app.create_app` puts it together."""
