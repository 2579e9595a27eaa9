"""The way in: `python app.py` serves; `python app.py --help` lists every other command."""
import sys

if __name__ == "__main__":
    from socialdesk.cli import main
    sys.exit(main())
