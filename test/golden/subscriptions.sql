CREATE TABLE "midflight_subscriptions-out-of-customers_backward_now_customers" ("id" INTEGER COLLATE "BINARY", "name"
      TEXT COLLATE "BINARY", "subscriptions" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_backward_stash_customers" (midflight_at REAL, "id" INTEGER
      COLLATE "BINARY", "name" TEXT COLLATE "BINARY", "subscriptions" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_backward_was_customers" ("id" INTEGER COLLATE "BINARY", "name"
      TEXT COLLATE "BINARY", "subscriptions" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_displaced" (table_name TEXT NOT NULL, at REAL NOT NULL, p1, p2,
      k1);

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_now_people" ("id" INTEGER COLLATE "BINARY", "name" TEXT
      COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_now_subscriptions" ("customer_id" INTEGER COLLATE
      "BINARY", "position" INTEGER COLLATE "BINARY", "plan" TEXT COLLATE "BINARY", "since" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_stash_people" (midflight_at REAL, "id" INTEGER COLLATE
      "BINARY", "name" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_stash_subscriptions" (midflight_at REAL, "customer_id"
      INTEGER COLLATE "BINARY", "position" INTEGER COLLATE "BINARY", "plan" TEXT COLLATE "BINARY", "since" TEXT
      COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_was_people" ("id" INTEGER COLLATE "BINARY", "name" TEXT
      COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_forward_was_subscriptions" ("customer_id" INTEGER COLLATE
      "BINARY", "position" INTEGER COLLATE "BINARY", "plan" TEXT COLLATE "BINARY", "since" TEXT COLLATE "BINARY");

CREATE TABLE "midflight_subscriptions-out-of-customers_guard" (forward REAL NOT NULL DEFAULT 0, backward REAL NOT NULL
      DEFAULT 0, done INTEGER NOT NULL DEFAULT 1, k1, h1, f1, b1);

CREATE TABLE "midflight_subscriptions-out-of-customers_made" (type TEXT NOT NULL, name TEXT NOT NULL);

CREATE TABLE "midflight_subscriptions-out-of-customers_object" (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT
      NULL);

CREATE TRIGGER "midflight_subscriptions-out-of-customers_backward_apply_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_backward_apply"
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."k1";
  DELETE FROM "customers" WHERE ("id") IN (SELECT midflight_b."id" FROM
        "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
          WHERE midflight_a."id" = midflight_b."id"));
  UPDATE "customers" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
        midflight_a."name") THEN midflight_a."name" ELSE "customers"."name" END, "subscriptions" = CASE WHEN
        (midflight_b."id" IS NULL OR midflight_b."subscriptions" COLLATE BINARY IS NOT midflight_a."subscriptions")
        THEN midflight_a."subscriptions" ELSE "customers"."subscriptions" END
    FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS
          NOT midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."subscriptions" COLLATE BINARY IS NOT
          midflight_a."subscriptions")) AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL AND
          midflight_a."subscriptions" IS NOT NULL;
  INSERT INTO "customers" ("id", "name", "subscriptions")
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM
          "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_x WHERE
          NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_y
          WHERE (midflight_x."id", midflight_x."name", midflight_x."subscriptions") IS (midflight_y."id",
          midflight_y."name", midflight_y."subscriptions"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_x WHERE NOT EXISTS (SELECT 1
          FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name", midflight_x."subscriptions") IS (midflight_y."id",
          midflight_y."name", midflight_y."subscriptions")))) AND midflight_a."id" IS NOT NULL AND midflight_a."name"
          IS NOT NULL AND midflight_a."subscriptions" IS NOT NULL;
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS
          midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."subscriptions" COLLATE BINARY IS NOT
          midflight_a."subscriptions")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_subscriptions-out-of-customers_backward_now_customers"
        WHERE "id" IS NOT NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table customers refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine backward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_x WHERE NOT EXISTS (SELECT 1
          FROM "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name", midflight_x."subscriptions") IS (midflight_y."id",
          midflight_y."name", midflight_y."subscriptions"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_backward_was_customers" AS midflight_x WHERE NOT EXISTS (SELECT 1
          FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name", midflight_x."subscriptions") IS (midflight_y."id",
          midflight_y."name", midflight_y."subscriptions")))) OR (midflight_b."id" IS NULL OR midflight_b."name"
          COLLATE BINARY IS NOT midflight_a."name") AND midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE
          BINARY IS NOT midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."subscriptions" COLLATE BINARY
          IS NOT midflight_a."subscriptions") AND midflight_t."id" IS NOT NULL AND (midflight_t."subscriptions"
          COLLATE BINARY IS NOT midflight_a."subscriptions"));
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_backward_park_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_backward_park"
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."k1";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_backward_settle_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_backward_settle"
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id",
          "name", "subscriptions" FROM "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" =
          NEW."k1"), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "people" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id",
        "name", "subscriptions" FROM "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."k1"),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query) WHERE "id" IS NOT NULL)) OR EXISTS (SELECT
      midflight_a."customer_id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name",
      "subscriptions" FROM "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."k1"),
      midflight_query ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query) AS midflight_a
    LEFT JOIN "subscriptions" AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          BINARY IS NOT midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since" COLLATE
          BINARY IS NOT midflight_a."since")
  UNION ALL SELECT midflight_t."customer_id" FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
        NEW."k1" AND (midflight_t."customer_id", midflight_t."position") NOT IN (SELECT "customer_id", "position" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."k1"), midflight_query
        ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query) WHERE "customer_id" IS NOT NULL AND "position" IS NOT NULL)));
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_backward_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_backward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine backward'
        AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't'''
        || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."k1"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."k1"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM "customers" WHERE "id" = NEW."k1";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_backward_whole_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_backward_whole"
