CREATE TABLE "midflight_split-name_backward_now_customers" ("id" INTEGER COLLATE "BINARY", "name" TEXT COLLATE
      "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_backward_stash_customers" (midflight_at REAL, "id" INTEGER COLLATE "BINARY", "name"
      TEXT COLLATE "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_backward_was_customers" ("id" INTEGER COLLATE "BINARY", "name" TEXT COLLATE
      "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_displaced" (table_name TEXT NOT NULL, at REAL NOT NULL, p1, k1);

CREATE TABLE "midflight_split-name_forward_now_people" ("id" INTEGER COLLATE "BINARY", "first_name" TEXT COLLATE
      "BINARY", "last_name" TEXT COLLATE "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_forward_stash_people" (midflight_at REAL, "id" INTEGER COLLATE "BINARY",
      "first_name" TEXT COLLATE "BINARY", "last_name" TEXT COLLATE "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_forward_was_people" ("id" INTEGER COLLATE "BINARY", "first_name" TEXT COLLATE
      "BINARY", "last_name" TEXT COLLATE "BINARY", "email" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_split-name_guard" (forward REAL NOT NULL DEFAULT 0, backward REAL NOT NULL DEFAULT 0, done
      INTEGER NOT NULL DEFAULT 1, row_bytes INTEGER, k1, h1, f1, b1);

CREATE TABLE "midflight_split-name_held" (id INTEGER PRIMARY KEY, k1 INTEGER COLLATE "BINARY", at INTEGER);

CREATE TABLE "midflight_split-name_made" (type TEXT NOT NULL, name TEXT NOT NULL);

CREATE TABLE "midflight_split-name_object" (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT NULL);

CREATE TABLE "midflight_split-name_outbox" (id INTEGER PRIMARY KEY, k1 INTEGER COLLATE "BINARY", at INTEGER);

CREATE TABLE "midflight_split-name_overflow" (at INTEGER NOT NULL, noting INTEGER NOT NULL DEFAULT 0);

CREATE TRIGGER "midflight_split-name_backward_apply_sync" INSTEAD OF INSERT ON "midflight_split-name_backward_apply"
BEGIN
  UPDATE "midflight_split-name_guard" SET backward = julianday('now'), b1 = NEW."k1";
  DELETE FROM "customers" WHERE ("id") IN (SELECT midflight_b."id" FROM "midflight_split-name_backward_was_customers"
        AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS midflight_a WHERE
          midflight_a."id" = midflight_b."id"));
  UPDATE "customers" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
        midflight_a."name") THEN midflight_a."name" ELSE "customers"."name" END, "email" = CASE WHEN (midflight_b."id"
        IS NULL OR midflight_b."email" COLLATE BINARY IS NOT midflight_a."email") THEN midflight_a."email" ELSE
        "customers"."email" END
    FROM "midflight_split-name_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_split-name_backward_was_customers" AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS
          NOT midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE BINARY IS NOT
          midflight_a."email")) AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "customers" ("id", "name", "email")
    SELECT midflight_a."id", midflight_a."name", midflight_a."email" FROM
          "midflight_split-name_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS midflight_x WHERE NOT EXISTS (SELECT 1
          FROM "midflight_split-name_backward_was_customers" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name", midflight_x."email") IS (midflight_y."id", midflight_y."name", midflight_y."email"))) OR
          EXISTS (SELECT 1 FROM "midflight_split-name_backward_was_customers" AS midflight_x WHERE NOT EXISTS (SELECT
          1 FROM "midflight_split-name_backward_now_customers" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name", midflight_x."email") IS (midflight_y."id", midflight_y."name", midflight_y."email"))))
          AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "midflight_split-name_backward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_split-name_backward_now_customers" AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_split-name_backward_now_customers" WHERE "id" IS NOT
        NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'split-name', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table customers refuses a row (NOT
          NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward'
          AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't'''
          || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_split-name_backward_was_customers" AS midflight_b ON midflight_b."id" = midflight_a."id"
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS
          midflight_x WHERE NOT EXISTS (SELECT 1 FROM "midflight_split-name_backward_was_customers" AS midflight_y
          WHERE (midflight_x."id", midflight_x."name", midflight_x."email") IS (midflight_y."id", midflight_y."name",
          midflight_y."email"))) OR EXISTS (SELECT 1 FROM "midflight_split-name_backward_was_customers" AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name", midflight_x."email") IS (midflight_y."id", midflight_y."name",
          midflight_y."email")))) OR (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
          midflight_a."name") AND midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE BINARY IS NOT
          midflight_a."email") AND midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email"));
  UPDATE "midflight_split-name_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_split-name_backward_park_sync" INSTEAD OF INSERT ON "midflight_split-name_backward_park"
