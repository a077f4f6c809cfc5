"""Tables as declared: every row has a tenant, and nothing is loaded behind one's back."""

import ast

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    RelationshipProperty,
    mapped_column,
    relationship,
)

from pacnum_api.entrypoints.tables import metadata
from pacnum_api.platform.db import Base
from tests.architecture.source import modules

RAISING = frozenset({"raise", "raise_on_sql", "noload", "write_only"})


def untenanted(tables: sa.MetaData) -> list[str]:
    """Tables whose rows belong to nobody."""
    return [
        table.name
        for table in tables.sorted_tables
        if "tenant_id" not in table.c
        or table.c.tenant_id.nullable
        or not isinstance(table.c.tenant_id.type, sa.Uuid)
    ]


def lazy_relationships(base: type[DeclarativeBase]) -> list[str]:
    """Relationships that would query when they are looked at, or that cross domains."""
    return [
        f"{mapper.class_.__name__}.{found.key}"
        for mapper in base.registry.mappers
        for found in mapper.relationships
        if found.lazy not in RAISING or _crosses(found)
    ]


def _crosses(found: RelationshipProperty[object]) -> bool:
    own, other = found.parent.class_.__module__, found.mapper.class_.__module__
    return own.split(".")[:3] != other.split(".")[:3]


def declared_tables() -> set[str]:
    """Names given to ``__tablename__`` anywhere in the source."""
    return {
        str(node.value.value)
        for module in modules("src")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(one, ast.Name) and one.id == "__tablename__" for one in node.targets)
    }


@pytest.mark.parametrize(
    "columns",
    [[], [sa.Column("tenant_id", sa.Uuid())], [sa.Column("tenant_id", sa.Text(), nullable=False)]],
)
def test_a_table_without_tenant_is_found(columns: list[sa.Column[object]]) -> None:
    tables = sa.MetaData()
    sa.Table("things", tables, sa.Column("id", sa.Uuid(), primary_key=True), *columns)
    assert untenanted(tables) == ["things"]


def test_a_lazy_relationship_is_found() -> None:
    class Root(DeclarativeBase):
        pass

    class Parent(Root):
        __tablename__ = "architecture_parents"
        id: Mapped[int] = mapped_column(primary_key=True)
        lazy = relationship("Child")
        raising = relationship("Child", lazy="raise", viewonly=True)

    class Child(Root):
        __tablename__ = "architecture_children"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(sa.ForeignKey("architecture_parents.id"))

    assert Parent.__tablename__ != Child.__tablename__
    assert lazy_relationships(Root) == ["Parent.lazy"]


def test_every_table_has_a_tenant() -> None:
    assert untenanted(metadata) == []


def test_no_relationship_is_lazy_or_crosses_domains() -> None:
    assert lazy_relationships(Base) == []


def test_migrations_see_every_table_that_is_declared() -> None:
    assert declared_tables() == set(metadata.tables)
