"""The commands, one a file; `deskpulse.cli` puts them together."""
