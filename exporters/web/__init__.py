"""The web server: pages, the JSON API and its OpenAPI description, access control and log-in."""
