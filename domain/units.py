"""How large units are in one another: whole numbers, which become what they are counted with."""

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
WEEK_S = 7 * DAY_S

J_PER_WH = 3600
WH_PER_KWH = 1000
KWH_PER_MWH = 1000
WH_PER_MWH = WH_PER_KWH * KWH_PER_MWH
J_PER_KWH = J_PER_WH * WH_PER_KWH
W_PER_KW = 1000
G_PER_KG = 1000

BYTES_PER_MIB = 1 << 20
BYTES_PER_GIB = 1 << 30
#: Heat that a litre of water takes up for each kelvin [Wh/(l K)]: 4.186 kJ (CRC Handbook, 15 degC).
WATER_WH_PER_L_K = 4.186 / 3.6
