"""serve_process.py ASSAY ARGUMENTS...: runs `assay serve`, prints its port (0: this build has
none), and ends it when the input closes or a SIGTERM comes."""

import re
import signal
import subprocess
import sys


def main():
    command = [sys.argv[1], "serve", "--port", "0"] + sys.argv[2:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        match = re.search(r":(\d+)/", server.stdout.readline())
        print(match.group(1) if match else 0, flush=True)
        sys.stdin.read()
    finally:
        server.terminate()
        server.wait()


main()
