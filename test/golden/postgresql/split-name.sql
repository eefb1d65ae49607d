CREATE TRIGGER "midflight_split-name_old_customers_delete" AFTER DELETE ON public.customers REFERENCING OLD TABLE AS
      midflight_old FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_old_customers_delete"();

CREATE TRIGGER "midflight_split-name_old_customers_insert" AFTER INSERT ON public.customers REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_old_customers_insert"();

CREATE TRIGGER "midflight_split-name_old_customers_truncate" AFTER TRUNCATE ON public.customers FOR EACH STATEMENT
      EXECUTE FUNCTION midflight."midflight_split-name_old_customers_truncate"();

CREATE TRIGGER "midflight_split-name_old_customers_update" AFTER UPDATE ON public.customers REFERENCING OLD TABLE AS
      midflight_old NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_split-name_old_customers_update"();

CREATE TRIGGER "midflight_split-name_new_people_delete" AFTER DELETE ON public.people REFERENCING OLD TABLE AS
      midflight_old FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_people_delete"();

CREATE TRIGGER "midflight_split-name_new_people_insert" AFTER INSERT ON public.people REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_people_insert"();

CREATE TRIGGER "midflight_split-name_new_people_truncate" AFTER TRUNCATE ON public.people FOR EACH STATEMENT EXECUTE
      FUNCTION midflight."midflight_split-name_new_people_truncate"();