BEGIN
  UPDATE "midflight_split-name_guard" SET backward = julianday('now'), b1 = NEW."k1";
  UPDATE "midflight_split-name_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_split-name_backward_settle_sync" INSTEAD OF INSERT ON "midflight_split-name_backward_settle"
BEGIN
  INSERT INTO "midflight_split-name_backward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name",
          "email" FROM "midflight_split-name_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id",
          "first_name", "last_name", "email") AS (SELECT id,
       CASE instr(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, instr(name, ' ') - 1) END AS first_name,
       CASE instr(name, ' ') WHEN 0 THEN NULL ELSE substr(name, instr(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id" AS "id", "first_name" AS "first_name", "last_name" AS "last_name", "email" AS "email" FROM
      midflight_query) AS midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE BINARY IS NOT
          midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE BINARY IS NOT
          midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "people" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name",
        "email" FROM "midflight_split-name_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id", "first_name",
        "last_name", "email") AS (SELECT id,
       CASE instr(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, instr(name, ' ') - 1) END AS first_name,
       CASE instr(name, ' ') WHEN 0 THEN NULL ELSE substr(name, instr(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id" AS "id", "first_name" AS "first_name", "last_name" AS "last_name", "email" AS "email" FROM
      midflight_query) WHERE "id" IS NOT NULL)));
END;

CREATE TRIGGER "midflight_split-name_backward_sync" INSTEAD OF INSERT ON "midflight_split-name_backward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward' AND entity_key = CASE
        WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") ||
        '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_split-name_backward_now_customers";
  DELETE FROM "midflight_split-name_backward_was_customers";
  INSERT INTO "midflight_split-name_backward_now_customers" SELECT "id", "name", "email"
    FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email"
          FROM "midflight_split-name_new_people" WHERE "id" = NEW."k1"), midflight_query ("id", "name", "email") AS
          (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id" AS "id", "name" AS "name", "email" AS "email" FROM midflight_query);
  INSERT INTO "midflight_split-name_backward_was_customers" SELECT "id", "name", "email"
    FROM "customers" WHERE "id" = NEW."k1";
  INSERT INTO "midflight_split-name_backward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_split-name_backward_whole_sync" INSTEAD OF INSERT ON "midflight_split-name_backward_whole"
BEGIN
  DELETE FROM "customers" WHERE "customers"."id" = NEW."k1" AND ("customers"."id") NOT IN (SELECT "id" FROM
        "midflight_split-name_backward_now_customers" WHERE "id" IS NOT NULL);
  UPDATE "customers" SET "name" = midflight_a."name", "email" = midflight_a."email"
    FROM "midflight_split-name_backward_now_customers" AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE BINARY IS NOT midflight_a."name" OR
          "customers"."email" COLLATE BINARY IS NOT midflight_a."email") AND midflight_a."id" IS NOT NULL AND
          midflight_a."name" IS NOT NULL;
  INSERT INTO "customers" ("id", "name", "email")
    SELECT midflight_a."id", midflight_a."name", midflight_a."email" FROM
          "midflight_split-name_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'split-name', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table customers refuses a row (NOT
          NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward'
          AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't'''
          || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_split-name_backward_now_customers" AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email"));
END;

