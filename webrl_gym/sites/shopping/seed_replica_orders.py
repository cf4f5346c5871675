"""The replica's order history of Emma Lopez: numbers, dates, statuses and totals of the original store.

An order's total is the sum of its lines and 5 dollars for each piece. Lines that no task is about hold only a price:
the generator picks what was bought.
"""

from __future__ import annotations

from typing import NamedTuple


class Order(NamedTuple):
    """One order.

    Attributes:
        number: Its number.
        created_at: When it was placed.
        status: Where it stands.
        bought: SKUs of listed products with the chosen option, a piece each.
        others: Prices in cents of what else was bought, a piece each.
    """

    number: int
    created_at: str
    status: str
    bought: tuple[tuple[str, str], ...] = ()
    others: tuple[int, ...] = ()


_TELEVISION, _PROJECTOR, _SPEAKER, _BASS = "B08YRHXNVM", "B09W62YJ8Q", "B003FVW3VA", "B07WQ3MDKF"
_DESK, _PRINTER, _SOFA, _TABLE, _COMFORTER = "B07XQ9TN5F", "B00JYG4O5M", "B08R5TBQ7L", "B07JGFZ15V", "B08LNVD6QF"
_RECLINER, _KIT, _PLANTS, _PROTECTOR = "B093QK2MHS", "B0738JQG6Q", "B08DJ8KQ2N", "B09QFS7VKJ"
_BUTTER, _SMALL_BUTTER, _JUICE = "B00A1LPYN2", "B01DKLQ8AM", "B06XPLVJVB"

ORDERS = (
    Order(169, "2022-03-02 06:01:12", "Complete", (), (3838, 1799)),
    Order(160, "2022-03-02 15:04:12", "Canceled", (), (5999, 2720, 1299)),
    Order(173, "2022-03-10 07:03:09", "Canceled", (), (14995, 2465, 1699)),
    Order(168, "2022-03-26 10:17:44", "Complete", (), (1986,)),
    Order(159, "2022-04-05 12:30:05", "Complete", (), (4497, 2299)),
    Order(181, "2022-05-29 16:42:31", "Complete", (), (5449, 2499, 1499)),
    Order(182, "2022-06-30 08:21:57", "Canceled", (), (9999, 3558, 2299)),
    Order(167, "2022-07-05 11:09:20", "Complete", (), (4932, 2799)),
    Order(149, "2022-07-18 19:55:02", "Canceled", ((_TABLE, ""),), (2468, 1499)),
    Order(155, "2022-08-03 09:37:48", "Complete", (), (2899,)),
    Order(172, "2022-08-14 13:28:15", "Canceled", ((_KIT, ""),), (2767, 1399)),
    Order(165, "2022-08-28 20:11:36", "Complete", ((_SMALL_BUTTER, ""),), (1299,)),
    Order(175, "2022-09-09 07:45:50", "Complete", (), (5499, 2589, 1499, 999, 799)),
    Order(179, "2022-09-29 14:02:26", "Complete", ((_PROJECTOR, ""), (_COMFORTER, "")), (8956, 3199, 2499)),
    Order(185, "2022-10-03 23:06:56", "Complete", (), (1399,)),
    Order(178, "2022-10-09 10:50:13", "Complete", (), (24990, 5599, 2495)),
    Order(177, "2022-10-18 17:31:09", "Canceled", ((_TELEVISION, ""),), (12999, 5734, 1999)),
    Order(176, "2022-10-22 12:14:41", "Complete", ((_SOFA, ""),), (8999, 4499, 2011, 1499)),
    Order(183, "2022-11-04 09:58:33", "Complete", (), (2195, 1999)),
    Order(171, "2022-11-17 18:23:07", "Complete", (), (7909, 2499, 1399)),
    Order(164, "2022-11-26 15:36:54", "Complete", (), (15499, 2819, 1999)),
    Order(174, "2022-12-05 08:04:19", "Complete", ((_JUICE, ""),), (800,)),
    Order(162, "2022-12-12 21:27:30", "Complete", (), (2699, 1630)),
    Order(184, "2022-12-14 07:13:41", "Complete", (), (1549,)),
    Order(154, "2022-12-18 19:16:11", "Complete", (), (4699, 2217, 1299)),
    Order(163, "2023-01-16 21:25:53", "Complete", ((_BUTTER, ""),), (3999, 2881, 2299)),
    Order(148, "2023-01-29 17:29:11", "Complete", ((_SPEAKER, ""),), (9995, 4571, 2499)),
    Order(157, "2023-02-09 02:06:57", "Complete", ((_PLANTS, "Color: Green-vines"),), (6804, 6229)),
    Order(158, "2023-02-11 11:40:22", "Canceled", (), (16999,)),
    Order(156, "2023-02-24 16:19:05", "Canceled", (), (11999, 4999, 2499, 1657)),
    Order(161, "2023-02-27 10:33:47", "Complete", ((_RECLINER, ""), (_COMFORTER, "")), (5499, 2499, 1723, 1499)),
    Order(166, "2023-03-10 21:01:11", "Complete", (), (1299,)),
    Order(180, "2023-03-11 09:44:12", "Complete", ((_PROTECTOR, ""),), (1934, 1799)),
    Order(187, "2023-05-02 13:16:43", "Pending", ((_BASS, ""),)),
    Order(188, "2023-05-02 13:19:42", "Pending", ((_DESK, ""),)),
    Order(189, "2023-05-02 13:21:19", "Pending", ((_PRINTER, ""),)),
    Order(170, "2023-05-17 23:39:44", "Canceled", (), (11948, 13898, 9196)),
)

OTHER_NUMBERS = (*range(129, 148), 150, 151, 152, 153, 186, 190, 191)
"""Orders of other customers."""
