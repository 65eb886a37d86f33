"""Temporary."""
from __future__ import annotations
from dataclasses import dataclass
from decimal import Decimal
from .arithmetic import Tax, _round, _plain
from .payloads import AccountCode, Department

@dataclass(frozen=True)
class S:
    account_code: object
    department: object
    amount: Decimal

@dataclass(frozen=True)
class OrderNetLine:
    source_id: int
    label: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    shares: tuple
    tax: Tax | None
    tax_amount: Decimal
    unit: str
    by_amount: bool

@dataclass(frozen=True)
class Extra:
    kind: str
    label: str
    amount: Decimal

@dataclass(frozen=True)
class R:
    lines: tuple
    extras: tuple
    total: Decimal
    computed: Decimal
    tolerance: Decimal
    @property
    def residue(self): return self.total - self.computed
    @property
    def adds_up(self): return abs(self.residue) <= self.tolerance

def reckon_order(order, cent):
    lines, extras = [], []
    for l in order.lines:
        if not l.active or l.order_id not in (None, order.id): continue
        q, p = l.quantity or Decimal(1), l.price or Decimal(0)
        amount = l.total_cost if l.total_cost is not None else _round(q*p, cent)
        allocs = l.allocations or ((l.fallback_account,) if l.fallback_account else ())
        shares = tuple(S(a.account_code, a.department, a.amount) for a in allocs)
        lines.append(OrderNetLine(l.id, l.name, q, p, amount, shares, None, Decimal(0), l.unit, _round(q*p, cent) != amount))
    sub = sum((l.amount for l in lines), Decimal(0))
    def adj(a):
        if not a: return Decimal(0)
        return _round(sub*a.value/100 if a.is_percentage else a.value, cent)
    for kind, amount in (("tax", adj(order.tax)), ("freight", order.freight or 0), ("other", order.other or 0), ("discount", -adj(order.discount))):
        if amount: extras.append(Extra(kind, kind.title(), _round(Decimal(amount), cent)))
    comp = sub + sum((e.amount for e in extras), Decimal(0))
    total = order.total if order.total is not None else comp
    return R(tuple(lines), tuple(extras), total, comp, cent*max(len(lines),1))

def implied_order_rate(order):
    if order.total_in_base and order.total_in_currency: return order.total_in_currency/order.total_in_base
    return None