BEGIN
  DELETE FROM "customers" WHERE "customers"."id" = NEW."k1" AND ("customers"."id") NOT IN (SELECT "id" FROM
        "midflight_subscriptions-out-of-customers_backward_now_customers" WHERE "id" IS NOT NULL);
  UPDATE "customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE BINARY IS NOT midflight_a."name" OR
          "customers"."subscriptions" COLLATE BINARY IS NOT midflight_a."subscriptions") AND midflight_a."id" IS NOT
          NULL AND midflight_a."name" IS NOT NULL AND midflight_a."subscriptions" IS NOT NULL;
  INSERT INTO "customers" ("id", "name", "subscriptions")
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM
          "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL AND midflight_a."subscriptions" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine backward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table customers refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine backward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_backward_now_customers" AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."subscriptions" COLLATE BINARY IS NOT
          midflight_a."subscriptions"));
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_forward_apply_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_forward_apply"
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = julianday('now'), f1 = NEW."k1";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since" FROM "subscriptions"
    WHERE EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_b
          WHERE NOT EXISTS (SELECT 1 FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_b."customer_id" AND midflight_t."position" = midflight_b."position"))
    AND (EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS
          midflight_y WHERE (midflight_x."customer_id", midflight_x."position", midflight_x."plan",
          midflight_x."since") IS (midflight_y."customer_id", midflight_y."position", midflight_y."plan",
          midflight_y."since"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_x WHERE NOT EXISTS (SELECT
          1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_y WHERE
          (midflight_x."customer_id", midflight_x."position", midflight_x."plan", midflight_x."since") IS
          (midflight_y."customer_id", midflight_y."position", midflight_y."plan", midflight_y."since")))) AND
          "customer_id" = NEW."k1"
  UNION ALL SELECT NULL, NULL, NULL, NULL
    WHERE EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_b
          WHERE NOT EXISTS (SELECT 1 FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_b."customer_id" AND midflight_t."position" = midflight_b."position"))
    AND (EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS
          midflight_y WHERE (midflight_x."customer_id", midflight_x."position", midflight_x."plan",
          midflight_x."since") IS (midflight_y."customer_id", midflight_y."position", midflight_y."plan",
          midflight_y."since"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_x WHERE NOT EXISTS (SELECT
          1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_y WHERE
          (midflight_x."customer_id", midflight_x."position", midflight_x."plan", midflight_x."since") IS
          (midflight_y."customer_id", midflight_y."position", midflight_y."plan", midflight_y."since"))));
  DELETE FROM "subscriptions" WHERE ("customer_id", "position") IN (SELECT midflight_b."customer_id",
        midflight_b."position" FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS
        midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS
          midflight_a WHERE midflight_a."customer_id" = midflight_b."customer_id" AND midflight_a."position" =
          midflight_b."position"));
  DELETE FROM "people" WHERE ("id") IN (SELECT midflight_b."id" FROM
        "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_a WHERE
          midflight_a."id" = midflight_b."id"));
  UPDATE "people" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
        midflight_a."name") THEN midflight_a."name" ELSE "people"."name" END
    FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    WHERE "people"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE BINARY IS NOT
          midflight_a."name")) AND midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "people" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_x WHERE NOT
          EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_y WHERE
          (midflight_x."id", midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name")))) AND midflight_a."id" IS NOT NULL AND
          midflight_a."name" IS NOT NULL;
  UPDATE "subscriptions" SET "plan" = CASE WHEN (midflight_b."customer_id" IS NULL OR midflight_b."plan" COLLATE
        BINARY IS NOT midflight_a."plan") THEN midflight_a."plan" ELSE "subscriptions"."plan" END, "since" = CASE WHEN
        (midflight_b."customer_id" IS NULL OR midflight_b."since" COLLATE BINARY IS NOT midflight_a."since") THEN
        midflight_a."since" ELSE "subscriptions"."since" END
    FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_b ON
          midflight_b."customer_id" = midflight_a."customer_id" AND midflight_b."position" = midflight_a."position"
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ((midflight_b."customer_id" IS NULL OR midflight_b."plan" COLLATE BINARY IS NOT
          midflight_a."plan") OR (midflight_b."customer_id" IS NULL OR midflight_b."since" COLLATE BINARY IS NOT
          midflight_a."since")) AND midflight_a."customer_id" IS NOT NULL AND midflight_a."position" IS NOT NULL AND
          midflight_a."plan" IS NOT NULL AND midflight_a."since" IS NOT NULL;
  INSERT INTO "subscriptions" ("customer_id", "position", "plan", "since")
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    AND (EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS
          midflight_y WHERE (midflight_x."customer_id", midflight_x."position", midflight_x."plan",
          midflight_x."since") IS (midflight_y."customer_id", midflight_y."position", midflight_y."plan",
          midflight_y."since"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_x WHERE NOT EXISTS (SELECT
          1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_y WHERE
          (midflight_x."customer_id", midflight_x."position", midflight_x."plan", midflight_x."since") IS
          (midflight_y."customer_id", midflight_y."position", midflight_y."plan", midflight_y."since")))) AND
          midflight_a."customer_id" IS NOT NULL AND midflight_a."position" IS NOT NULL AND midflight_a."plan" IS NOT
          NULL AND midflight_a."since" IS NOT NULL;
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_settle" SELECT NEW."k1"
    WHERE EXISTS (SELECT midflight_a."id" FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS
          midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "people" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM "midflight_subscriptions-out-of-customers_forward_now_people"
        WHERE "id" IS NOT NULL)) OR EXISTS (SELECT midflight_a."customer_id" FROM
        "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    LEFT JOIN "subscriptions" AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          BINARY IS NOT midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since" COLLATE
          BINARY IS NOT midflight_a."since")
  UNION ALL SELECT midflight_t."customer_id" FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
        NEW."k1" AND (midflight_t."customer_id", midflight_t."position") NOT IN (SELECT "customer_id", "position" FROM
        "midflight_subscriptions-out-of-customers_forward_now_subscriptions" WHERE "customer_id" IS NOT NULL AND
        "position" IS NOT NULL));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table people refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_b ON midflight_b."id" =
          midflight_a."id"
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL AND (EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name"))) OR EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_was_people" AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_y WHERE (midflight_x."id",
          midflight_x."name") IS (midflight_y."id", midflight_y."name")))) OR (midflight_b."id" IS NULL OR
          midflight_b."name" COLLATE BINARY IS NOT midflight_a."name") AND midflight_t."id" IS NOT NULL AND
          (midflight_t."name" COLLATE BINARY IS NOT midflight_a."name"));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table subscriptions refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    LEFT JOIN "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_b ON
          midflight_b."customer_id" = midflight_a."customer_id" AND midflight_b."position" = midflight_a."position"
    LEFT JOIN "subscriptions" AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL AND (EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_x WHERE NOT EXISTS (SELECT
          1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_y WHERE
          (midflight_x."customer_id", midflight_x."position", midflight_x."plan", midflight_x."since") IS
          (midflight_y."customer_id", midflight_y."position", midflight_y."plan", midflight_y."since"))) OR EXISTS
          (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions" AS midflight_x WHERE NOT
          EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_y
          WHERE (midflight_x."customer_id", midflight_x."position", midflight_x."plan", midflight_x."since") IS
          (midflight_y."customer_id", midflight_y."position", midflight_y."plan", midflight_y."since")))) OR
          (midflight_b."customer_id" IS NULL OR midflight_b."plan" COLLATE BINARY IS NOT midflight_a."plan") AND
          midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE BINARY IS NOT midflight_a."plan") OR
          (midflight_b."customer_id" IS NULL OR midflight_b."since" COLLATE BINARY IS NOT midflight_a."since") AND
          midflight_t."customer_id" IS NOT NULL AND (midflight_t."since" COLLATE BINARY IS NOT midflight_a."since"));
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_forward_park_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_forward_park"
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = julianday('now'), f1 = NEW."k1";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = 0;
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_forward_settle_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_forward_settle"
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_whole" SELECT NEW."k1"
    WHERE (EXISTS (SELECT midflight_a."id" FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."k1"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."k1"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query) AS midflight_a
    LEFT JOIN "customers" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."subscriptions" COLLATE BINARY IS NOT
          midflight_a."subscriptions")
  UNION ALL SELECT midflight_t."id" FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."k1" AND
        (midflight_t."id") NOT IN (SELECT "id" FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
        "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."k1"), "subscriptions" ("customer_id",
        "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
        "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."k1"), midflight_query
        ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query) WHERE "id" IS NOT
      NULL)));
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_forward_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_forward"
BEGIN
  DELETE FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine forward' AND
        entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' ||
        hex(NEW."k1") || '''' ELSE quote(NEW."k1") END;
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_people";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_people";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."k1"), midflight_query ("id",
          "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_people" SELECT "id", "name"
    FROM "people" WHERE "id" = NEW."k1";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."k1"), midflight_query
          ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM "subscriptions" WHERE "customer_id" = NEW."k1";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_apply" SELECT NEW."k1";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_forward_whole_sync" INSTEAD OF INSERT ON
      "midflight_subscriptions-out-of-customers_forward_whole"
BEGIN
  DELETE FROM "subscriptions" WHERE "subscriptions"."customer_id" = NEW."k1" AND ("subscriptions"."customer_id",
        "subscriptions"."position") NOT IN (SELECT "customer_id", "position" FROM
        "midflight_subscriptions-out-of-customers_forward_now_subscriptions" WHERE "customer_id" IS NOT NULL AND
        "position" IS NOT NULL);
  DELETE FROM "people" WHERE "people"."id" = NEW."k1" AND ("people"."id") NOT IN (SELECT "id" FROM
        "midflight_subscriptions-out-of-customers_forward_now_people" WHERE "id" IS NOT NULL);
  UPDATE "people" SET "name" = midflight_a."name"
    FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."name" COLLATE BINARY IS NOT midflight_a."name") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  INSERT INTO "people" ("id", "name")
    SELECT midflight_a."id", midflight_a."name" FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "people" AS midflight_t WHERE midflight_t."id" = midflight_a."id") AND
          midflight_a."id" IS NOT NULL AND midflight_a."name" IS NOT NULL;
  UPDATE "subscriptions" SET "plan" = midflight_a."plan", "since" = midflight_a."since"
    FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ("subscriptions"."plan" COLLATE BINARY IS NOT midflight_a."plan" OR
          "subscriptions"."since" COLLATE BINARY IS NOT midflight_a."since") AND midflight_a."customer_id" IS NOT NULL
          AND midflight_a."position" IS NOT NULL AND midflight_a."plan" IS NOT NULL AND midflight_a."since" IS NOT
          NULL;
  INSERT INTO "subscriptions" ("customer_id", "position", "plan", "since")
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position") AND midflight_a."customer_id"
          IS NOT NULL AND midflight_a."position" IS NOT NULL AND midflight_a."plan" IS NOT NULL AND
          midflight_a."since" IS NOT NULL;
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table people refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_people" AS midflight_a
    LEFT JOIN "people" AS midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE BINARY IS NOT
          midflight_a."name"));
  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)
    SELECT 'subscriptions-out-of-customers', 'quarantine forward', CASE WHEN typeof(NEW."k1") = 'text' AND
          instr(CAST(NEW."k1" AS BLOB), x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END,
          'table subscriptions refuses a row (NOT NULL, UNIQUE, CHECK or type)', CAST((julianday('now') - 2440587.5) *
          86400000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
          'quarantine forward' AND entity_key = CASE WHEN typeof(NEW."k1") = 'text' AND instr(CAST(NEW."k1" AS BLOB),
          x'00') > 0 THEN 't''' || hex(NEW."k1") || '''' ELSE quote(NEW."k1") END)
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions" AS midflight_a
    LEFT JOIN "subscriptions" AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          BINARY IS NOT midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since" COLLATE
          BINARY IS NOT midflight_a."since"));
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_delete" AFTER DELETE ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (OLD."id" IS midflight_g.f1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = OLD."id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = OLD."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
          "customer_id", "position", "plan", "since" FROM "midflight_subscriptions-out-of-customers_new_subscriptions"
          WHERE "customer_id" = OLD."id"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT OLD."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_insert" AFTER INSERT ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE 1 = 0), "subscriptions" ("customer_id",
          "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_insert_before" BEFORE INSERT ON "people"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now')) FROM "midflight_subscriptions-out-of-customers_guard" AS
      midflight_g) AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_people" AS midflight_d
      WHERE midflight_d."id" = NEW."id")
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_subscriptions-out-of-customers_displaced" (table_name, at, p1, k1)
    SELECT 'new.people', julianday('now'), midflight_d."id", midflight_d."id" FROM
          "midflight_subscriptions-out-of-customers_new_people" AS midflight_d WHERE midflight_d."id" = NEW."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_insert_displaced" AFTER INSERT ON "people"
WHEN EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE
      midflight_d.table_name = 'new.people' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT midflight_d."k1" FROM
        "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE midflight_d.table_name =
        'new.people' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."id") OR NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_new_people" AS midflight_l WHERE midflight_d.p1 IS
          midflight_l."id"))
    ORDER BY (midflight_d.p1 IS NEW."id");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."id" WHERE EXISTS (SELECT 1 FROM
        midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine backward' AND
        entity_key = CASE WHEN typeof(NEW."id") = 'text' AND instr(CAST(NEW."id" AS BLOB), x'00') > 0 THEN 't''' ||
        hex(NEW."id") || '''' ELSE quote(NEW."id") END);
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."id";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_rekey" AFTER UPDATE OF "id", rowid, oid, _rowid_
      ON "people"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1 OR OLD."id" IS
        midflight_g.f1)) FROM "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."id";
  DELETE FROM "customers" WHERE "id" = NEW."id"
    AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE
          midflight_d.table_name = 'new.people' AND midflight_d.at IS julianday('now') AND NEW."id" = midflight_d.k1);
  UPDATE OR IGNORE "customers" SET "id" = NEW."id"
    WHERE "id" = OLD."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_people" AS midflight_l WHERE
          midflight_l."id" = OLD."id")
    AND NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."id");
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."id" WHERE (NEW."id") = (NEW."id");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT OLD."id" WHERE (OLD."id") = (OLD."id");
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_update" AFTER UPDATE OF "id", "name", rowid, oid,
      _rowid_ ON "people"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id") OR (OLD."name" COLLATE BINARY IS NOT NEW."name")) AND NOT ((OLD."id"
      COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."id" IS midflight_g.f1)) FROM
        "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
          "customer_id", "position", "plan", "since" FROM "midflight_subscriptions-out-of-customers_new_subscriptions"
          WHERE "customer_id" = NEW."id"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_update_before" BEFORE UPDATE ON "people"
WHEN (((OLD."id" COLLATE BINARY IS NOT NEW."id"))) AND (SELECT NOT (midflight_g.forward IS julianday('now')) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g) AND EXISTS (SELECT 1 FROM
      "midflight_subscriptions-out-of-customers_new_people" AS midflight_d WHERE midflight_d."id" = NEW."id" AND NOT
      (midflight_d."id" = OLD."id"))
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_subscriptions-out-of-customers_displaced" (table_name, at, p1, k1)
    SELECT 'new.people', julianday('now'), midflight_d."id", midflight_d."id" FROM
          "midflight_subscriptions-out-of-customers_new_people" AS midflight_d WHERE midflight_d."id" = NEW."id" AND
          NOT (midflight_d."id" = OLD."id");
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_update_displaced" AFTER UPDATE ON "people"
WHEN EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE
      midflight_d.table_name = 'new.people' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT midflight_d."k1" FROM
        "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE midflight_d.table_name =
        'new.people' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."id") AND NOT (((OLD."id" COLLATE BINARY IS NOT NEW."id"))) OR NOT EXISTS (SELECT 1
          FROM "midflight_subscriptions-out-of-customers_new_people" AS midflight_l WHERE midflight_d.p1 IS
          midflight_l."id")) AND NOT (midflight_d.p1 IS OLD."id")
    ORDER BY (midflight_d.p1 IS NEW."id");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."id" WHERE EXISTS (SELECT 1 FROM
        midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine backward' AND
        entity_key = CASE WHEN typeof(NEW."id") = 'text' AND instr(CAST(NEW."id" AS BLOB), x'00') > 0 THEN 't''' ||
        hex(NEW."id") || '''' ELSE quote(NEW."id") END);
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."id";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_delete" AFTER DELETE ON "subscriptions"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (OLD."customer_id" IS midflight_g.f1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = OLD."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = OLD."customer_id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = OLD."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = OLD."customer_id" UNION
          ALL SELECT OLD."customer_id" AS "customer_id", OLD."position" AS "position", OLD."plan" AS "plan",
          OLD."since" AS "since"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT OLD."customer_id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_insert" AFTER INSERT ON "subscriptions"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."customer_id" IS midflight_g.f1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."customer_id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."customer_id" AND NOT
          (NEW."customer_id" = "customer_id" AND NEW."position" = "position")), midflight_query ("id", "name",
          "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT NEW."customer_id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_insert_before" BEFORE INSERT ON
      "subscriptions"
WHEN (SELECT NOT (midflight_g.forward IS julianday('now')) FROM "midflight_subscriptions-out-of-customers_guard" AS
      midflight_g) AND EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS
      midflight_d WHERE midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position"
    UNION SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d WHERE
          midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position")
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_subscriptions-out-of-customers_displaced" (table_name, at, p1, p2, k1)
    SELECT 'new.subscriptions', julianday('now'), midflight_d."customer_id", midflight_d."position",
          midflight_d."customer_id" FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d
          WHERE midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position"
    UNION SELECT 'new.subscriptions', julianday('now'), midflight_d."customer_id", midflight_d."position",
          midflight_d."customer_id" FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d
          WHERE midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_insert_displaced" AFTER INSERT ON
      "subscriptions"
WHEN EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE
      midflight_d.table_name = 'new.subscriptions' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT midflight_d."k1" FROM
        "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE midflight_d.table_name =
        'new.subscriptions' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."customer_id" AND midflight_d.p2 IS NEW."position") OR NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_l WHERE midflight_d.p1 IS
          midflight_l."customer_id" AND midflight_d.p2 IS midflight_l."position"))
    ORDER BY (midflight_d.p1 IS NEW."customer_id" AND midflight_d.p2 IS NEW."position");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."customer_id" WHERE EXISTS (SELECT 1 FROM
        midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine backward' AND
        entity_key = CASE WHEN typeof(NEW."customer_id") = 'text' AND instr(CAST(NEW."customer_id" AS BLOB), x'00') >
        0 THEN 't''' || hex(NEW."customer_id") || '''' ELSE quote(NEW."customer_id") END);
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."customer_id";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_rekey" AFTER UPDATE OF "customer_id",
      rowid, oid, _rowid_ ON "subscriptions"
WHEN ((OLD."customer_id" COLLATE BINARY IS NOT NEW."customer_id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."customer_id" IS midflight_g.f1 OR
        OLD."customer_id" IS midflight_g.f1)) FROM "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."customer_id";
  UPDATE OR IGNORE "customers" SET "id" = NEW."customer_id"
    WHERE "id" = OLD."customer_id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_l WHERE
          midflight_l."customer_id" = OLD."customer_id")
    AND NOT EXISTS (SELECT 1 FROM "customers" AS midflight_t WHERE midflight_t."id" = NEW."customer_id");
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."customer_id" WHERE (NEW."customer_id") =
        (NEW."customer_id");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT OLD."customer_id" WHERE (OLD."customer_id") =
        (OLD."customer_id");
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_update" AFTER UPDATE OF "plan", "since",
      "customer_id", "position", rowid, oid, _rowid_ ON "subscriptions"
WHEN ((OLD."plan" COLLATE BINARY IS NOT NEW."plan") OR (OLD."since" COLLATE BINARY IS NOT NEW."since") OR
      (OLD."customer_id" COLLATE BINARY IS NOT NEW."customer_id") OR (OLD."position" COLLATE BINARY IS NOT
      NEW."position")) AND NOT ((OLD."customer_id" COLLATE BINARY IS NOT NEW."customer_id"))
  AND (SELECT NOT (midflight_g.forward IS julianday('now') AND (NEW."customer_id" IS midflight_g.f1)) FROM
        "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_now_customers";
  DELETE FROM "midflight_subscriptions-out-of-customers_backward_was_customers";
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_now_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."customer_id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_was_customers" SELECT "id", "name", "subscriptions"
    FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM
          "midflight_subscriptions-out-of-customers_new_people" WHERE "id" = NEW."customer_id"), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" WHERE "customer_id" = NEW."customer_id" AND NOT
          (NEW."customer_id" = "customer_id" AND NEW."position" = "position") UNION ALL SELECT OLD."customer_id" AS
          "customer_id", OLD."position" AS "position", OLD."plan" AS "plan", OLD."since" AS "since"), midflight_query
          ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT json_group_array(json_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id" AS "id", "name" AS "name", "subscriptions" AS "subscriptions" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_backward_apply" SELECT NEW."customer_id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_update_before" BEFORE UPDATE ON
      "subscriptions"
WHEN (((OLD."customer_id" COLLATE BINARY IS NOT NEW."customer_id") OR (OLD."position" COLLATE BINARY IS NOT
      NEW."position")) OR ((OLD."customer_id" COLLATE BINARY IS NOT NEW."customer_id") OR (OLD."position" COLLATE
      BINARY IS NOT NEW."position"))) AND (SELECT NOT (midflight_g.forward IS julianday('now')) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g) AND EXISTS (SELECT 1 FROM
      "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d WHERE midflight_d."customer_id" =
      NEW."customer_id" AND midflight_d."position" = NEW."position" AND NOT (midflight_d."customer_id" =
      OLD."customer_id" AND midflight_d."position" = OLD."position")
    UNION SELECT 1 FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d WHERE
          midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position" AND NOT
          (midflight_d."customer_id" = OLD."customer_id" AND midflight_d."position" = OLD."position"))
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
  INSERT INTO "midflight_subscriptions-out-of-customers_displaced" (table_name, at, p1, p2, k1)
    SELECT 'new.subscriptions', julianday('now'), midflight_d."customer_id", midflight_d."position",
          midflight_d."customer_id" FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d
          WHERE midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position" AND NOT
          (midflight_d."customer_id" = OLD."customer_id" AND midflight_d."position" = OLD."position")
    UNION SELECT 'new.subscriptions', julianday('now'), midflight_d."customer_id", midflight_d."position",
          midflight_d."customer_id" FROM "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_d
          WHERE midflight_d."customer_id" = NEW."customer_id" AND midflight_d."position" = NEW."position" AND NOT
          (midflight_d."customer_id" = OLD."customer_id" AND midflight_d."position" = OLD."position");
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_subscriptions_update_displaced" AFTER UPDATE ON
      "subscriptions"
WHEN EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE
      midflight_d.table_name = 'new.subscriptions' AND midflight_d.at IS julianday('now'))
BEGIN
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT midflight_d."k1" FROM
        "midflight_subscriptions-out-of-customers_displaced" AS midflight_d WHERE midflight_d.table_name =
        'new.subscriptions' AND midflight_d.at IS julianday('now')
    AND ((midflight_d.p1 IS NEW."customer_id" AND midflight_d.p2 IS NEW."position") AND NOT (((OLD."customer_id"
          COLLATE BINARY IS NOT NEW."customer_id"))) OR NOT EXISTS (SELECT 1 FROM
          "midflight_subscriptions-out-of-customers_new_subscriptions" AS midflight_l WHERE midflight_d.p1 IS
          midflight_l."customer_id" AND midflight_d.p2 IS midflight_l."position")) AND NOT (midflight_d.p1 IS
          OLD."customer_id" AND midflight_d.p2 IS OLD."position")
    ORDER BY (midflight_d.p1 IS NEW."customer_id" AND midflight_d.p2 IS NEW."position");
  INSERT INTO "midflight_subscriptions-out-of-customers_backward" SELECT NEW."customer_id" WHERE EXISTS (SELECT 1 FROM
        midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine backward' AND
        entity_key = CASE WHEN typeof(NEW."customer_id") = 'text' AND instr(CAST(NEW."customer_id" AS BLOB), x'00') >
        0 THEN 't''' || hex(NEW."customer_id") || '''' ELSE quote(NEW."customer_id") END);
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = julianday('now'), b1 = NEW."customer_id";
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET backward = 0;
  DELETE FROM "midflight_subscriptions-out-of-customers_displaced" WHERE at IS NOT julianday('now');
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_delete" AFTER DELETE ON "customers"
WHEN (SELECT NOT (midflight_g.backward IS julianday('now') AND (OLD."id" IS midflight_g.b1)) AND (midflight_g.done OR
      (OLD."id") <= (midflight_g.k1) OR (OLD."id") > (midflight_g.h1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_people";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_people";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = OLD."id"), midflight_query ("id",
          "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = OLD."id"), midflight_query
          ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_apply" SELECT OLD."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_insert" AFTER INSERT ON "customers"
WHEN (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1)) AND (midflight_g.done OR
      (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1)) FROM
      "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_people";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_people";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query ("id",
          "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_people" SELECT "id", "name"
    FROM "people" WHERE "id" = NEW."id";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query
          ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM "subscriptions" WHERE "customer_id" = NEW."id";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_apply" SELECT NEW."id";
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_rekey" AFTER UPDATE OF "id", rowid, oid,
      _rowid_ ON "customers"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id"))
  AND (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1 OR OLD."id" IS
        midflight_g.b1)) AND (midflight_g.done OR (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1) OR
        (OLD."id") <= (midflight_g.k1) OR (OLD."id") > (midflight_g.h1)) FROM
        "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = julianday('now'), f1 = NEW."id";
  UPDATE OR IGNORE "people" SET "id" = NEW."id"
    WHERE "id" = OLD."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_old_customers" AS midflight_l WHERE
          midflight_l."id" = OLD."id")
    AND NOT EXISTS (SELECT 1 FROM "people" AS midflight_t WHERE midflight_t."id" = NEW."id");
  UPDATE OR IGNORE "subscriptions" SET "customer_id" = NEW."id"
    WHERE "customer_id" = OLD."id"
    AND NOT EXISTS (SELECT 1 FROM "midflight_subscriptions-out-of-customers_old_customers" AS midflight_l WHERE
          midflight_l."id" = OLD."id")
    AND NOT EXISTS (SELECT 1 FROM "subscriptions" AS midflight_t WHERE midflight_t."customer_id" = NEW."id");
  UPDATE "midflight_subscriptions-out-of-customers_guard" SET forward = 0;
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_people";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_people";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query ("id",
          "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT NEW."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query
          ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT NEW."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_apply" SELECT NEW."id";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward" SELECT OLD."id" WHERE (OLD."id") = (OLD."id");
END;

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_update" AFTER UPDATE OF "id", "name",
      "subscriptions", rowid, oid, _rowid_ ON "customers"
WHEN ((OLD."id" COLLATE BINARY IS NOT NEW."id") OR (OLD."name" COLLATE BINARY IS NOT NEW."name") OR
      (OLD."subscriptions" COLLATE BINARY IS NOT NEW."subscriptions")) AND NOT ((OLD."id" COLLATE BINARY IS NOT
      NEW."id"))
  AND (SELECT NOT (midflight_g.backward IS julianday('now') AND (NEW."id" IS midflight_g.b1)) AND (midflight_g.done OR
        (NEW."id") <= (midflight_g.k1) OR (NEW."id") > (midflight_g.h1)) FROM
        "midflight_subscriptions-out-of-customers_guard" AS midflight_g)
BEGIN
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_people";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_people";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query ("id",
          "name") AS (SELECT id, name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_people" SELECT "id", "name"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id" AS "id", "name" AS "name" FROM midflight_query);
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_now_subscriptions";
  DELETE FROM "midflight_subscriptions-out-of-customers_forward_was_subscriptions";
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_now_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE "id" = NEW."id"), midflight_query
          ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_was_subscriptions" SELECT "customer_id", "position",
        "plan", "since"
    FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "midflight_subscriptions-out-of-customers_old_customers" WHERE 1 = 0 UNION ALL SELECT OLD."id" AS "id",
          OLD."name" AS "name", OLD."subscriptions" AS "subscriptions"), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.key AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, json_each(c.subscriptions) s
) SELECT "customer_id" AS "customer_id", "position" AS "position", "plan" AS "plan", "since" AS "since" FROM
      midflight_query);
  INSERT INTO "midflight_subscriptions-out-of-customers_forward_apply" SELECT NEW."id";
END;

CREATE VIEW "midflight_subscriptions-out-of-customers_backward" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_backward_apply" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_backward_park" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_backward_settle" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_backward_whole" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_forward" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_forward_apply" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_forward_park" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_forward_settle" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_forward_whole" ("k1") AS SELECT "k1" FROM
      "midflight_subscriptions-out-of-customers_guard";

CREATE VIEW "midflight_subscriptions-out-of-customers_new_people" ("id", "name") AS SELECT "id", "name" FROM "people";

CREATE VIEW "midflight_subscriptions-out-of-customers_new_subscriptions" ("customer_id", "position", "plan", "since")
      AS SELECT "customer_id", "position", "plan", "since" FROM "subscriptions";

CREATE VIEW "midflight_subscriptions-out-of-customers_old_customers" ("id", "name", "subscriptions") AS SELECT "id",
      "name", "subscriptions" FROM "customers";