CREATE TRIGGER "midflight_split-name_forward_apply_sync" INSTEAD OF INSERT ON "midflight_split-name_forward_apply"
BEGIN
  UPDATE "midflight_split-name_guard" SET forward = julianday('now'), f1 = NEW."k1";
  DELETE FROM "people" WHERE ("id") IN (SELECT midflight_b."id" FROM "midflight_split-name_forward_was_people" AS
        midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_split-name_forward_now_people" AS midflight_a WHERE midflight_a."id" =
          midflight_b."id"));
  UPDATE "people" SET "first_name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE BINARY IS
        NOT midflight_a."first_name") THEN midflight_a."first_name" ELSE "people"."first_name" END, "last_name" = CASE
        WHEN (midflight_b."id" IS NULL OR midflight_b."last_name" COLLATE BINARY IS NOT midflight_a."last_name") THEN
        midflight_a."last_name" ELSE "people"."last_name" END, "email" = CASE WHEN (midflight_b."id" IS NULL OR
        midflight_b."email" COLLATE BINARY IS NOT midflight_a."email") THEN midflight_a."email" ELSE "people"."email"
        END
    FROM "midflight_split-name_forward_now_people" AS midflight_a
    LEFT JOIN "midflight_split-name_forward_was_people" AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "people"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE BINARY
          IS NOT midflight_a."first_name") OR (midflight_b."id" IS NULL OR midflight_b."last_name" COLLATE BINARY IS
          NOT midflight_a."last_name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE BINARY IS NOT
          midflight_a."email")) AND midflight_a."id" IS NOT NULL AND midflight_a."first_name" IS NOT NULL;
  INSERT INTO "people" ("id", "first_name", "last_name", "email")
    SELECT midflight_a."id", midflight_a."first_name", midflight_a."last_name", midflight_a."email" FROM
          "midflight_split-name_forward_now_people" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_split-name_forward_now_people" AS midflight_x WHERE NOT EXISTS (SELECT 1
          FROM "midflight_split-name_forward_was_people" AS midflight_y WHERE (midflight_x."id",
          midflight_x."first_name", midflight_x."last_name", midflight_x."email") IS (midflight_y."id",
          midflight_y."first_name", midflight_y."last_name", midflight_y."email"))) OR EXISTS (SELECT 1 FROM
          "midflight_split-name_forward_was_people" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_split-name_forward_now_people" AS midflight_y WHERE (midflight_x."id", midflight_x."first_name",
          midflight_x."last_name", midflight_x."email") IS (midflight_y."id", midflight_y."first_name",
          midflight_y."last_name", midflight_y."email")))) AND midflight_a."id" IS NOT NULL AND
          midflight_a."first_name" IS NOT NULL;
  INSERT INTO "midflight_split-name_forward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_split-name_forward_now_people" AS midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE BINARY IS NOT
          midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE BINARY IS NOT
          midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "people" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_split-name_forward_now_people" WHERE "id" IS NOT
        NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'split-name', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table people refuses a row (NOT
          NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward'
          AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't'''
          || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_split-name_forward_now_people" AS midflight_a
    LEFT JOIN "midflight_split-name_forward_was_people" AS midflight_b ON midflight_b."id" = midflight_a."id"
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM "midflight_split-name_forward_now_people" AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM "midflight_split-name_forward_was_people" AS midflight_y WHERE
          (midflight_x."id", midflight_x."first_name", midflight_x."last_name", midflight_x."email") IS
          (midflight_y."id", midflight_y."first_name", midflight_y."last_name", midflight_y."email"))) OR EXISTS
          (SELECT 1 FROM "midflight_split-name_forward_was_people" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_split-name_forward_now_people" AS midflight_y WHERE (midflight_x."id", midflight_x."first_name",
          midflight_x."last_name", midflight_x."email") IS (midflight_y."id", midflight_y."first_name",
          midflight_y."last_name", midflight_y."email")))) OR (midflight_b."id" IS NULL OR midflight_b."first_name"
          COLLATE BINARY IS NOT midflight_a."first_name") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."first_name" COLLATE BINARY IS NOT midflight_a."first_name") OR (midflight_b."id" IS NULL OR
          midflight_b."last_name" COLLATE BINARY IS NOT midflight_a."last_name") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."last_name" COLLATE BINARY IS NOT midflight_a."last_name") OR (midflight_b."id" IS NULL OR
          midflight_b."email" COLLATE BINARY IS NOT midflight_a."email") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."email" COLLATE BINARY IS NOT midflight_a."email"));
  UPDATE "midflight_split-name_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_split-name_forward_park_sync" INSTEAD OF INSERT ON "midflight_split-name_forward_park"
