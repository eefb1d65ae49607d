CREATE TABLE "midflight_customer-points_backward_now_customers" ("id" INTEGER COLLATE "BINARY", "name" TEXT COLLATE
      "BINARY");

CREATE TABLE "midflight_customer-points_backward_stash_customers" (midflight_at REAL, "id" INTEGER COLLATE "BINARY",
      "name" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_customer-points_backward_was_customers" ("id" INTEGER COLLATE "BINARY", "name" TEXT COLLATE
      "BINARY");

CREATE TABLE "midflight_customer-points_displaced" (table_name TEXT NOT NULL, at REAL NOT NULL, p1, k1);

CREATE TABLE "midflight_customer-points_forward_now__customers_new" ("id" INTEGER COLLATE "BINARY", "name" TEXT
      COLLATE "BINARY");

CREATE TABLE "midflight_customer-points_forward_stash__customers_new" (midflight_at REAL, "id" INTEGER COLLATE
      "BINARY", "name" TEXT COLLATE "BINARY", "points" INTEGER COLLATE "BINARY");

CREATE TABLE "midflight_customer-points_forward_was__customers_new" ("id" INTEGER COLLATE "BINARY", "name" TEXT
      COLLATE "BINARY");

CREATE TABLE "midflight_customer-points_guard" (forward REAL NOT NULL DEFAULT 0, backward REAL NOT NULL DEFAULT 0,
      done INTEGER NOT NULL DEFAULT 1, k1, h1, f1, b1);

CREATE TABLE "midflight_customer-points_made" (type TEXT NOT NULL, name TEXT NOT NULL);

CREATE TABLE "midflight_customer-points_object" (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT NULL);

CREATE TRIGGER "midflight_customer-points_backward_apply_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_backward_apply"
BEGIN
  UPDATE "midflight_customer-points_guard" SET backward = julianday('now'), b1 = NEW."k1";
  DELETE FROM "customers" WHERE ("id") IN (SELECT midflight_b."id" FROM
        "midflight_customer-points_backward_was_customers" AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS midflight_a WHERE
          midflight_a."id" = midflight_b."id"));
  UPDATE "customers" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
        midflight_a."name") THEN midflight_a."name" ELSE "customers"."name" END
    FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_customer-points_backward_was_customers" AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS
          NOT midflight_a."name")) AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "customers" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS midflight_x WHERE NOT EXISTS
          (SELECT 1 FROM "midflight_customer-points_backward_was_customers" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR EXISTS (SELECT 1 FROM
          "midflight_customer-points_backward_was_customers" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_customer-points_backward_now_customers" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name")))) AND midflight_a."id" IS NOT NULL AND
          midflight_a."name" IS NOT NULL;
  INSERT INTO "midflight_customer-points_backward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_customer-points_backward_now_customers" WHERE "id" IS
        NOT NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'customer-points', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS
          BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table customers refuses a
          row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine
          backward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0
          THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_customer-points_backward_was_customers" AS midflight_b ON midflight_b."id" = midflight_a."id"
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS
          midflight_x WHERE NOT EXISTS (SELECT 1 FROM "midflight_customer-points_backward_was_customers" AS
          midflight_y WHERE (midflight_x."id", midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR
          EXISTS (SELECT 1 FROM "midflight_customer-points_backward_was_customers" AS midflight_x WHERE NOT EXISTS
          (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name")))) OR (midflight_b."id" IS NULL OR
          midflight_b."name" COLLATE BINARY IS NOT midflight_a."name") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."name" COLLATE BINARY IS NOT midflight_a."name"));
  UPDATE "midflight_customer-points_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_customer-points_backward_park_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_backward_park"
BEGIN
  UPDATE "midflight_customer-points_guard" SET backward = julianday('now'), b1 = NEW."k1";
  UPDATE "midflight_customer-points_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_customer-points_backward_settle_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_backward_settle"
BEGIN
  INSERT INTO "midflight_customer-points_backward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_customer-points_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id", "name") AS (SELECT
          "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN "_customers_new" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "_customers_new" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM
        "midflight_customer-points_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id", "name") AS (SELECT
        "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) WHERE "id" IS NOT NULL)));
END;

CREATE TRIGGER "midflight_customer-points_backward_sync" INSTEAD OF INSERT ON "midflight_customer-points_backward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine backward' AND entity_key =
        CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1")
        || '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_customer-points_backward_now_customers";
  DELETE FROM "midflight_customer-points_backward_was_customers";
  INSERT INTO "midflight_customer-points_backward_now_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE "id" = NEW."k1"), midflight_query ("id", "name") AS
          (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_was_customers" SELECT "id", "name"
    FROM "customers" WHERE "id" = NEW."k1";
  INSERT INTO "midflight_customer-points_backward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_customer-points_backward_whole_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_backward_whole"
BEGIN
  DELETE FROM "customers" WHERE "customers"."id" = NEW."k1" AND ("customers"."id") NOT IN (SELECT "id" FROM
        "midflight_customer-points_backward_now_customers" WHERE "id" IS NOT NULL);
  UPDATE "customers" SET "name" = midflight_a."name"
    FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE BINARY IS NOT midflight_a."name") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "customers" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'customer-points', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS
          BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table customers refuses a
          row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine
          backward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0
          THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_customer-points_backward_now_customers" AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name"));
