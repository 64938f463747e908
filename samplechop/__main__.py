"""`python -m samplechop`: the command line."""

from samplechop.offline.cli.main import main

if __name__ == "__main__":
    main()