CREATE TRIGGER "midflight_split-name_new_people_update" AFTER UPDATE ON public.people REFERENCING OLD TABLE AS
      midflight_old NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_split-name_new_people_update"();

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_backward_apply"(midflight_keys
      midflight."midflight_split-name_key"[], midflight_now_1
      midflight."midflight_split-name_backward_row_customers"[], midflight_was_1
      midflight."midflight_split-name_backward_row_customers"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  DELETE FROM "public"."customers" WHERE ("id") IN (SELECT midflight_b."id" FROM unnest(midflight_was_1) AS
        midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_a WHERE midflight_a."id" =
          midflight_b."id"));
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  UPDATE "public"."customers" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
        DISTINCT FROM midflight_a."name") THEN midflight_a."name" ELSE "customers"."name" END, "email" = CASE WHEN
        (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") THEN
        midflight_a."email" ELSE "customers"."email" END
    FROM unnest(midflight_now_1) AS midflight_a
    LEFT JOIN unnest(midflight_was_1) AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
          DISTINCT FROM midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS
          DISTINCT FROM midflight_a."email"));
  INSERT INTO "public"."customers" ("id", "name", "email") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."email" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."name", midflight_x."email"), ROW(midflight_y."id",
          midflight_y."name", midflight_y."email")))) OR EXISTS (SELECT 1 FROM unnest(midflight_was_1) AS midflight_x
          WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_y WHERE midflight_x."id" =
          midflight_y."id" AND record_image_eq(ROW(midflight_x."id", midflight_x."name", midflight_x."email"),
          ROW(midflight_y."id", midflight_y."name", midflight_y."email")))))
    ON CONFLICT ("id") DO NOTHING;
  END IF;
  IF EXISTS (SELECT midflight_a."id" FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT "id",
        "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' ||
        last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE "C" IS DISTINCT
          FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "first_name", "last_name",
        "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE
        ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id,
        first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_x
      WHERE midflight_x."id" = midflight_t."id")) THEN
  midflight_keys := ARRAY(SELECT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT * FROM (SELECT * FROM
        (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE "C" IS
          DISTINCT FROM midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE
          "C" IS DISTINCT FROM midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email"
          COLLATE "C" IS DISTINCT FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "email") AS
        (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_x WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS
      midflight_f INTERSECT SELECT * FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "people" ("id",
      "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people"
      AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name",
      "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE "C" IS DISTINCT
          FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "first_name", "last_name",
        "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE
        ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id,
        first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_x
      WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS midflight_b) AS midflight_apart ("k1") ORDER BY
      1);
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (SELECT *
          FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  DELETE FROM "public"."customers" WHERE ("customers"."id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT
        EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
  UPDATE "public"."customers" SET "name" = midflight_a."name", "email" = midflight_a."email"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR "customers"."email" COLLATE "C" IS DISTINCT FROM midflight_a."email");
  INSERT INTO "public"."customers" ("id", "name", "email") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."email" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_backward_each"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_split-name_key";
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_split-name_backward_sync"(ARRAY[midflight_key]);
    DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward' AND
          entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
          ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1")
          IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') ||
          '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES ('split-name',
          'quarantine backward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1")
          IN ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN
          pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
          (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C",
          '''', '''''') || '''' END, SQLERRM, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_backward_park"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  NULL;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_backward_sync"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_now_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_was_1 midflight."midflight_split-name_backward_row_customers"[];
BEGIN
  PERFORM 1 FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR SHARE;
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (SELECT *
          FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  PERFORM midflight."midflight_split-name_backward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_forward_apply"(midflight_keys
      midflight."midflight_split-name_key"[], midflight_now_1 midflight."midflight_split-name_forward_row_people"[],
      midflight_was_1 midflight."midflight_split-name_forward_row_people"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  DELETE FROM "public"."people" WHERE ("id") IN (SELECT midflight_b."id" FROM unnest(midflight_was_1) AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_a WHERE midflight_a."id" =
          midflight_b."id"));
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  UPDATE "public"."people" SET "first_name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE
        "C" IS DISTINCT FROM midflight_a."first_name") THEN midflight_a."first_name" ELSE "people"."first_name" END,
        "last_name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."last_name" COLLATE "C" IS DISTINCT FROM
        midflight_a."last_name") THEN midflight_a."last_name" ELSE "people"."last_name" END, "email" = CASE WHEN
        (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") THEN
        midflight_a."email" ELSE "people"."email" END
    FROM unnest(midflight_now_1) AS midflight_a
    LEFT JOIN unnest(midflight_was_1) AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "people"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE "C" IS
          DISTINCT FROM midflight_a."first_name") OR (midflight_b."id" IS NULL OR midflight_b."last_name" COLLATE "C"
          IS DISTINCT FROM midflight_a."last_name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS
          DISTINCT FROM midflight_a."email"));
  INSERT INTO "public"."people" ("id", "first_name", "last_name", "email") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."first_name", midflight_a."last_name", midflight_a."email" FROM
          unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."first_name", midflight_x."last_name",
          midflight_x."email"), ROW(midflight_y."id", midflight_y."first_name", midflight_y."last_name",
          midflight_y."email")))) OR EXISTS (SELECT 1 FROM unnest(midflight_was_1) AS midflight_x WHERE NOT EXISTS
          (SELECT 1 FROM unnest(midflight_now_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."first_name", midflight_x."last_name",
          midflight_x."email"), ROW(midflight_y."id", midflight_y."first_name", midflight_y."last_name",
          midflight_y."email")))))
    ON CONFLICT ("id") DO NOTHING;
  END IF;
  IF EXISTS (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email"
        FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE "C" IS
          DISTINCT FROM midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE
          "C" IS DISTINCT FROM midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email"
          COLLATE "C" IS DISTINCT FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "email") AS
        (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_x WHERE midflight_x."id" = midflight_t."id")) THEN
  midflight_keys := ARRAY(SELECT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT * FROM (SELECT * FROM
        (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."first_name" COLLATE "C" IS
          DISTINCT FROM midflight_a."first_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."last_name" COLLATE
          "C" IS DISTINCT FROM midflight_a."last_name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email"
          COLLATE "C" IS DISTINCT FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "email") AS
        (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_x WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS
      midflight_f INTERSECT SELECT * FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "people" ("id",
      "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people"
      AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name",
      "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND (midflight_t."email" COLLATE "C" IS DISTINCT
          FROM midflight_a."email")
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "first_name", "last_name",
        "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE
        ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id,
        first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_x
      WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS midflight_b) AS midflight_apart ("k1") ORDER BY
      1);
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_r)
    INTO midflight_now_1, midflight_was_1;
  DELETE FROM "public"."people" WHERE ("people"."id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS
        (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "people"."id");
  UPDATE "public"."people" SET "first_name" = midflight_a."first_name", "last_name" = midflight_a."last_name", "email"
        = midflight_a."email"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."first_name" COLLATE "C" IS DISTINCT FROM
          midflight_a."first_name" OR "people"."last_name" COLLATE "C" IS DISTINCT FROM midflight_a."last_name" OR
          "people"."email" COLLATE "C" IS DISTINCT FROM midflight_a."email");
  INSERT INTO "public"."people" ("id", "first_name", "last_name", "email") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."first_name", midflight_a."last_name", midflight_a."email" FROM
          unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_forward_drain"(midflight_rows bigint, midflight_followed
      boolean)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_outbox"[];
  midflight_key midflight."midflight_split-name_outbox";
  midflight_count bigint;
