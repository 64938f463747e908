"""`samplechop live` in a checkout: a record goes in, chop markers come out as MIDI notes."""

from samplechop.realtime.core.compile_notice import prepare_compiling
from samplechop.realtime.core.process import end_at_once
from samplechop.realtime.core.standard_streams import open_standard_files

if __name__ == "__main__":
    end_at_once()  # what is imported below takes its time
    open_standard_files()
    prepare_compiling()

from samplechop.realtime.cli import main

if __name__ == "__main__":
    main()
