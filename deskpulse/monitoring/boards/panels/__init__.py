"""What boards are made of: kinds of panels, tiles, tables, scales, and their places on a sheet."""