END;

CREATE TRIGGER "midflight_customer-points_forward_apply_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_forward_apply"
BEGIN
  UPDATE "midflight_customer-points_guard" SET forward = julianday('now'), f1 = NEW."k1";
  INSERT INTO "midflight_customer-points_forward_stash__customers_new" (midflight_at, "id", "points") SELECT
        julianday('now'), midflight_t."id", midflight_t."points" FROM
        "midflight_customer-points_forward_was__customers_new" AS midflight_b, "_customers_new" AS midflight_t
    WHERE EXISTS (SELECT 1 FROM "midflight_customer-points_displaced" AS midflight_d WHERE midflight_d.at IS
          julianday('now')) AND midflight_t."id" = midflight_b."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a WHERE
          midflight_a."id" = midflight_b."id");
  DELETE FROM "_customers_new" WHERE ("id") IN (SELECT midflight_b."id" FROM
        "midflight_customer-points_forward_was__customers_new" AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a WHERE
          midflight_a."id" = midflight_b."id"));
  UPDATE "_customers_new" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
        midflight_a."name") THEN midflight_a."name" ELSE "_customers_new"."name" END
    FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a
    LEFT JOIN "midflight_customer-points_forward_was__customers_new" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    WHERE "_customers_new"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY
          IS NOT midflight_a."name")) AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "_customers_new" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_customer-points_forward_now__customers_new" AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "_customers_new" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_x WHERE NOT EXISTS
          (SELECT 1 FROM "midflight_customer-points_forward_was__customers_new" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR EXISTS (SELECT 1 FROM
          "midflight_customer-points_forward_was__customers_new" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_customer-points_forward_now__customers_new" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name")))) AND midflight_a."id" IS NOT NULL AND
          midflight_a."name" IS NOT NULL;
  INSERT INTO "midflight_customer-points_forward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a
    LEFT JOIN "_customers_new" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "_customers_new" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_customer-points_forward_now__customers_new" WHERE "id"
        IS NOT NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'customer-points', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS
          BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table _customers_new
          refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine
          forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0
          THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a
    LEFT JOIN "midflight_customer-points_forward_was__customers_new" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    LEFT JOIN "_customers_new" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new"
          AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM "midflight_customer-points_forward_was__customers_new" AS
          midflight_y WHERE (midflight_x."id", midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR
          EXISTS (SELECT 1 FROM "midflight_customer-points_forward_was__customers_new" AS midflight_x WHERE NOT EXISTS
          (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name") IS (midflight_y."id", midflight_y."name")))) OR (midflight_b."id" IS
          NULL OR midflight_b."name" COLLATE BINARY IS NOT midflight_a."name") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."name" COLLATE BINARY IS NOT midflight_a."name"));
  UPDATE "midflight_customer-points_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_customer-points_forward_park_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_forward_park"
