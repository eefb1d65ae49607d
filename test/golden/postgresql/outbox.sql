CREATE TRIGGER "midflight_split-name_old_customers_delete" AFTER DELETE ON public.customers REFERENCING OLD TABLE AS
      midflight_old FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_old_customers_delete"();

CREATE TRIGGER "midflight_split-name_old_customers_insert" AFTER INSERT ON public.customers REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_old_customers_insert"();

CREATE TRIGGER "midflight_split-name_old_customers_rekey" AFTER UPDATE OF id ON public.customers FOR EACH ROW WHEN
      ((old.id IS DISTINCT FROM new.id)) EXECUTE FUNCTION midflight."midflight_split-name_old_customers_rekey"();

CREATE TRIGGER "midflight_split-name_old_customers_truncate" AFTER TRUNCATE ON public.customers FOR EACH STATEMENT
      EXECUTE FUNCTION midflight."midflight_split-name_old_customers_truncate"();

CREATE TRIGGER "midflight_split-name_old_customers_update" AFTER UPDATE ON public.customers REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_old_customers_update"();

CREATE TRIGGER "midflight_split-name_new_people_delete" AFTER DELETE ON public.people REFERENCING OLD TABLE AS
      midflight_old FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_people_delete"();

CREATE TRIGGER "midflight_split-name_new_people_insert" AFTER INSERT ON public.people REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_people_insert"();

CREATE TRIGGER "midflight_split-name_new_people_rekey" AFTER UPDATE OF id ON public.people FOR EACH ROW WHEN ((old.id
      IS DISTINCT FROM new.id)) EXECUTE FUNCTION midflight."midflight_split-name_new_people_rekey"();

CREATE TRIGGER "midflight_split-name_new_people_truncate" AFTER TRUNCATE ON public.people FOR EACH STATEMENT EXECUTE
      FUNCTION midflight."midflight_split-name_new_people_truncate"();

CREATE TRIGGER "midflight_split-name_new_people_update" AFTER UPDATE ON public.people REFERENCING NEW TABLE AS
      midflight_new FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_people_update"();

