"""All tables of jobs and the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
works_from = "0001"  # the oldest program that works with it


def upgrade() -> None:
    """Take the database to this version."""
    op.create_table(
        "deliveries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message", sa.String(length=40), nullable=False),
        sa.Column("webhook", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("job", sa.String(length=32), nullable=True),
        sa.Column("job_state", sa.String(length=16), nullable=True),
        sa.Column("job_revision", sa.Integer(), nullable=True),
        sa.Column("job_created", sa.BigInteger(), nullable=True),
        sa.Column("job_started", sa.BigInteger(), nullable=True),
        sa.Column("job_finished", sa.BigInteger(), nullable=True),
        sa.Column("job_segments", sa.Integer(), nullable=True),
        sa.Column("job_segments_done", sa.Integer(), nullable=True),
        sa.Column("job_frames", sa.BigInteger(), nullable=True),
        sa.Column("job_error", sa.JSON(), nullable=True),
        sa.Column("job_result", sa.JSON(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("webhook", "message", name=op.f("uq_deliveries_webhook_message")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("deliveries_being_sent", ["until"], unique=False)
        batch_op.create_index("deliveries_in_order", ["state", "not_before"], unique=False)
        batch_op.create_index("deliveries_of_webhook", ["webhook", "number"], unique=False)

    op.create_table(
        "faces",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_faces")),
        sa.UniqueConstraint("id", name=op.f("uq_faces_id")),
    )
    with op.batch_alter_table("faces", schema=None) as batch_op:
        batch_op.create_index("faces_by_tenant", ["tenant", "number"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("idempotency_by_age", ["opened"], unique=False)

    op.create_table(
        "jobs_schema",
        sa.Column("version", sa.String(length=8), nullable=False),
        sa.Column("works_from", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_jobs_schema")),
    )
    op.create_table(
        "operations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("about", sa.String(length=255), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_operations")),
        sa.UniqueConstraint("id", name=op.f("uq_operations_id")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index("operations_by_tenant", ["tenant", "number"], unique=False)

    op.create_table(
        "service_processes",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_processes")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("max_queued", sa.Integer(), nullable=True),
        sa.Column("max_priority", sa.Integer(), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "triggers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=1200), nullable=False),
        sa.Column("suffixes", sa.JSON(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=True),
        sa.Column("refused_reason", sa.String(length=400), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
    )
    with op.batch_alter_table("triggers", schema=None) as batch_op:
        batch_op.create_index("triggers_by_tenant", ["tenant", "created"], unique=False)

    op.create_table(
        "uploads",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("wanted_sha256", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("direct", sa.String(length=400), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_uploads")),
        sa.UniqueConstraint("id", name=op.f("uq_uploads_id")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index("uploads_by_end", ["expires"], unique=False)
        batch_op.create_index("uploads_by_tenant", ["tenant", "number"], unique=False)

    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.BigInteger(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=200), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.create_index("webhooks_by_tenant", ["tenant", "created"], unique=False)

    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("line", sa.String(length=12), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("replaced_by", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_api_keys_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("api_keys_by_tenant", ["tenant", "created"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("segments_done", sa.Integer(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("review", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_jobs_tenant")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_jobs")),
        sa.UniqueConstraint("id", name=op.f("uq_jobs_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("jobs_by_state", ["tenant", "state", "number"], unique=False)
        batch_op.create_index("jobs_by_tenant", ["tenant", "number"], unique=False)

    op.create_table(
        "tenant_rules",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("requests_a_day", sa.BigInteger(), nullable=True),
        sa.Column("is_reviewed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_tenant_rules_tenant"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenant_rules")),
    )
    op.create_table(
        "tenant_storage",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_tenant_storage_tenant"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "what", name=op.f("pk_tenant_storage")),
    )
    op.create_table(
        "triggered",
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["trigger"], ["triggers.id"], name=op.f("fk_triggered_trigger"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trigger", "object", name=op.f("pk_triggered")),
    )
    with op.batch_alter_table("triggered", schema=None) as batch_op:
        batch_op.create_index("triggered_by_age", ["at"], unique=False)

    op.create_table(
        "upload_parts",
        sa.Column("upload", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload"], ["uploads.number"], name=op.f("fk_upload_parts_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload", "first", name=op.f("pk_upload_parts")),
    )
    op.create_table(
        "upload_people",
        sa.Column("upload", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["upload"], ["uploads.number"], name=op.f("fk_upload_people_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload", name=op.f("pk_upload_people")),
    )
    op.create_table(
        "users",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("folded", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_users_tenant")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_users")),
        sa.UniqueConstraint("id", name=op.f("uq_users_id")),
        sa.UniqueConstraint("tenant", "folded", name=op.f("uq_users_tenant_folded")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index("users_by_tenant", ["tenant", "number"], unique=False)

    op.create_table(
        "webhook_kinds",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("webhook", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhooks.id"], name=op.f("fk_webhook_kinds_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "kind", "webhook", name=op.f("pk_webhook_kinds")),
    )
    with op.batch_alter_table("webhook_kinds", schema=None) as batch_op:
        batch_op.create_index("webhook_kinds_of", ["webhook"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_events_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("events_of_job", ["job", "id"], unique=False)

    op.create_table(
        "job_frames",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_job_frames_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_frames")),
        sa.UniqueConstraint("job", "number", name=op.f("uq_job_frames_job_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_links",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_job_links_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_job_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_job_links_digest")),
        sa.UniqueConstraint("id", name=op.f("uq_job_links_id")),
    )
    with op.batch_alter_table("job_links", schema=None) as batch_op:
        batch_op.create_index("links_of_job", ["job", "number"], unique=False)

    op.create_table(
        "job_words",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "word", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("is_error", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_job_words_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "word", "job", name=op.f("pk_job_words")),
    )
    with op.batch_alter_table("job_words", schema=None) as batch_op:
        batch_op.create_index("words_of_job", ["job", "word"], unique=False)

    op.create_table(
        "plans",
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_plans_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_plans")),
    )
    op.create_table(
        "quality_samples",
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("measured", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("is_suspicious", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_quality_samples_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_quality_samples")),
    )
    with op.batch_alter_table("quality_samples", schema=None) as batch_op:
        batch_op.create_index("samples_by_time", ["tenant", "measured"], unique=False)
        batch_op.create_index(
            "samples_suspicious",
            ["tenant", "job"],
            unique=False,
            postgresql_where=sa.text("is_suspicious"),
            sqlite_where=sa.text("is_suspicious"),
        )
        batch_op.create_index(
            "samples_waiting",
            ["not_before"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=True),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("start", sa.String(length=64), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["users.number"], name=op.f("fk_sessions_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key"], ["api_keys.id"], name=op.f("fk_sessions_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("sessions_by_account", ["account", "created"], unique=False)
        batch_op.create_index("sessions_by_end", ["ends"], unique=False)
        batch_op.create_index("sessions_by_key", ["key"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_tasks_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("job", "kind", "number", name=op.f("uq_tasks_job_kind_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("tasks_of_job", ["job", "state"], unique=False)
        batch_op.create_index(
            "tasks_ready",
            ["tenant", "rank", "job", "number"],
            unique=False,
            postgresql_where=sa.text("state = 'ready'"),
            sqlite_where=sa.text("state = 'ready'"),
        )

    op.create_table(
        "upload_uses",
        sa.Column("upload", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name=op.f("fk_upload_uses_job"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["upload"], ["uploads.number"], name=op.f("fk_upload_uses_upload"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("upload", "job", name=op.f("pk_upload_uses")),
    )
    op.create_table(
        "attempts",
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("work", sa.String(length=200), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_attempts_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", "token", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(
            "attempts_by_end",
            ["ended"],
            unique=False,
            postgresql_where=sa.text("outcome = 'done'"),
            sqlite_where=sa.text("outcome = 'done'"),
        )
        batch_op.create_index(
            "attempts_measured",
            ["kind", "work", "ended"],
            unique=False,
            postgresql_where=sa.text("outcome = 'done'"),
            sqlite_where=sa.text("outcome = 'done'"),
        )

    op.create_table(
        "leases",
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_leases_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_leases")),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index("leases_by_end", ["until"], unique=False)
        batch_op.create_index("leases_of_tenant", ["tenant"], unique=False)


def downgrade() -> None:
    """Take it back to the version before."""
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.drop_index("leases_of_tenant")
        batch_op.drop_index("leases_by_end")

    op.drop_table("leases")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "attempts_measured", postgresql_where=sa.text("outcome = 'done'"), sqlite_where=sa.text("outcome = 'done'")
        )
        batch_op.drop_index(
            "attempts_by_end", postgresql_where=sa.text("outcome = 'done'"), sqlite_where=sa.text("outcome = 'done'")
        )

    op.drop_table("attempts")
    op.drop_table("upload_uses")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(
            "tasks_ready", postgresql_where=sa.text("state = 'ready'"), sqlite_where=sa.text("state = 'ready'")
        )
        batch_op.drop_index("tasks_of_job")

    op.drop_table("tasks")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_by_key")
        batch_op.drop_index("sessions_by_end")
        batch_op.drop_index("sessions_by_account")

    op.drop_table("sessions")
    with op.batch_alter_table("quality_samples", schema=None) as batch_op:
        batch_op.drop_index(
            "samples_waiting", postgresql_where=sa.text("state = 'waiting'"), sqlite_where=sa.text("state = 'waiting'")
        )
        batch_op.drop_index(
            "samples_suspicious", postgresql_where=sa.text("is_suspicious"), sqlite_where=sa.text("is_suspicious")
        )
        batch_op.drop_index("samples_by_time")

    op.drop_table("quality_samples")
    op.drop_table("plans")
    with op.batch_alter_table("job_words", schema=None) as batch_op:
        batch_op.drop_index("words_of_job")

    op.drop_table("job_words")
    with op.batch_alter_table("job_links", schema=None) as batch_op:
        batch_op.drop_index("links_of_job")

    op.drop_table("job_links")
    op.drop_table("job_frames")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("events_of_job")

    op.drop_table("events")
    with op.batch_alter_table("webhook_kinds", schema=None) as batch_op:
        batch_op.drop_index("webhook_kinds_of")

    op.drop_table("webhook_kinds")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index("users_by_tenant")

    op.drop_table("users")
    op.drop_table("upload_people")
    op.drop_table("upload_parts")
    with op.batch_alter_table("triggered", schema=None) as batch_op:
        batch_op.drop_index("triggered_by_age")

    op.drop_table("triggered")
    op.drop_table("tenant_storage")
    op.drop_table("tenant_rules")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("jobs_by_tenant")
        batch_op.drop_index("jobs_by_state")

    op.drop_table("jobs")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index("api_keys_by_tenant")

    op.drop_table("api_keys")
    op.drop_table("workers")
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.drop_index("webhooks_by_tenant")

    op.drop_table("webhooks")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index("uploads_by_tenant")
        batch_op.drop_index("uploads_by_end")

    op.drop_table("uploads")
    with op.batch_alter_table("triggers", schema=None) as batch_op:
        batch_op.drop_index("triggers_by_tenant")

    op.drop_table("triggers")
    op.drop_table("tenants")
    op.drop_table("service_processes")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index("operations_by_tenant")

    op.drop_table("operations")
    op.drop_table("jobs_schema")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index("idempotency_by_age")

    op.drop_table("idempotency")
    with op.batch_alter_table("faces", schema=None) as batch_op:
        batch_op.drop_index("faces_by_tenant")

    op.drop_table("faces")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("deliveries_of_webhook")
        batch_op.drop_index("deliveries_in_order")
        batch_op.drop_index("deliveries_being_sent")

    op.drop_table("deliveries")