BEGIN
  UPDATE "midflight_customer-points_guard" SET forward = julianday('now'), f1 = NEW."k1";
  UPDATE "midflight_customer-points_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_customer-points_forward_settle_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_forward_settle"
BEGIN
  INSERT INTO "midflight_customer-points_forward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id",
          "name", "points" FROM "midflight_customer-points_new__customers_new" WHERE "id" = NEW."k1"), midflight_query
          ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id",
        "name", "points" FROM "midflight_customer-points_new__customers_new" WHERE "id" = NEW."k1"), midflight_query
        ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) WHERE "id" IS NOT NULL)));
END;

CREATE TRIGGER "midflight_customer-points_forward_sync" INSTEAD OF INSERT ON "midflight_customer-points_forward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine forward' AND entity_key =
        CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1")
        || '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_customer-points_forward_now__customers_new";
  DELETE FROM "midflight_customer-points_forward_was__customers_new";
  INSERT INTO "midflight_customer-points_forward_now__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          "id" = NEW."k1"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_was__customers_new" SELECT "id", "name"
    FROM "_customers_new" WHERE "id" = NEW."k1";
  INSERT INTO "midflight_customer-points_forward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_customer-points_forward_whole_sync" INSTEAD OF INSERT ON
      "midflight_customer-points_forward_whole"
BEGIN
  DELETE FROM "_customers_new" WHERE "_customers_new"."id" = NEW."k1" AND ("_customers_new"."id") NOT IN (SELECT "id"
        FROM "midflight_customer-points_forward_now__customers_new" WHERE "id" IS NOT NULL);
  UPDATE "_customers_new" SET "name" = midflight_a."name"
    FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a
    WHERE "_customers_new"."id" = midflight_a."id" AND ("_customers_new"."name" COLLATE BINARY IS NOT
          midflight_a."name") AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "_customers_new" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_customer-points_forward_now__customers_new" AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "_customers_new" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'customer-points', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS
          BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table _customers_new
          refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'customer-points' AND kind = 'quarantine
          forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0
          THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_customer-points_forward_now__customers_new" AS midflight_a
    LEFT JOIN "_customers_new" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name"));
END;

CREATE TRIGGER "midflight_customer-points_new__customers_new_delete" AFTER DELETE ON "_customers_new"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (OLD."id" IS midflight_g.f1)) FROM
      "midflight_customer-points_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_backward_now_customers";
  DELETE FROM "midflight_customer-points_backward_was_customers";
  INSERT INTO "midflight_customer-points_backward_now_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE "id" = OLD."id"), midflight_query ("id", "name") AS
          (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_was_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id", OLD."name" AS
          "name", OLD."points" AS "points"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name"
          FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_apply" SELECT OLD."id";
END;

CREATE TRIGGER "midflight_customer-points_new__customers_new_insert" AFTER INSERT ON "_customers_new"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1)) FROM
      "midflight_customer-points_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_backward_now_customers";
  DELETE FROM "midflight_customer-points_backward_was_customers";
  INSERT INTO "midflight_customer-points_backward_now_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE "id" = NEW."id"), midflight_query ("id", "name") AS
          (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_was_customers" SELECT "id", "name"
    FROM "customers" WHERE "id" = NEW."id";
  INSERT INTO "midflight_customer-points_backward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_customer-points_new__customers_new_rekey" AFTER UPDATE OF "id", rowid, oid, _rowid_ ON
      "_customers_new"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1 OR OLD."id" IS
        midflight_g.f1)) FROM "midflight_customer-points_guard" AS midflight_g)