BEGIN
  UPDATE "midflight_split-name_guard" SET forward = julianday('now'), f1 = NEW."k1";
  UPDATE "midflight_split-name_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_split-name_forward_settle_sync" INSTEAD OF INSERT ON "midflight_split-name_forward_settle"
BEGIN
  INSERT INTO "midflight_split-name_forward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT
          "id", "first_name", "last_name", "email" FROM "midflight_split-name_new_people" WHERE "id" = NEW."k1"),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id" AS "id", "name" AS "name", "email" AS "email" FROM midflight_query) AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "people" ("id", "first_name", "last_name", "email") AS
        (SELECT "id", "first_name", "last_name", "email" FROM "midflight_split-name_new_people" WHERE "id" =
        NEW."k1"), midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '')
        AS name, email
FROM people
) SELECT "id" AS "id", "name" AS "name", "email" AS "email" FROM midflight_query) WHERE "id" IS NOT NULL)));
END;

CREATE TRIGGER "midflight_split-name_forward_sync" INSTEAD OF INSERT ON "midflight_split-name_forward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward' AND entity_key = CASE
        WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") ||
        '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_split-name_forward_now_people";
  DELETE FROM "midflight_split-name_forward_was_people";
  INSERT INTO "midflight_split-name_forward_now_people" SELECT "id", "first_name", "last_name", "email"
    FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM
          "midflight_split-name_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id", "first_name",
          "last_name", "email") AS (SELECT id,
       CASE instr(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, instr(name, ' ') - 1) END AS first_name,
       CASE instr(name, ' ') WHEN 0 THEN NULL ELSE substr(name, instr(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id" AS "id", "first_name" AS "first_name", "last_name" AS "last_name", "email" AS "email" FROM
      midflight_query);
  INSERT INTO "midflight_split-name_forward_was_people" SELECT "id", "first_name", "last_name", "email"
    FROM "people" WHERE "id" = NEW."k1";
  INSERT INTO "midflight_split-name_forward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_split-name_forward_whole_sync" INSTEAD OF INSERT ON "midflight_split-name_forward_whole"
BEGIN
  DELETE FROM "people" WHERE "people"."id" = NEW."k1" AND ("people"."id") NOT IN (SELECT "id" FROM
        "midflight_split-name_forward_now_people" WHERE "id" IS NOT NULL);
  UPDATE "people" SET "first_name" = midflight_a."first_name", "last_name" = midflight_a."last_name", "email" =
        midflight_a."email"
    FROM "midflight_split-name_forward_now_people" AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."first_name" COLLATE BINARY IS NOT midflight_a."first_name"
          OR "people"."last_name" COLLATE BINARY IS NOT midflight_a."last_name" OR "people"."email" COLLATE BINARY IS
          NOT midflight_a."email") AND midflight_a."id" IS NOT NULL AND midflight_a."first_name" IS NOT NULL;
  INSERT INTO "people" ("id", "first_name", "last_name", "email")
    SELECT midflight_a."id", midflight_a."first_name", midflight_a."last_name", midflight_a."email" FROM
          "midflight_split-name_forward_now_people" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "people" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."first_name" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'split-name', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END, 'table people refuses a row (NOT
          NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward'
          AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't'''
          || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_split-name_forward_now_people" AS midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE BINARY IS NOT
          midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE BINARY IS NOT
          midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE BINARY IS NOT
          midflight_a."email"));
END;

CREATE TRIGGER "midflight_split-name_new_people_refuse_DELETE" BEFORE DELETE ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now')) FROM "midflight_split-name_guard" AS midflight_g) AND
      (SELECT midflight_g.done FROM "midflight_split-name_guard" AS midflight_g) <> 2
BEGIN
  SELECT RAISE(ABORT, 'midflight: table people is still filled from customers (migration split-name): write there');
END;

