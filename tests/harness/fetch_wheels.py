"""Makes good and evil wheels below the folder given, for fetch_wheel_test and fetch_pip_test."""

import os
import stat
import sys
import zipfile

PART = bytes((i * 3) % 256 for i in range(10_000))


def wheel(folder, name, members, version="1.0"):
    """members: (name or ZipInfo, bytes); a list, so that a name can occur twice."""
    info = f"{name}-{version}.dist-info"
    path = os.path.join(folder, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
        archive.writestr(f"{info}/METADATA",
                         f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL",
                         "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def with_mode(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def main(folder):
    os.makedirs(folder, exist_ok=True)
    wheel(folder, "good", [("good/data.bin", PART)])
    wheel(folder, "part_a", [("part_a/data.bin", PART)])
    wheel(folder, "part_b", [("part_b/data.bin", PART[::-1])])
    wheel(folder, "slip", [("good/data.bin", PART), ("../../evil", b"x")])
    wheel(folder, "absolute", [("good/data.bin", PART), ("/tmp/evil", b"x")])
    wheel(folder, "backslash", [("good/data.bin", PART), ("..\\evil", b"x")])
    wheel(folder, "control", [("good/data.bin", PART), ("a\x1b[2Jb", b"x")])
    wheel(folder, "link", [(with_mode("good/data.bin", stat.S_IFLNK | 0o777), b"/etc/passwd")])
    wheel(folder, "device", [("good/data.bin", PART), (with_mode("d", stat.S_IFCHR | 0o666), b"")])
    wheel(folder, "missing", [("good/other.bin", PART)])
    wheel(folder, "bomb", [("good/data.bin", bytes(50_000_000))])
    wheel(folder, "small", [("good/data.bin", PART[:-1])])
    wheel(folder, "crowd", [(f"m{i}", b"") for i in range(10_001)])

    import warnings
    warnings.simplefilter("ignore")  # zipfile warns of the name it writes twice
    wheel(folder, "twice", [("good/data.bin", PART), ("good/data.bin", PART)])

    # Headers that lie about the size: 50 MB said to be 10,000 bytes.
    data = bytearray(open(os.path.join(folder, "bomb-1.0-py3-none-any.whl"), "rb").read())
    said = (10_000).to_bytes(4, "little")
    true = (50_000_000).to_bytes(4, "little")
    with open(os.path.join(folder, "liar-1.0-py3-none-any.whl"), "wb") as out:
        out.write(bytes(data).replace(true, said))

    # A flipped bit in the compressed data.
    data = bytearray(open(os.path.join(folder, "good-1.0-py3-none-any.whl"), "rb").read())
    data[60] ^= 1
    with open(os.path.join(folder, "flipped-1.0-py3-none-any.whl"), "wb") as out:
        out.write(data)
    with open(os.path.join(folder, "rubbish-1.0-py3-none-any.whl"), "wb") as out:
        out.write(bytes(range(256)) * 40)


if __name__ == "__main__":
    main(sys.argv[1])
