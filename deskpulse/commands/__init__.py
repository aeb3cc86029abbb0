"""One command a file; `deskpulse.cli` puts them together."""