CREATE TRIGGER "midflight_split-name_new_refuse_people" BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.people
      FOR EACH STATEMENT EXECUTE FUNCTION midflight."midflight_split-name_new_refuse"();

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

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_backward_drain"(midflight_rows bigint, midflight_followed
      boolean)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_key midflight."midflight_split-name_key";
  midflight_count bigint;
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  WITH midflight_gone AS (DELETE FROM midflight."midflight_split-name_outbox" WHERE ctid = ANY (ARRAY(SELECT ctid FROM
        midflight."midflight_split-name_outbox" LIMIT midflight_rows)) RETURNING *)
    SELECT (SELECT count(*) FROM midflight_gone), ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM midflight_gone WHERE ("k1") NOT IN (SELECT "k1" FROM
          midflight."midflight_split-name_held") ORDER BY 1)
    INTO midflight_count, midflight_keys;
  IF midflight_count = 0 THEN RETURN 0; END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name backward', true);
  BEGIN
    PERFORM midflight."midflight_split-name_backward_sync"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    IF EXISTS (SELECT 1 FROM midflight.midflight_finding WHERE migration = 'split-name') THEN
      FOREACH midflight_key IN ARRAY midflight_keys LOOP
        DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward' AND
              entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
              ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN
              pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
              (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE
              "C", '''', '''''') || '''' END;
      END LOOP;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  BEGIN
    PERFORM midflight."midflight_split-name_backward_park"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    PERFORM midflight."midflight_split-name_backward_sync"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    IF EXISTS (SELECT 1 FROM midflight.midflight_finding WHERE migration = 'split-name') THEN
      FOREACH midflight_key IN ARRAY midflight_keys LOOP
        DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind = 'quarantine backward' AND
              entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN pg_typeof(midflight_key."k1") IN
              ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text WHEN
              pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
              (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE
              "C", '''', '''''') || '''' END;
      END LOOP;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    PERFORM midflight."midflight_split-name_backward_each"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    IF EXISTS (SELECT 1 FROM midflight."midflight_split-name_outbox") THEN
      WITH midflight_apart AS (DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind =
            'quarantine backward' AND entity_key IN (SELECT CASE WHEN "k1" IS NULL THEN 'NULL' WHEN pg_typeof("k1") IN
            ('bigint'::regtype, 'integer', 'smallint') THEN "k1"::text WHEN pg_typeof("k1") IN ('date'::regtype,
            'timestamp', 'timestamptz') THEN '''' || (to_jsonb("k1") #>> '{}') || '''' ELSE '''' || replace("k1"::text
            COLLATE "C", '''', '''''') || '''' END FROM unnest(midflight_keys)) RETURNING entity_key)
        INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "k1" FROM unnest(midflight_keys) WHERE CASE
              WHEN "k1" IS NULL THEN 'NULL' WHEN pg_typeof("k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
              "k1"::text WHEN pg_typeof("k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
              (to_jsonb("k1") #>> '{}') || '''' ELSE '''' || replace("k1"::text COLLATE "C", '''', '''''') || '''' END
              IN (SELECT entity_key FROM midflight_apart);
    END IF;
  END;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  RETURN midflight_count;
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
  midflight_keys midflight."midflight_split-name_key"[];
  midflight_key midflight."midflight_split-name_key";
  midflight_count bigint;
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  WITH midflight_gone AS (DELETE FROM midflight."midflight_split-name_outbox" WHERE ctid = ANY (ARRAY(SELECT ctid FROM
        midflight."midflight_split-name_outbox" LIMIT midflight_rows)) RETURNING *)
    SELECT (SELECT count(*) FROM midflight_gone), ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM midflight_gone ORDER BY 1)
    INTO midflight_count, midflight_keys;
  IF midflight_count = 0 THEN RETURN 0; END IF;
  midflight_guard := set_config('midflight.syncing', 'split-name forward', true);
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
  BEGIN
    IF midflight_followed THEN
    PERFORM midflight."midflight_split-name_forward_park"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    PERFORM midflight."midflight_split-name_forward_sync"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    ELSE
      PERFORM midflight."midflight_split-name_note_each"(midflight_keys, false);
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
    PERFORM midflight."midflight_split-name_forward_each"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_split-name_key" FROM unnest(midflight_keys) ORDER BY 1));
    IF EXISTS (SELECT 1 FROM midflight."midflight_split-name_outbox") THEN
      WITH midflight_apart AS (DELETE FROM midflight.midflight_finding WHERE migration = 'split-name' AND kind =
            'quarantine forward' AND entity_key IN (SELECT CASE WHEN "k1" IS NULL THEN 'NULL' WHEN pg_typeof("k1") IN
            ('bigint'::regtype, 'integer', 'smallint') THEN "k1"::text WHEN pg_typeof("k1") IN ('date'::regtype,
            'timestamp', 'timestamptz') THEN '''' || (to_jsonb("k1") #>> '{}') || '''' ELSE '''' || replace("k1"::text
            COLLATE "C", '''', '''''') || '''' END FROM unnest(midflight_keys)) RETURNING entity_key)
        INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "k1" FROM unnest(midflight_keys) WHERE CASE
              WHEN "k1" IS NULL THEN 'NULL' WHEN pg_typeof("k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
              "k1"::text WHEN pg_typeof("k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
              (to_jsonb("k1") #>> '{}') || '''' ELSE '''' || replace("k1"::text COLLATE "C", '''', '''''') || '''' END
              IN (SELECT entity_key FROM midflight_apart);
    END IF;
  END;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
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
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_old;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_new;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_rekey"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") VALUES (OLD."id");
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
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT DISTINCT * FROM (SELECT "id" AS k1 FROM
        "public"."customers") AS midflight_w WHERE k1 IS NOT NULL;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_people_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name forward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_new;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_new_refuse"()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF current_setting('midflight.syncing', true) = 'split-name forward' THEN RETURN NULL; END IF;
  RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = 'midflight: table ' || TG_TABLE_NAME
        || ' is kept as a copy of what is in customers (migration split-name), and takes no writes: write there';
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_note_each"(midflight_keys
      midflight."midflight_split-name_key"[], midflight_fresh boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_split-name_key";
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
      midflight."midflight_split-name_key"[], midflight_fresh boolean)
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
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_old;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_new;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_rekey"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") VALUES (OLD."id");
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
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT DISTINCT * FROM (SELECT "id" AS k1 FROM
        "public"."people") AS midflight_w WHERE k1 IS NOT NULL;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_customers_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
#variable_conflict use_column
BEGIN
  IF pg_catalog.current_setting('midflight.syncing', true) OPERATOR(pg_catalog.=) 'split-name backward' THEN RETURN
        NULL; END IF;
  IF pg_catalog.pg_relation_size('midflight."midflight_split-name_outbox"') OPERATOR(pg_catalog.>=) 1000000000 THEN
    INSERT INTO midflight."midflight_split-name_overflow" SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT
          1 FROM midflight."midflight_split-name_overflow" WHERE NOT noting);
    RETURN NULL;
  END IF;
  INSERT INTO midflight."midflight_split-name_outbox" ("k1") SELECT "id" FROM midflight_new;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_split-name_old_refuse"()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RETURN NULL;
END
$function$;

CREATE TYPE midflight_split-name_backward_row_customers AS (id bigint, name text, email text);

CREATE TYPE midflight_split-name_forward_row_people AS (id bigint, first_name text, last_name text, email text);

CREATE TYPE midflight_split-name_key AS (k1 bigint);