CREATE TRIGGER "midflight_split-name_new_people_refuse_INSERT" BEFORE INSERT ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now')) FROM "midflight_split-name_guard" AS midflight_g) AND
      (SELECT midflight_g.done FROM "midflight_split-name_guard" AS midflight_g) <> 2
BEGIN
  SELECT RAISE(ABORT, 'midflight: table people is still filled from customers (migration split-name): write there');
END;

CREATE TRIGGER "midflight_split-name_new_people_refuse_UPDATE" BEFORE UPDATE ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now')) FROM "midflight_split-name_guard" AS midflight_g) AND
      (SELECT midflight_g.done FROM "midflight_split-name_guard" AS midflight_g) <> 2
BEGIN
  SELECT RAISE(ABORT, 'midflight: table people is still filled from customers (migration split-name): write there');
END;

CREATE TRIGGER "midflight_split-name_old_customers_note_delete" AFTER DELETE ON "customers"
BEGIN
  INSERT INTO "midflight_split-name_overflow" (at) SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
        WHERE (SELECT max(id) FROM "midflight_split-name_outbox") - (SELECT min(id) FROM
        "midflight_split-name_outbox") > (SELECT 1000000000 / g.row_bytes FROM "midflight_split-name_guard" AS g) AND
        NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
  INSERT INTO "midflight_split-name_outbox" ("k1", at) SELECT OLD."id", CAST((julianday('now') - 2440587.5) * 86400000
        AS INTEGER) WHERE 1 AND NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
END;

CREATE TRIGGER "midflight_split-name_old_customers_note_insert" AFTER INSERT ON "customers"
BEGIN
  INSERT INTO "midflight_split-name_overflow" (at) SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
        WHERE (SELECT max(id) FROM "midflight_split-name_outbox") - (SELECT min(id) FROM
        "midflight_split-name_outbox") > (SELECT 1000000000 / g.row_bytes FROM "midflight_split-name_guard" AS g) AND
        NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
  INSERT INTO "midflight_split-name_outbox" ("k1", at) SELECT NEW."id", CAST((julianday('now') - 2440587.5) * 86400000
        AS INTEGER) WHERE 1 AND NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
END;

CREATE TRIGGER "midflight_split-name_old_customers_note_update" AFTER UPDATE OF "id", "name", "email", rowid, oid,
      _rowid_ ON "customers"
WHEN (OLD."id" COLLATE BINARY IS NOT NEW."id" OR OLD."name" COLLATE BINARY IS NOT NEW."name" OR OLD."email" COLLATE
      BINARY IS NOT NEW."email")
BEGIN
  INSERT INTO "midflight_split-name_overflow" (at) SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
        WHERE (SELECT max(id) FROM "midflight_split-name_outbox") - (SELECT min(id) FROM
        "midflight_split-name_outbox") > (SELECT 1000000000 / g.row_bytes FROM "midflight_split-name_guard" AS g) AND
        NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
  INSERT INTO "midflight_split-name_outbox" ("k1", at) SELECT NEW."id", CAST((julianday('now') - 2440587.5) * 86400000
        AS INTEGER) WHERE 1 AND NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0);
  INSERT INTO "midflight_split-name_outbox" ("k1", at) SELECT OLD."id", CAST((julianday('now') - 2440587.5) * 86400000
        AS INTEGER) WHERE 1 AND NOT EXISTS (SELECT 1 FROM "midflight_split-name_overflow" WHERE noting = 0) AND
        (OLD."id" COLLATE BINARY IS NOT NEW."id");
END;

CREATE VIEW "midflight_split-name_backward" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_backward_apply" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_backward_park" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_backward_settle" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_backward_whole" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_forward" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_forward_apply" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_forward_park" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_forward_settle" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_forward_whole" ("k1") AS SELECT "k1" FROM "midflight_split-name_guard";

CREATE VIEW "midflight_split-name_new_people" ("id", "first_name", "last_name", "email") AS SELECT "id", "first_name",
      "last_name", "email" FROM "people";

CREATE VIEW "midflight_split-name_old_customers" ("id", "name", "email") AS SELECT "id", "name", "email" FROM
      "customers";
