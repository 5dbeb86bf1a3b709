"""Made-up HJ 212 traffic as a gateway logs it: gas and water outlets of both dialects, answers, and faulty packets."""

from __future__ import annotations

import random

from extract.readers.hj212_rules import crc

_GAS = "a00000 a01011 a01012 a01013 a01014 a19001 a21002 a21005 a21026 a34013 a24088".split()
_GAS_OLD = "B02 S01 S02 S03 S05 S08 01 02 03".split()
_WATER = "w00000 w01001 w01010 w01018 w21001 w21003 w21011".split()
_CONVERTED = {"a21002", "a21026", "a34013", "01", "02", "03"}


def packet(segment: bytes, length: int | None = None, code: int | None = None) -> bytes:
    """A whole packet without its line end; length and CRC are right unless given."""
    return b"##%04d%s%04X" % (
        len(segment) if length is None else length,
        segment,
        crc(segment) if code is None else code,
    )


def _segment(rng: random.Random, second: int) -> str:
    """A data segment; real-time packets (every 30–60 s) outnumber ten-minute and hourly ones, as on a real line."""
    when = f"202601{1 + second // 86400 % 28:02d}{second // 3600 % 24:02d}{second // 60 % 60:02d}{second % 60:02d}"
    outlet = rng.randrange(120)
    kind = rng.random()
    if kind < 0.12:
        return f"QN={when}{rng.randrange(1000):03d};ST=31;CN=9014;PW=123456;MN=33060300{outlet:06d};Flag=5;CP=&&&&"
    old = outlet % 8 == 0
    water = outlet % 3 == 0
    factors = _WATER if water else _GAS_OLD if old else _GAS
    cn = "2011" if kind < 0.82 else "2051" if kind < 0.96 else "2061"
    items = []
    for code in factors:
        mean = rng.uniform(0.01, 300)
        if cn == "2011":
            item = f"{code}-Rtd={mean:.3f}"
            if code in _CONVERTED:
                item += f",{code}-ZsRtd={mean * 1.3:.3f}"
        else:
            item = f"{code}-Cou={mean / 7:.4f},{code}-Min={mean * 0.9:.3f},{code}-Avg={mean:.3f},{code}-Max={mean * 1.1:.3f}"
            if code in _CONVERTED:
                item += (
                    f",{code}-ZsMin={mean:.2f},{code}-ZsAvg={mean * 1.2:.2f},{code}-ZsMax={mean * 1.4:.2f}"
                )
        items.append(item + f",{code}-Flag={'N' if rng.random() < 0.97 else 'D'}")
    head = "" if old else f"QN={when}{rng.randrange(1000):03d};"
    flag = "" if old else "Flag=5;"
    return (
        f"{head}ST={32 if water else 31};CN={cn};PW=123456;MN=33060300{outlet:06d};{flag}"
        f"CP=&&DataTime={when};{';'.join(items)}&&"
    )


def _faulty(rng: random.Random, segment: bytes) -> bytes:
    kind = rng.randrange(9)
    good = packet(segment)
    if kind == 0:
        i = rng.randrange(len(segment) // 2, len(segment) - 3)
        return good[: 6 + i] + b"7" + good[7 + i :]
    if kind == 1:
        code = crc(segment)
        return packet(segment, code=(code >> 8) | ((code & 255) << 8))
    if kind == 2:
        return packet(segment, length=len(segment) + rng.choice((-3, -1, 2, 9)))
    if kind == 3:
        return good[: rng.randrange(40, len(good) - 8)]
    if kind == 4:
        return b"##%d%s" % (min(len(segment), 999), good[6:])
    if kind == 5:
        return packet(segment.replace(b"MN=33060300", b"MN=;X="))
    if kind == 6:
        return packet(
            segment.replace(b"DataTime=202601", b"DataTime=202613").replace(b"&&&&", b"&&DataTime=2026&&")
        )
    if kind == 7:
        return good[2:]
    return good.lower() if rng.random() < 0.1 else good[:-4]


def log(count: int, seed: int = 1) -> bytes:
    """About `count` packets inside log lines; 1 % are faulty and 1 % are sent twice."""
    rng = random.Random(seed)
    lines: list[bytes] = []
    for i in range(count):
        segment = _segment(rng, i * 7).encode()
        one = _faulty(rng, segment) if rng.random() < 0.01 else packet(segment)
        line = b"2026-01-01 00:00:00,%03d [rx-%d] recv: %s\r\n" % (i % 1000, i % 4, one)
        lines.append(line)
        if rng.random() < 0.01:
            lines.append(line)
    return b"".join(lines)
