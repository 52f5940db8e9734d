"""serve_process.py ASSAY ARGUMENTS...: runs `assay serve`, prints its port (0: this build has
none), and ends it when the input closes."""

import re
import subprocess
import sys


def main():
    command = [sys.argv[1], "serve", "--port", "0"] + sys.argv[2:]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    match = re.search(r":(\d+)/", server.stdout.readline())
    print(match.group(1) if match else 0, flush=True)
    sys.stdin.read()
    server.terminate()
    server.wait()


main()
