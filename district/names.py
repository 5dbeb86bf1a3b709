"""Names and codes of the synthetic district: real towns and rivers, invented stations, firms and people.

Invariant: nothing here can be taken for a real firm, device or person. Stations and firms carry 合成 or 演示 in
their names, credit codes carry the body XNHC (no registered body has it), MNs begin with EE, telephone numbers
come from the prefix 154, which is not assigned.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Town:
    """A town of Keqiao (codes and names are the real ones); the rest is the generator's guess at its character.

    dirt: factor on air pollution (1 = district mean); quality: water class the rivers there tend to (2..4).
    """

    code: str
    name: str
    lon: float
    lat: float
    dirt: float
    quality: float
    has_wetland: bool
    is_hilly: bool


TOWNS: tuple[Town, ...] = (
    Town("330603001", "柯桥街道", 120.49, 30.08, 1.06, 3.0, True, False),
    Town("330603002", "柯岩街道", 120.45, 30.06, 1.00, 2.8, True, False),
    Town("330603003", "华舍街道", 120.46, 30.11, 1.08, 3.1, True, False),
    Town("330603004", "湖塘街道", 120.39, 30.04, 0.97, 2.6, True, True),
    Town("330603005", "齐贤街道", 120.53, 30.13, 1.12, 3.3, False, False),
    Town("330603006", "福全街道", 120.49, 30.03, 0.99, 2.9, False, False),
    Town("330603007", "安昌街道", 120.49, 30.14, 1.11, 3.4, True, False),
    Town("330603008", "兰亭街道", 120.48, 29.94, 0.91, 2.4, False, True),
    Town("330603009", "钱清街道", 120.39, 30.11, 1.13, 3.5, False, False),
    Town("330603010", "杨汛桥街道", 120.32, 30.11, 1.10, 3.2, False, False),
    Town("330603011", "马鞍街道", 120.60, 30.17, 1.16, 3.4, True, False),
    Town("330603105", "平水镇", 120.60, 29.92, 0.86, 2.1, True, True),
    Town("330603107", "王坛镇", 120.71, 29.75, 0.78, 1.9, False, True),
    Town("330603109", "稽东镇", 120.63, 29.75, 0.80, 2.0, False, True),
    Town("330603111", "漓渚镇", 120.44, 29.97, 0.94, 2.6, False, True),
    Town("330603114", "夏履镇", 120.33, 30.02, 0.90, 2.3, False, True),
)

# river or lake, its kind, the town where its sections stand (index in TOWNS), role, shared with a neighbour
SECTIONS: tuple[tuple[str, str, int, str, bool], ...] = (
    ("浙东运河", "river", 0, "control", False),
    ("瓜渚湖", "lake", 0, "control", False),
    ("鉴湖", "lake", 1, "control", False),
    ("大坂湖", "lake", 2, "control", False),
    ("浙东运河", "river", 2, "control", False),
    ("鉴湖", "lake", 3, "control", False),
    ("西小江", "river", 4, "control", False),
    ("曹娥江", "river", 10, "outbound", True),
    ("娄宫江", "river", 5, "control", False),
    ("西小江", "river", 6, "control", False),
    ("娄宫江", "river", 7, "control", False),
    ("浙东运河", "river", 8, "control", True),
    ("西小江", "river", 8, "control", False),
    ("西小江", "river", 9, "control", True),
    ("平水江水库", "lake", 11, "control", False),
    ("平水东江", "river", 11, "outbound", False),
    ("小舜江", "river", 12, "outbound", False),
    ("小舜江", "river", 13, "control", False),
    ("漓渚江", "river", 14, "control", False),
    ("夏履江", "river", 15, "control", False),
    ("浙东运河", "river", 0, "outbound", True),
    ("鉴湖", "lake", 5, "control", False),
    ("平水西江", "river", 7, "control", False),
    ("夏履江", "river", 9, "outbound", False),
    ("曹娥江", "river", 10, "control", False),
    ("平水东江", "river", 11, "control", False),
    ("小舜江", "river", 12, "control", False),
    ("漓渚江", "river", 14, "outbound", False),
)

USCC_CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
STREETS = ("演示一路", "演示二路", "示范大道", "样例弄", "虚构新村", "假想花园", "示例桥头", "模拟工业园")


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each part, so that one part's change moves no other part's data."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def uscc_check(body: str) -> str:
    """Check character of 17 characters of a unified social credit code (GB 32100: weights 3^i mod 31)."""
    total = sum(USCC_CHARS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return USCC_CHARS[(31 - total % 31) % 31]


def uscc(number: int) -> str:
    """A credit code with a right check character and the impossible body XNHC<number>."""
    body = f"91330603XNHC{number:05d}"
    return body + uscc_check(body)


def mn(seed: int, number: int) -> str:
    """An HJ 212 device identifier of 24 hexadecimal characters, marked EE in front."""
    return f"EE330603{seed % 65536:04X}{number:012X}"


def phone(number: int) -> str:
    """A telephone number in the unassigned prefix 154."""
    return f"1540{number % 10_000_000:07d}"
