"""Values that nobody can judge, kept by older versions, become unknown"""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"

MOST = Decimal(10) ** 16
FIRST, LAST = (date(year, 1, 1).toordinal() - date(1970, 1, 1).toordinal() for year in (1700, 4001))


def upgrade() -> None:
    run = op.get_bind()
    for key, amount, day, chance, unread in run.execute(
        sa.text("SELECT key, amount, close_date, probability, unread FROM opportunity")
    ).all():
        wrong = [name for name, bad in (
            ("amount", amount is not None and not is_money(amount)),
            ("close_date", day is not None and not FIRST <= day < LAST),
            ("probability", chance is not None and not 0 <= chance <= 1),
        ) if bad]  # fmt: skip
        if wrong:
            empty = ", ".join(f"{name} = NULL" for name in wrong)
            names = sorted({*(unread or "").strip(";").split(";"), *wrong} - {""})
            update = sa.text(f"UPDATE opportunity SET {empty}, unread = :unread WHERE key = :key")
            run.execute(update, {"unread": f";{';'.join(names)};", "key": key})
    drop_useless_rates(run)


def drop_useless_rates(run: Any) -> None:
    delete = sa.text("DELETE FROM rate WHERE connection = :connection AND id = :id")
    for connection, id_, *values in run.execute(sa.text("SELECT connection, id, multiply, divide FROM rate")).all():
        if not all(value is not None and is_money(value) and Decimal(value) > 0 for value in values):
            run.execute(delete, {"connection": connection, "id": id_})


def is_money(text: str) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and abs(value) < MOST


def downgrade() -> None:
    """What was unknown stays unknown."""
