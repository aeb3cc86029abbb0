"""`python -m deskpulse` is the command `deskpulse`."""

from deskpulse.cli import main

if __name__ == "__main__":
    main()
