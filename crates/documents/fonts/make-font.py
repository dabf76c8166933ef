"""Writes the subset of Noto Sans CJK SC that documents are set in: make-font.py NotoSansCJK-Regular.ttc characters.txt OUT"""
import subprocess, sys, unicodedata
source, listed, out = sys.argv[1:]
text = set(open(listed, encoding="utf-8").read()) - {"\n", "\r"}
for lead in range(0xA1, 0xF8):
    for trail in range(0xA1, 0xFF):
        try:
            text.add(bytes([lead, trail]).decode("gb2312"))
        except UnicodeDecodeError:
            pass
ranges = [(0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x2460, 0x2473), (0x3000, 0x303F), (0xFF00, 0xFFEF)]
text.update(chr(c) for a, b in ranges for c in range(a, b + 1))
text.update("℃㎡№㎎㎏㎜㎝㎞☐☑□■●○◆△▲▽▼★☆→←↑↓…—–•")
open("text.txt", "w", encoding="utf-8").write("".join(sorted(text)))
subprocess.check_call([sys.executable, "-m", "fontTools.subset", source, "--font-number=2", "--text-file=text.txt",
    "--layout-features=halt,locl,ccmp,liga", "--no-hinting", "--output-file=" + out, "--name-IDs=*", "--notdef-outline"])