BEGIN
  WITH midflight_gone AS (DELETE FROM midflight."midflight_split-name_outbox" WHERE ctid = ANY (ARRAY(SELECT ctid FROM
        midflight."midflight_split-name_outbox" LIMIT midflight_rows)) RETURNING *)
    SELECT (SELECT count(*) FROM midflight_gone), ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_outbox" FROM midflight_gone ORDER BY 1)
    INTO midflight_count, midflight_keys;
  IF midflight_count = 0 THEN RETURN 0; END IF;
  BEGIN
    IF midflight_followed THEN
    PERFORM midflight."midflight_split-name_forward_sync"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    ELSE
      PERFORM midflight."midflight_split-name_note_settle"(midflight_keys, false);
    END IF;
    IF EXISTS (SELECT 1 FROM midflight.midflight_finding WHERE migration = 'split-name') THEN
      FOREACH midflight_key IN ARRAY midflight_keys LOOP
        DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward' AND
              entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
              ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN
              pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
              (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE
              "C", '''', '''''') || '''' END;
      END LOOP;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    IF midflight_followed THEN
    PERFORM midflight."midflight_split-name_forward_each"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    ELSE
      PERFORM midflight."midflight_split-name_note_each"(midflight_keys, false);
    END IF;
  END;
  RETURN midflight_count;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_forward_each"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_split-name_key";
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_split-name_forward_sync"(ARRAY[midflight_key]);
    DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward' AND
          entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
          ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1")
          IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') ||
          '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES ('split-name',
          'quarantine forward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
          ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1")
          IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') ||
          '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END, SQLERRM,
          (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_forward_park"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  NULL;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_forward_sync"(midflight_keys
      midflight."midflight_split-name_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_now_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_was_1 midflight."midflight_split-name_forward_row_people"[];
BEGIN
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR
        SHARE;
  PERFORM 1 FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO KEY
        UPDATE;
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_r)
    INTO midflight_now_1, midflight_was_1;
  PERFORM midflight."midflight_split-name_forward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_was_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    IF OLD."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
    SELECT ROW(midflight_was_1."id", midflight_was_1."name",
          midflight_was_1."email")::midflight."midflight_split-name_backward_row_customers" AS was_1
    INTO STRICT midflight_row FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT OLD."id" AS
          "id", OLD."first_name" AS "first_name", OLD."last_name" AS "last_name", OLD."email" AS "email"),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_was_1
    WHERE NOT EXISTS (SELECT FROM "public"."people" AS midflight_l WHERE midflight_l."id" = OLD."id");
    DELETE FROM "public"."customers" WHERE "customers"."id" = (midflight_row.was_1)."id";
    midflight_settled := FOUND;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_old LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[0, count(*), count(*)] FROM midflight_old$midflight_many$ INTO
        midflight_counts;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_written AS (DELETE FROM "public"."customers" USING midflight_old AS
        midflight_o WHERE "customers"."id" = midflight_o."id"
    AND NOT EXISTS (SELECT FROM "public"."people" AS midflight_l WHERE midflight_l."id" = midflight_o."id") RETURNING
          1) SELECT count(*) FROM midflight_written$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH "people" ("id", "first_name",
        "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS
        midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name", "email") AS (SELECT
        id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS (SELECT midflight_o."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM
          unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' '
          || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_split-name_backward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_was_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
    SELECT ROW(midflight_now_1."id", midflight_now_1."name",
          midflight_now_1."email")::midflight."midflight_split-name_backward_row_customers" AS now_1
    INTO STRICT midflight_row FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT "id",
          "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE "id" = NEW."id"),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_now_1;
    INSERT INTO "public"."customers" ("id", "name", "email") OVERRIDING SYSTEM VALUE VALUES
          ((midflight_row.now_1)."id", (midflight_row.now_1)."name", (midflight_row.now_1)."email")
    ON CONFLICT ("id") DO NOTHING
      RETURNING record_image_eq(ROW("customers"."id", "customers"."name",
            "customers"."email")::midflight."midflight_split-name_backward_row_customers", midflight_row.now_1) INTO
            midflight_settled;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_new LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[0, count(*), count(*)] FROM midflight_new$midflight_many$ INTO
        midflight_counts;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_n AS MATERIALIZED (SELECT * FROM (WITH "people" ("id", "first_name",
        "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS
        midflight_s CROSS JOIN (SELECT "id" AS midflight_k1 FROM midflight_new) AS midflight_k WHERE "id" =
        midflight_k."midflight_k1"), midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' '
        || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_q),
      midflight_written AS (INSERT INTO "public"."customers" AS midflight_t ("id", "name", "email") OVERRIDING SYSTEM
      VALUE
    SELECT "id", "name", "email" FROM midflight_n
    ON CONFLICT ("id") DO NOTHING RETURNING midflight_t."id", midflight_t."name", midflight_t."email")
    SELECT count(*) FROM midflight_written AS midflight_w JOIN midflight_n AS midflight_a ON midflight_w."id" =
          midflight_a."id" WHERE NOT (midflight_w."id" IS DISTINCT FROM midflight_a."id" OR midflight_w."name" COLLATE
          "C" IS DISTINCT FROM midflight_a."name" OR midflight_w."email" COLLATE "C" IS DISTINCT FROM
          midflight_a."email")$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH "people" ("id", "first_name",
        "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS
        midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name", "email") AS (SELECT
        id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS MATERIALIZED (SELECT "id", "first_name", "last_name",
          "email" FROM "public"."people" AS midflight_s WHERE 1 = 0), midflight_query ("id", "name", "email") AS
          (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
          "public"."people" AS midflight_s WHERE 1 = 0), midflight_query ("id", "name", "email") AS (SELECT id,
          first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_split-name_backward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_many boolean := true;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN NULL; END IF;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  PERFORM midflight."midflight_split-name_backward_sync"(midflight_keys);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_was_1 midflight."midflight_split-name_backward_row_customers"[];
  midflight_rekeyed boolean;
  midflight_carried midflight."midflight_split-name_key"[];
  midflight_from midflight."midflight_split-name_key"[];
  midflight_to midflight."midflight_split-name_key"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL AND NOT (OLD."id" IS DISTINCT FROM NEW."id") THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
    SELECT ROW(midflight_now_1."id", midflight_now_1."name",
          midflight_now_1."email")::midflight."midflight_split-name_backward_row_customers" AS now_1,
      ROW(midflight_was_1."id", midflight_was_1."name",
            midflight_was_1."email")::midflight."midflight_split-name_backward_row_customers" AS was_1
    INTO STRICT midflight_row FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT "id",
          "first_name", "last_name", "email" FROM "public"."people" AS midflight_s WHERE "id" = NEW."id"),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_now_1,
    (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT OLD."id" AS "id", OLD."first_name" AS
          "first_name", OLD."last_name" AS "last_name", OLD."email" AS "email"), midflight_query ("id", "name",
          "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_was_1;
    IF record_image_eq(midflight_row.now_1, midflight_row.was_1) THEN
    midflight_settled := true;
    ELSE
    UPDATE "public"."customers" SET "name" = (midflight_row.now_1)."name", "email" = (midflight_row.now_1)."email"
      WHERE "customers"."id" = (midflight_row.now_1)."id" AND record_image_eq(ROW("customers"."id",
            "customers"."name", "customers"."email")::midflight."midflight_split-name_backward_row_customers",
            midflight_row.was_1)
      RETURNING record_image_eq(ROW("customers"."id", "customers"."name",
            "customers"."email")::midflight."midflight_split-name_backward_row_customers", midflight_row.now_1) INTO
            midflight_settled;
    END IF;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_new LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[(SELECT count(*) FROM midflight_new) - count(*),
    count(*) FILTER (WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS
          DISTINCT FROM midflight_n."email" OR midflight_o."first_name" COLLATE "C" IS DISTINCT FROM
          midflight_n."first_name" OR midflight_o."last_name" COLLATE "C" IS DISTINCT FROM midflight_n."last_name")),
    count(*) FILTER (WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS
          DISTINCT FROM midflight_n."email" OR midflight_o."first_name" COLLATE "C" IS DISTINCT FROM
          midflight_n."first_name" OR midflight_o."last_name" COLLATE "C" IS DISTINCT FROM midflight_n."last_name"))]
          FROM midflight_old AS midflight_o JOIN midflight_new AS midflight_n ON midflight_n."id" =
          midflight_o."id"$midflight_many$
    INTO midflight_counts;
  IF midflight_counts[1] = 0 AND midflight_counts[2] = 0 THEN EXIT midflight_rest; END IF;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_written AS (  UPDATE "public"."customers" SET "name" = CASE WHEN
        (midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS DISTINCT FROM midflight_a."name") THEN
        midflight_a."name" ELSE "customers"."name" END, "email" = CASE WHEN (midflight_b."id" IS NULL OR
        midflight_b."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") THEN midflight_a."email" ELSE
        "customers"."email" END
    FROM (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email"
          FROM "public"."people" AS midflight_s CROSS JOIN (SELECT "id" AS midflight_k1 FROM midflight_new) AS
          midflight_k WHERE "id" = midflight_k."midflight_k1"), midflight_query ("id", "name", "email") AS (SELECT id,
          first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (WITH "people" ("id", "first_name", "last_name", "email") AS (SELECT midflight_o."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM midflight_old AS midflight_o WHERE 1 = 1), midflight_query ("id", "name", "email") AS (SELECT
          id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_b
      ON midflight_b."id" = midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
          DISTINCT FROM midflight_a."name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS
          DISTINCT FROM midflight_a."email"))
    RETURNING NOT ("customers"."id" IS DISTINCT FROM midflight_a."id" OR "customers"."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name" OR "customers"."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") AS
          midflight_same) SELECT count(*) FROM midflight_written WHERE midflight_same$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        midflight_k.* FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS
        JOIN LATERAL (VALUES (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS
        DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS DISTINCT FROM midflight_n."email" OR
        midflight_o."first_name" COLLATE "C" IS DISTINCT FROM midflight_n."first_name" OR midflight_o."last_name"
        COLLATE "C" IS DISTINCT FROM midflight_n."last_name")) AS midflight_w WHERE k1 IS NOT NULL ORDER BY
        1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT midflight_k.* FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS JOIN LATERAL (VALUES
        (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS DISTINCT FROM
        midflight_n."id" OR midflight_o."email" COLLATE "C" IS DISTINCT FROM midflight_n."email" OR
        midflight_o."first_name" COLLATE "C" IS DISTINCT FROM midflight_n."first_name" OR midflight_o."last_name"
        COLLATE "C" IS DISTINCT FROM midflight_n."last_name")) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT coalesce(bool_or((midflight_o."id" IS DISTINCT FROM midflight_n."id")), false) FROM
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number()
        OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i)$midflight_many$
    INTO midflight_rekeyed USING midflight_keys;
  ELSE
  SELECT coalesce(bool_or((midflight_o."id" IS DISTINCT FROM midflight_n."id")), false) FROM (SELECT row_number() OVER
        () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, *
        FROM midflight_new) AS midflight_n USING (midflight_i)
    INTO midflight_rekeyed;
  END IF;
  IF midflight_rekeyed THEN
    EXECUTE $midflight_many$WITH midflight_moved AS (UPDATE "public"."customers" SET "id" = midflight_m."t1" FROM
          (SELECT midflight_o."id" AS f1, midflight_n."id" AS t1 FROM (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new)
          AS midflight_n USING (midflight_i) WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id")) AS
          midflight_m
      WHERE "customers"."id" = midflight_m."f1"
      AND NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_m."t1")
      RETURNING ROW(midflight_m."f1")::midflight."midflight_split-name_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
    EXECUTE $midflight_many$WITH midflight_moves AS MATERIALIZED (SELECT midflight_o."id" AS f1, midflight_n."id" AS
          t1 FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_o."id" IS DISTINCT FROM midflight_n."id")), midflight_m AS MATERIALIZED (SELECT *, CASE WHEN t1
          IS NOT NULL THEN -(random() * 9e15)::bigint END AS p1
      FROM midflight_moves WHERE ROW("f1")::midflight."midflight_split-name_key" <> ALL (coalesce($1, '{}')) AND
            ("t1") IN (SELECT "f1" FROM midflight_moves)),
      midflight_moved AS (UPDATE "public"."customers" SET "id" = midflight_m."p1" FROM midflight_m WHERE
            "customers"."id" = midflight_m."f1"
      RETURNING ROW(midflight_m."p1")::midflight."midflight_split-name_key" AS midflight_p,
            ROW(midflight_m."t1")::midflight."midflight_split-name_key" AS midflight_t) SELECT array_agg(midflight_p),
            array_agg(midflight_t) FROM midflight_moved$midflight_many$
      INTO midflight_from, midflight_to USING midflight_carried;
    UPDATE "public"."customers" SET "id" = midflight_m."t1"
      FROM ROWS FROM (unnest(midflight_from), unnest(midflight_to)) AS midflight_m ("f1", "t1") WHERE "customers"."id"
            = midflight_m."f1";
  END IF;
  IF midflight_rekeyed THEN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH "people" ("id", "first_name",
        "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS
        midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name", "email") AS (SELECT
        id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS MATERIALIZED (SELECT midflight_n."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_n."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name", "email") AS (SELECT id,
          first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS (SELECT midflight_n."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_n."id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "email") AS
          (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  ELSE
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH "people" ("id", "first_name",
        "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM "public"."people" AS
        midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name", "email") AS (SELECT
        id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))),
          midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name,
          email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS
      midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
        "people" ("id", "first_name", "last_name", "email") AS (SELECT "id", "first_name", "last_name", "email" FROM
        "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
        ("id", "name", "email") AS (SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name", "email")::midflight."midflight_split-name_backward_row_customers" FROM (WITH
          "people" ("id", "first_name", "last_name", "email") AS (SELECT midflight_o."id" AS "id",
          midflight_o."first_name" AS "first_name", midflight_o."last_name" AS "last_name", midflight_o."email" AS
          "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM
          unnest(midflight_keys))), midflight_query ("id", "name", "email") AS (SELECT id, first_name || coalesce(' '
          || last_name, '') AS name, email
FROM people
) SELECT "id"::bigint AS "id", "name"::text AS "name", "email"::text AS "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  END IF;
  PERFORM midflight."midflight_split-name_backward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_note_each"(midflight_keys
      midflight."midflight_split-name_outbox"[], midflight_fresh boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_split-name_outbox";
BEGIN
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_split-name_note_settle"(ARRAY[midflight_key], midflight_fresh);
    DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine forward' AND
          entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
          ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1")
          IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') ||
          '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES ('split-name',
          'quarantine forward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
          ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1")
          IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') ||
          '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END, SQLERRM,
          (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_note_settle"(midflight_keys
      midflight."midflight_split-name_outbox"[], midflight_fresh boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF NOT midflight_fresh THEN
  DELETE FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys));
  END IF;
  INSERT INTO "public"."people" ("id", "first_name", "last_name", "email") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."first_name", midflight_a."last_name", midflight_a."email" FROM (WITH
          "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "first_name",
          "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_a;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_was_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    IF OLD."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
    SELECT ROW(midflight_was_1."id", midflight_was_1."first_name", midflight_was_1."last_name",
          midflight_was_1."email")::midflight."midflight_split-name_forward_row_people" AS was_1
    INTO STRICT midflight_row FROM (WITH "customers" ("id", "name", "email") AS (SELECT OLD."id" AS "id", OLD."name"
          AS "name", OLD."email" AS "email"), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT
          id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_was_1
    WHERE NOT EXISTS (SELECT FROM "public"."customers" AS midflight_l WHERE midflight_l."id" = OLD."id");
    DELETE FROM "public"."people" WHERE "people"."id" = (midflight_row.was_1)."id";
    midflight_settled := FOUND;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_old LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[0, count(*), count(*)] FROM midflight_old$midflight_many$ INTO
        midflight_counts;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_written AS (DELETE FROM "public"."people" USING midflight_old AS midflight_o
        WHERE "people"."id" = midflight_o."id"
    AND NOT EXISTS (SELECT FROM "public"."customers" AS midflight_l WHERE midflight_l."id" = midflight_o."id")
          RETURNING 1) SELECT count(*) FROM midflight_written$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest($1))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."name" AS "name", midflight_o."email" AS "email" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "first_name", "last_name",
          "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."email" AS "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT
          "k1" FROM unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT
          id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_split-name_forward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_was_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
    SELECT ROW(midflight_now_1."id", midflight_now_1."first_name", midflight_now_1."last_name",
          midflight_now_1."email")::midflight."midflight_split-name_forward_row_people" AS now_1
    INTO STRICT midflight_row FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM
          "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("id", "first_name",
          "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_now_1;
    INSERT INTO "public"."people" ("id", "first_name", "last_name", "email") OVERRIDING SYSTEM VALUE VALUES
          ((midflight_row.now_1)."id", (midflight_row.now_1)."first_name", (midflight_row.now_1)."last_name",
          (midflight_row.now_1)."email")
    ON CONFLICT ("id") DO NOTHING
      RETURNING record_image_eq(ROW("people"."id", "people"."first_name", "people"."last_name",
            "people"."email")::midflight."midflight_split-name_forward_row_people", midflight_row.now_1) INTO
            midflight_settled;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_new LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[0, count(*), count(*)] FROM midflight_new$midflight_many$ INTO
        midflight_counts;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_n AS MATERIALIZED (SELECT * FROM (WITH "customers" ("id", "name", "email") AS
        (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s CROSS JOIN (SELECT "id" AS midflight_k1
        FROM midflight_new) AS midflight_k WHERE "id" = midflight_k."midflight_k1"), midflight_query ("id",
        "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_q), midflight_written AS (INSERT INTO "public"."people" AS
      midflight_t ("id", "first_name", "last_name", "email") OVERRIDING SYSTEM VALUE
    SELECT "id", "first_name", "last_name", "email" FROM midflight_n
    ON CONFLICT ("id") DO NOTHING RETURNING midflight_t."id", midflight_t."first_name", midflight_t."last_name",
          midflight_t."email")
    SELECT count(*) FROM midflight_written AS midflight_w JOIN midflight_n AS midflight_a ON midflight_w."id" =
          midflight_a."id" WHERE NOT (midflight_w."id" IS DISTINCT FROM midflight_a."id" OR midflight_w."first_name"
          COLLATE "C" IS DISTINCT FROM midflight_a."first_name" OR midflight_w."last_name" COLLATE "C" IS DISTINCT
          FROM midflight_a."last_name" OR midflight_w."email" COLLATE "C" IS DISTINCT FROM
          midflight_a."email")$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest($1))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS MATERIALIZED (SELECT "id", "name", "email" FROM
          "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("id", "first_name", "last_name", "email")
          AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM "public"."customers" AS
          midflight_s WHERE 1 = 0), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_split-name_forward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_many boolean := true;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN NULL; END IF;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        "id" AS k1 FROM "public"."people") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT "id" AS k1 FROM
        "public"."people") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  PERFORM midflight."midflight_split-name_forward_sync"(midflight_keys);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_all midflight."midflight_split-name_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_was_1 midflight."midflight_split-name_forward_row_people"[];
  midflight_rekeyed boolean;
  midflight_carried midflight."midflight_split-name_key"[];
  midflight_from midflight."midflight_split-name_key"[];
  midflight_to midflight."midflight_split-name_key"[];
  midflight_settled boolean;
  midflight_counts bigint[];
  midflight_count bigint;
  midflight_row record;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL AND NOT (OLD."id" IS DISTINCT FROM NEW."id") THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
    SELECT ROW(midflight_now_1."id", midflight_now_1."first_name", midflight_now_1."last_name",
          midflight_now_1."email")::midflight."midflight_split-name_forward_row_people" AS now_1,
      ROW(midflight_was_1."id", midflight_was_1."first_name", midflight_was_1."last_name",
            midflight_was_1."email")::midflight."midflight_split-name_forward_row_people" AS was_1
    INTO STRICT midflight_row FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM
          "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("id", "first_name",
          "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_now_1,
    (WITH "customers" ("id", "name", "email") AS (SELECT OLD."id" AS "id", OLD."name" AS "name", OLD."email" AS
          "email"), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_was_1;
    IF record_image_eq(midflight_row.now_1, midflight_row.was_1) THEN
    midflight_settled := true;
    ELSE
    UPDATE "public"."people" SET "first_name" = (midflight_row.now_1)."first_name", "last_name" =
          (midflight_row.now_1)."last_name", "email" = (midflight_row.now_1)."email"
      WHERE "people"."id" = (midflight_row.now_1)."id" AND record_image_eq(ROW("people"."id", "people"."first_name",
            "people"."last_name", "people"."email")::midflight."midflight_split-name_forward_row_people",
            midflight_row.was_1)
      RETURNING record_image_eq(ROW("people"."id", "people"."first_name", "people"."last_name",
            "people"."email")::midflight."midflight_split-name_forward_row_people", midflight_row.now_1) INTO
            midflight_settled;
    END IF;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
    IF midflight_settled THEN RETURN NULL; END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_new LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY[(SELECT count(*) FROM midflight_new) - count(*),
    count(*) FILTER (WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS
          DISTINCT FROM midflight_n."email" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name")),
    count(*) FILTER (WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS
          DISTINCT FROM midflight_n."email" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name"))]
          FROM midflight_old AS midflight_o JOIN midflight_new AS midflight_n ON midflight_n."id" =
          midflight_o."id"$midflight_many$
    INTO midflight_counts;
  IF midflight_counts[1] = 0 AND midflight_counts[2] = 0 THEN EXIT midflight_rest; END IF;
  IF midflight_counts[1] = 0 THEN
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  EXECUTE $midflight_many$WITH midflight_written AS (  UPDATE "public"."people" SET "first_name" = CASE WHEN
        (midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE "C" IS DISTINCT FROM midflight_a."first_name")
        THEN midflight_a."first_name" ELSE "people"."first_name" END, "last_name" = CASE WHEN (midflight_b."id" IS
        NULL OR midflight_b."last_name" COLLATE "C" IS DISTINCT FROM midflight_a."last_name") THEN
        midflight_a."last_name" ELSE "people"."last_name" END, "email" = CASE WHEN (midflight_b."id" IS NULL OR
        midflight_b."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") THEN midflight_a."email" ELSE
        "people"."email" END
    FROM (WITH "customers" ("id", "name", "email") AS (SELECT "id", "name", "email" FROM "public"."customers" AS
          midflight_s CROSS JOIN (SELECT "id" AS midflight_k1 FROM midflight_new) AS midflight_k WHERE "id" =
          midflight_k."midflight_k1"), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_a
    LEFT JOIN (WITH "customers" ("id", "name", "email") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."email" AS "email" FROM midflight_old AS midflight_o WHERE 1 = 1), midflight_query
          ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "people"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."first_name" COLLATE "C" IS
          DISTINCT FROM midflight_a."first_name") OR (midflight_b."id" IS NULL OR midflight_b."last_name" COLLATE "C"
          IS DISTINCT FROM midflight_a."last_name") OR (midflight_b."id" IS NULL OR midflight_b."email" COLLATE "C" IS
          DISTINCT FROM midflight_a."email"))
    RETURNING NOT ("people"."id" IS DISTINCT FROM midflight_a."id" OR "people"."first_name" COLLATE "C" IS DISTINCT
          FROM midflight_a."first_name" OR "people"."last_name" COLLATE "C" IS DISTINCT FROM midflight_a."last_name"
          OR "people"."email" COLLATE "C" IS DISTINCT FROM midflight_a."email") AS midflight_same) SELECT count(*)
          FROM midflight_written WHERE midflight_same$midflight_many$
    INTO midflight_count;
  midflight_settled := midflight_count = midflight_counts[3];
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_settled := false;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  IF midflight_settled THEN EXIT midflight_rest; END IF;
  END IF;
  END IF;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT
        midflight_k.* FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS
        JOIN LATERAL (VALUES (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS
        DISTINCT FROM midflight_n."id" OR midflight_o."email" COLLATE "C" IS DISTINCT FROM midflight_n."email" OR
        midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name")) AS midflight_w WHERE k1 IS NOT NULL ORDER
        BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_split-name_key" FROM (SELECT midflight_k.* FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS JOIN LATERAL (VALUES
        (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS DISTINCT FROM
        midflight_n."id" OR midflight_o."email" COLLATE "C" IS DISTINCT FROM midflight_n."email" OR midflight_o."name"
        COLLATE "C" IS DISTINCT FROM midflight_n."name")) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT coalesce(bool_or((midflight_o."id" IS DISTINCT FROM midflight_n."id")), false) FROM
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number()
        OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i)$midflight_many$
    INTO midflight_rekeyed USING midflight_keys;
  ELSE
  SELECT coalesce(bool_or((midflight_o."id" IS DISTINCT FROM midflight_n."id")), false) FROM (SELECT row_number() OVER
        () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, *
        FROM midflight_new) AS midflight_n USING (midflight_i)
    INTO midflight_rekeyed;
  END IF;
  IF midflight_rekeyed THEN
    EXECUTE $midflight_many$WITH midflight_moved AS (UPDATE "public"."people" SET "id" = midflight_m."t1" FROM (SELECT
          midflight_o."id" AS f1, midflight_n."id" AS t1 FROM (SELECT row_number() OVER () AS midflight_i, * FROM
          midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS
          midflight_n USING (midflight_i) WHERE (midflight_o."id" IS DISTINCT FROM midflight_n."id")) AS midflight_m
      WHERE "people"."id" = midflight_m."f1"
      AND NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_m."t1")
      RETURNING ROW(midflight_m."f1")::midflight."midflight_split-name_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
    EXECUTE $midflight_many$WITH midflight_moves AS MATERIALIZED (SELECT midflight_o."id" AS f1, midflight_n."id" AS
          t1 FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_o."id" IS DISTINCT FROM midflight_n."id")), midflight_m AS MATERIALIZED (SELECT *, CASE WHEN t1
          IS NOT NULL THEN -(random() * 9e15)::bigint END AS p1
      FROM midflight_moves WHERE ROW("f1")::midflight."midflight_split-name_key" <> ALL (coalesce($1, '{}')) AND
            ("t1") IN (SELECT "f1" FROM midflight_moves)),
      midflight_moved AS (UPDATE "public"."people" SET "id" = midflight_m."p1" FROM midflight_m WHERE "people"."id" =
            midflight_m."f1"
      RETURNING ROW(midflight_m."p1")::midflight."midflight_split-name_key" AS midflight_p,
            ROW(midflight_m."t1")::midflight."midflight_split-name_key" AS midflight_t) SELECT array_agg(midflight_p),
            array_agg(midflight_t) FROM midflight_moved$midflight_many$
      INTO midflight_from, midflight_to USING midflight_carried;
    UPDATE "public"."people" SET "id" = midflight_m."t1"
      FROM ROWS FROM (unnest(midflight_from), unnest(midflight_to)) AS midflight_m ("f1", "t1") WHERE "people"."id" =
            midflight_m."f1";
  END IF;
  IF midflight_rekeyed THEN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest($1))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS MATERIALIZED (SELECT midflight_n."id" AS "id",
          midflight_o."name" AS "name", midflight_o."email" AS "email" FROM (SELECT row_number() OVER () AS
          midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM
          midflight_new) AS midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM
          unnest($1))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS (SELECT midflight_n."id" AS "id", midflight_o."name" AS
          "name", midflight_o."email" AS "email" FROM (SELECT row_number() OVER () AS midflight_i, * FROM
          midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS
          midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  ELSE
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest($1))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."name" AS "name", midflight_o."email" AS "email" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "first_name", "last_name",
          "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "first_name", "last_name",
        "email")::midflight."midflight_split-name_forward_row_people" FROM (WITH "customers" ("id", "name", "email")
        AS (SELECT "id", "name", "email" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "first_name", "last_name", "email")::midflight."midflight_split-name_forward_row_people"
          FROM (WITH "customers" ("id", "name", "email") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."email" AS "email" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT
          "k1" FROM unnest(midflight_keys))), midflight_query ("id", "first_name", "last_name", "email") AS (SELECT
          id,
       CASE strpos(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, strpos(name, ' ') - 1) END AS first_name,
       CASE strpos(name, ' ') WHEN 0 THEN NULL ELSE substr(name, strpos(name, ' ') + 1) END AS last_name,
       email
FROM customers
) SELECT "id"::bigint AS "id", "first_name"::text AS "first_name", "last_name"::text AS "last_name", "email"::text AS
      "email" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  END IF;
  PERFORM midflight."midflight_split-name_forward_apply"(midflight_keys, midflight_now_1, midflight_was_1);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_split-name_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE TYPE midflight_split-name_backward_row_customers AS (id bigint, name text, email text);

CREATE TYPE midflight_split-name_forward_row_people AS (id bigint, first_name text, last_name text, email text);

CREATE TYPE midflight_split-name_key AS (k1 bigint);