BEGIN
  UPDATE "midflight_customer-points_guard" SET backward = julianday('now'), b1 = NEW."id";
  UPDATE OR IGNORE "customers" SET "id" = NEW."id"
    WHERE "id" = OLD."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_customer-points_new__customers_new" AS midflight_l WHERE midflight_l."id"
          = OLD."id")
    AND NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."id");
  UPDATE "midflight_customer-points_guard" SET backward = 0;
  DELETE FROM "midflight_customer-points_backward_now_customers";
  DELETE FROM "midflight_customer-points_backward_was_customers";
  INSERT INTO "midflight_customer-points_backward_now_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE "id" = NEW."id"), midflight_query ("id", "name") AS
          (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_was_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE 1 = 0 UNION ALL SELECT NEW."id" AS "id", OLD."name" AS
          "name", OLD."points" AS "points"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name"
          FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_apply" SELECT NEW."id";
  INSERT INTO "midflight_customer-points_backward" SELECT OLD."id" WHERE (OLD."id") = (OLD."id");
END;

CREATE TRIGGER "midflight_customer-points_new__customers_new_update" AFTER UPDATE OF "id", "name", rowid, oid, _rowid_
      ON "_customers_new"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id") OR (OLD."name" COLLATE BINARY IS NOT NEW."name")) AND NOT ((OLD."id"
      COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1)) FROM
        "midflight_customer-points_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_backward_now_customers";
  DELETE FROM "midflight_customer-points_backward_was_customers";
  INSERT INTO "midflight_customer-points_backward_now_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE "id" = NEW."id"), midflight_query ("id", "name") AS
          (SELECT "id" AS "id", "name" AS "name" FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_was_customers" SELECT "id", "name"
    FROM (WITH "_customers_new" ("id", "name", "points") AS (SELECT "id", "name", "points" FROM
          "midflight_customer-points_new__customers_new" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id", OLD."name" AS
          "name", OLD."points" AS "points"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name"
          FROM "_customers_new"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_backward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_delete" AFTER DELETE ON "customers"
WHEN (SELECT NOT (midflight_g.backward IS julianday('now') AND (OLD."id" IS midflight_g.b1)) AND (midflight_g.done OR
      (OLD."id") <= (midflight_g.k1) OR (OLD."id") > (midflight_g.h1)) FROM "midflight_customer-points_guard" AS
      midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_forward_now__customers_new";
  DELETE FROM "midflight_customer-points_forward_was__customers_new";
  INSERT INTO "midflight_customer-points_forward_now__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          "id" = OLD."id"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_was__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          1 = 0 UNION ALL SELECT OLD."id" AS "id", OLD."name" AS "name"), midflight_query ("id", "name") AS (SELECT
          "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_apply" SELECT OLD."id";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_insert" AFTER INSERT ON "customers"
WHEN (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1)) AND (midflight_g.done OR
      (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1)) FROM "midflight_customer-points_guard" AS
      midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_forward_now__customers_new";
  DELETE FROM "midflight_customer-points_forward_was__customers_new";
  INSERT INTO "midflight_customer-points_forward_now__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          "id" = NEW."id"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_was__customers_new" SELECT "id", "name"
    FROM "_customers_new" WHERE "id" = NEW."id";
  INSERT INTO "midflight_customer-points_forward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_insert_before" BEFORE INSERT ON "customers"
WHEN (SELECT NOT (midflight_g.backward IS julianday('now')) FROM "midflight_customer-points_guard" AS midflight_g) AND
      EXISTS (SELECT 1 FROM "midflight_customer-points_old_customers" AS midflight_d WHERE midflight_d."id" =
      NEW."id")
BEGIN
  DELETE FROM "midflight_customer-points_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_customer-points_displaced" (table_name, at, p1, k1)
    SELECT 'old.customers', julianday('now'), midflight_d."id", midflight_d."id" FROM
          "midflight_customer-points_old_customers" AS midflight_d WHERE midflight_d."id" = NEW."id";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_insert_displaced" AFTER INSERT ON "customers"
WHEN EXISTS (SELECT 1 FROM "midflight_customer-points_displaced" AS midflight_d WHERE midflight_d.table_name =
      'old.customers' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_customer-points_forward" SELECT midflight_d."k1" FROM "midflight_customer-points_displaced"
        AS midflight_d WHERE midflight_d.table_name = 'old.customers' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."id") OR NOT EXISTS (SELECT 1 FROM "midflight_customer-points_old_customers" AS
          midflight_l WHERE midflight_d.p1 IS midflight_l."id"))
    ORDER BY (midflight_d.p1 IS NEW."id");
  INSERT INTO "midflight_customer-points_forward" SELECT NEW."id" WHERE EXISTS (SELECT 1 FROM midflight_finding WHERE
        migration = 'customer-points' AND kind = 'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."id") =
        'text' AND instr(CAST(NEW."id" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."id") || '''' ELSE quote(NEW."id")
        END);
  UPDATE "midflight_customer-points_guard" SET forward = julianday('now'), f1 = NEW."id";
  UPDATE "_customers_new" SET "points" = midflight_s."points"
    FROM "midflight_customer-points_forward_stash__customers_new" AS midflight_s WHERE midflight_s.midflight_at IS
          julianday('now') AND "_customers_new"."id" = midflight_s."id";
  DELETE FROM "midflight_customer-points_forward_stash__customers_new";
  UPDATE "midflight_customer-points_guard" SET forward = 0;
  DELETE FROM "midflight_customer-points_displaced";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_rekey" AFTER UPDATE OF "id", rowid, oid, _rowid_ ON
      "customers"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1 OR OLD."id" IS
        midflight_g.b1)) AND (midflight_g.done OR (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1) OR
        (OLD."id") <= (midflight_g.k1) OR (OLD."id") > (midflight_g.h1)) FROM "midflight_customer-points_guard" AS
        midflight_g)
BEGIN
  UPDATE "midflight_customer-points_guard" SET forward = julianday('now'), f1 = NEW."id";
  DELETE FROM "_customers_new" WHERE "id" = NEW."id"
    AND EXISTS (SELECT 1 FROM "midflight_customer-points_displaced" AS midflight_d WHERE midflight_d.table_name =
          'old.customers' AND midflight_d.at IS julianday('now') AND NEW."id" = midflight_d.k1);
  UPDATE OR IGNORE "_customers_new" SET "id" = NEW."id"
    WHERE "id" = OLD."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_customer-points_old_customers" AS midflight_l WHERE midflight_l."id" =
          OLD."id")
    AND NOT EXISTS (SELECT 1 FROM "_customers_new" AS midflight_t WHERE midflight_t."id" = NEW."id");
  UPDATE "midflight_customer-points_guard" SET forward = 0;
  DELETE FROM "midflight_customer-points_forward_now__customers_new";
  DELETE FROM "midflight_customer-points_forward_was__customers_new";
  INSERT INTO "midflight_customer-points_forward_now__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          "id" = NEW."id"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_was__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          1 = 0 UNION ALL SELECT NEW."id" AS "id", OLD."name" AS "name"), midflight_query ("id", "name") AS (SELECT
          "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_apply" SELECT NEW."id";
  INSERT INTO "midflight_customer-points_forward" SELECT OLD."id" WHERE (OLD."id") = (OLD."id");
END;

CREATE TRIGGER "midflight_customer-points_old_customers_update" AFTER UPDATE OF "id", "name", rowid, oid, _rowid_ ON
      "customers"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id") OR (OLD."name" COLLATE BINARY IS NOT NEW."name")) AND NOT ((OLD."id"
      COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1)) AND (midflight_g.done OR
        (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1)) FROM "midflight_customer-points_guard" AS
        midflight_g)
BEGIN
  DELETE FROM "midflight_customer-points_forward_now__customers_new";
  DELETE FROM "midflight_customer-points_forward_was__customers_new";
  INSERT INTO "midflight_customer-points_forward_now__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          "id" = NEW."id"), midflight_query ("id", "name") AS (SELECT "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_was__customers_new" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name") AS (SELECT "id", "name" FROM "midflight_customer-points_old_customers" WHERE
          1 = 0 UNION ALL SELECT OLD."id" AS "id", OLD."name" AS "name"), midflight_query ("id", "name") AS (SELECT
          "id" AS "id", "name" AS "name" FROM "customers"
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_customer-points_forward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_customer-points_old_customers_update_before" BEFORE UPDATE ON "customers"
WHEN (((OLD."id" COLLATE BINARY IS NOT NEW."id"))) AND (SELECT NOT (midflight_g.backward IS julianday('now')) FROM
      "midflight_customer-points_guard" AS midflight_g) AND EXISTS (SELECT 1 FROM
      "midflight_customer-points_old_customers" AS midflight_d WHERE midflight_d."id" = NEW."id" AND NOT
      (midflight_d."id" = OLD."id"))
BEGIN
  DELETE FROM "midflight_customer-points_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_customer-points_displaced" (table_name, at, p1, k1)
    SELECT 'old.customers', julianday('now'), midflight_d."id", midflight_d."id" FROM
          "midflight_customer-points_old_customers" AS midflight_d WHERE midflight_d."id" = NEW."id" AND NOT
          (midflight_d."id" = OLD."id");
END;

CREATE TRIGGER "midflight_customer-points_old_customers_update_displaced" AFTER UPDATE ON "customers"
WHEN EXISTS (SELECT 1 FROM "midflight_customer-points_displaced" AS midflight_d WHERE midflight_d.table_name =
      'old.customers' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_customer-points_forward" SELECT midflight_d."k1" FROM "midflight_customer-points_displaced"
        AS midflight_d WHERE midflight_d.table_name = 'old.customers' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."id") AND NOT (((OLD."id" COLLATE BINARY IS NOT NEW."id"))) OR NOT EXISTS (SELECT 1
          FROM "midflight_customer-points_old_customers" AS midflight_l WHERE midflight_d.p1 IS midflight_l."id")) AND
          NOT (midflight_d.p1 IS OLD."id")
    ORDER BY (midflight_d.p1 IS NEW."id");
  INSERT INTO "midflight_customer-points_forward" SELECT NEW."id" WHERE EXISTS (SELECT 1 FROM midflight_finding WHERE
        migration = 'customer-points' AND kind = 'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."id") =
        'text' AND instr(CAST(NEW."id" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."id") || '''' ELSE quote(NEW."id")
        END);
  UPDATE "midflight_customer-points_guard" SET forward = julianday('now'), f1 = NEW."id";
  UPDATE "_customers_new" SET "points" = midflight_s."points"
    FROM "midflight_customer-points_forward_stash__customers_new" AS midflight_s WHERE midflight_s.midflight_at IS
          julianday('now') AND "_customers_new"."id" = midflight_s."id";
  DELETE FROM "midflight_customer-points_forward_stash__customers_new";
  UPDATE "midflight_customer-points_guard" SET forward = 0;
  DELETE FROM "midflight_customer-points_displaced" WHERE at IS NOT julianday('now');
END;

CREATE VIEW "midflight_customer-points_backward" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_backward_apply" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_backward_park" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_backward_settle" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_backward_whole" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_forward" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_forward_apply" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_forward_park" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_forward_settle" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_forward_whole" ("k1") AS SELECT "k1" FROM "midflight_customer-points_guard";

CREATE VIEW "midflight_customer-points_new__customers_new" ("id", "name", "points") AS SELECT "id", "name", "points"
      FROM "_customers_new";

CREATE VIEW "midflight_customer-points_old_customers" ("id", "name") AS SELECT "id", "name" FROM "customers";
