CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_delete" AFTER DELETE ON public.customers
      REFERENCING OLD TABLE AS midflight_old FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_old_customers_delete"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_insert" AFTER INSERT ON public.customers
      REFERENCING NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_old_customers_insert"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_truncate" AFTER TRUNCATE ON public.customers
      FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_old_customers_truncate"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_old_customers_update" AFTER UPDATE ON public.customers
      REFERENCING OLD TABLE AS midflight_old NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_old_customers_update"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_delete" AFTER DELETE ON public.people REFERENCING
      OLD TABLE AS midflight_old FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_people_delete"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_insert" AFTER INSERT ON public.people REFERENCING
      NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_people_insert"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_truncate" AFTER TRUNCATE ON public.people FOR EACH
      STATEMENT EXECUTE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_people_truncate"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_people_update" AFTER UPDATE ON public.people REFERENCING
      OLD TABLE AS midflight_old NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_people_update"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_s_20866285b23be460" AFTER INSERT ON public.subscriptions
      REFERENCING NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_s_20866285b23be460"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_s_37d022ca26f4ecba" AFTER TRUNCATE ON
      public.subscriptions FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_s_37d022ca26f4ecba"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_s_ac35c2fdac81030f" AFTER DELETE ON public.subscriptions
      REFERENCING OLD TABLE AS midflight_old FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_s_ac35c2fdac81030f"();

CREATE TRIGGER "midflight_subscriptions-out-of-customers_new_s_f8d4f7f617b9273d" AFTER UPDATE ON public.subscriptions
      REFERENCING OLD TABLE AS midflight_old NEW TABLE AS midflight_new FOR EACH STATEMENT EXECUTE FUNCTION
      midflight."midflight_subscriptions-out-of-customers_new_s_f8d4f7f617b9273d"();

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[], midflight_now_1
      midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[], midflight_was_1
      midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[])
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
        DISTINCT FROM midflight_a."name") THEN midflight_a."name" ELSE "customers"."name" END, "subscriptions" = CASE
        WHEN (midflight_b."id" IS NULL OR record_image_ne(ROW(midflight_b."subscriptions"),
        ROW(midflight_a."subscriptions"))) THEN midflight_a."subscriptions" ELSE "customers"."subscriptions" END
    FROM unnest(midflight_now_1) AS midflight_a
    LEFT JOIN unnest(midflight_was_1) AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "customers"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
          DISTINCT FROM midflight_a."name") OR (midflight_b."id" IS NULL OR
          record_image_ne(ROW(midflight_b."subscriptions"), ROW(midflight_a."subscriptions"))));
  INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."name", midflight_x."subscriptions"),
          ROW(midflight_y."id", midflight_y."name", midflight_y."subscriptions")))) OR EXISTS (SELECT 1 FROM
          unnest(midflight_was_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS
          midflight_y WHERE midflight_x."id" = midflight_y."id" AND record_image_eq(ROW(midflight_x."id",
          midflight_x."name", midflight_x."subscriptions"), ROW(midflight_y."id", midflight_y."name",
          midflight_y."subscriptions")))))
    ON CONFLICT ("id") DO NOTHING;
  END IF;
  IF EXISTS (SELECT midflight_a."id" FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people"
        AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id",
        "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
        "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND
          (record_image_ne(ROW(midflight_t."subscriptions"), ROW(midflight_a."subscriptions")))
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "name") AS (SELECT "id",
        "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
        "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_x WHERE midflight_x."id" = midflight_t."id")) THEN
  midflight_keys := ARRAY(SELECT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT *
        FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT
        "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "subscriptions")
        AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1"
        FROM unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_x WHERE midflight_x."id" =
      midflight_t."id")) AS midflight_w UNION ALL SELECT * FROM (SELECT midflight_a."customer_id" FROM (WITH
      "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers"
      AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
      "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))) AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          "C" IS DISTINCT FROM midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since"
          COLLATE "C" IS DISTINCT FROM midflight_a."since")
  UNION ALL SELECT midflight_t."customer_id" FROM "public"."subscriptions" AS midflight_t WHERE
        (midflight_t."customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH
        "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers"
        AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
        "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_x WHERE midflight_x."customer_id" =
      midflight_t."customer_id" AND midflight_x."position" = midflight_t."position")) AS midflight_w) AS midflight_f
      INTERSECT SELECT * FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "people" ("id", "name") AS (SELECT
      "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
      "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
      "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
      unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND
          (record_image_ne(ROW(midflight_t."subscriptions"), ROW(midflight_a."subscriptions")))
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "name") AS (SELECT "id",
        "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
        "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_x WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS midflight_b) AS midflight_apart
      ("k1") ORDER BY 1);
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (SELECT *
          FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  DELETE FROM "public"."customers" WHERE ("customers"."id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT
        EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
  UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
  INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_subscriptions-out-of-customers_key";
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_sync"(ARRAY[midflight_key]);
    DELETE FROM midflight.midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine
          backward' AND entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN
          pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text
          WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
          (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C",
          '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES
          ('subscriptions-out-of-customers', 'quarantine backward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL'
          WHEN pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
          midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz')
          THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text
          COLLATE "C", '''', '''''') || '''' END, SQLERRM, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_backward_park"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
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
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  NULL;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_backward_sync"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  PERFORM 1 FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR SHARE;
  PERFORM 1 FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY
        "customer_id", "position" FOR SHARE;
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (SELECT *
          FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_forward_apply"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[], midflight_now_1
      midflight."midflight_subscriptions-out-of-customers_forward_row_people"[], midflight_was_1
      midflight."midflight_subscriptions-out-of-customers_forward_row_people"[], midflight_now_2
      midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[], midflight_was_2
      midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
  midflight_was_2 := midflight_was_2 || ARRAY(SELECT ROW("customer_id", "position", "plan",
        "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions"
    WHERE EXISTS (SELECT 1 FROM unnest(midflight_was_2) AS midflight_b WHERE NOT EXISTS (SELECT 1 FROM
          "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" = midflight_b."customer_id" AND
          midflight_t."position" = midflight_b."position"))
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND
          midflight_x."position" = midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id",
          midflight_x."position", midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id",
          midflight_y."position", midflight_y."plan", midflight_y."since")))) OR EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS
          midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND midflight_x."position" =
          midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id", midflight_x."position",
          midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id", midflight_y."position",
          midflight_y."plan", midflight_y."since"))))) AND ("customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))
  UNION ALL SELECT NULL, NULL, NULL, NULL
    WHERE EXISTS (SELECT 1 FROM unnest(midflight_was_2) AS midflight_b WHERE NOT EXISTS (SELECT 1 FROM
          "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" = midflight_b."customer_id" AND
          midflight_t."position" = midflight_b."position"))
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND
          midflight_x."position" = midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id",
          midflight_x."position", midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id",
          midflight_y."position", midflight_y."plan", midflight_y."since")))) OR EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS
          midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND midflight_x."position" =
          midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id", midflight_x."position",
          midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id", midflight_y."position",
          midflight_y."plan", midflight_y."since")))))) AS midflight_r);
  DELETE FROM "public"."subscriptions" WHERE ("customer_id", "position") IN (SELECT midflight_b."customer_id",
        midflight_b."position" FROM unnest(midflight_was_2) AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS midflight_a WHERE midflight_a."customer_id" =
          midflight_b."customer_id" AND midflight_a."position" = midflight_b."position"));
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  DELETE FROM "public"."people" WHERE ("id") IN (SELECT midflight_b."id" FROM unnest(midflight_was_1) AS midflight_b
    WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_a WHERE midflight_a."id" =
          midflight_b."id"));
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
  UPDATE "public"."people" SET "name" = CASE WHEN (midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
        DISTINCT FROM midflight_a."name") THEN midflight_a."name" ELSE "people"."name" END
    FROM unnest(midflight_now_1) AS midflight_a
    LEFT JOIN unnest(midflight_was_1) AS midflight_b ON midflight_b."id" = midflight_a."id"
    WHERE "people"."id" = midflight_a."id" AND ((midflight_b."id" IS NULL OR midflight_b."name" COLLATE "C" IS
          DISTINCT FROM midflight_a."name"));
  INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."name"), ROW(midflight_y."id", midflight_y."name")))) OR
          EXISTS (SELECT 1 FROM unnest(midflight_was_1) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_y WHERE midflight_x."id" = midflight_y."id" AND
          record_image_eq(ROW(midflight_x."id", midflight_x."name"), ROW(midflight_y."id", midflight_y."name")))))
    ON CONFLICT ("id") DO NOTHING;
  END IF;
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
  UPDATE "public"."subscriptions" SET "plan" = CASE WHEN (midflight_b."customer_id" IS NULL OR midflight_b."plan"
        COLLATE "C" IS DISTINCT FROM midflight_a."plan") THEN midflight_a."plan" ELSE "subscriptions"."plan" END,
        "since" = CASE WHEN (midflight_b."customer_id" IS NULL OR midflight_b."since" COLLATE "C" IS DISTINCT FROM
        midflight_a."since") THEN midflight_a."since" ELSE "subscriptions"."since" END
    FROM unnest(midflight_now_2) AS midflight_a
    LEFT JOIN unnest(midflight_was_2) AS midflight_b ON midflight_b."customer_id" = midflight_a."customer_id" AND
          midflight_b."position" = midflight_a."position"
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ((midflight_b."customer_id" IS NULL OR midflight_b."plan" COLLATE "C" IS DISTINCT
          FROM midflight_a."plan") OR (midflight_b."customer_id" IS NULL OR midflight_b."since" COLLATE "C" IS
          DISTINCT FROM midflight_a."since"));
  INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          unnest(midflight_now_2) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    AND (EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND
          midflight_x."position" = midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id",
          midflight_x."position", midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id",
          midflight_y."position", midflight_y."plan", midflight_y."since")))) OR EXISTS (SELECT 1 FROM
          unnest(midflight_was_2) AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS
          midflight_y WHERE midflight_x."customer_id" = midflight_y."customer_id" AND midflight_x."position" =
          midflight_y."position" AND record_image_eq(ROW(midflight_x."customer_id", midflight_x."position",
          midflight_x."plan", midflight_x."since"), ROW(midflight_y."customer_id", midflight_y."position",
          midflight_y."plan", midflight_y."since")))))
    ON CONFLICT ("customer_id", "position") DO NOTHING;
  END IF;
  IF EXISTS (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name",
        "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "subscriptions")
        AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1"
        FROM unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_x WHERE midflight_x."id" =
      midflight_t."id")) OR EXISTS (SELECT midflight_a."customer_id" FROM (WITH "customers" ("id", "name",
      "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id")
      IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id", "position", "plan", "since") AS
      (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))) AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          "C" IS DISTINCT FROM midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since"
          COLLATE "C" IS DISTINCT FROM midflight_a."since")
  UNION ALL SELECT midflight_t."customer_id" FROM "public"."subscriptions" AS midflight_t WHERE
        (midflight_t."customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH
        "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers"
        AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
        "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_x WHERE midflight_x."customer_id" =
      midflight_t."customer_id" AND midflight_x."position" = midflight_t."position")) THEN
  midflight_keys := ARRAY(SELECT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT *
        FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT
        "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name")
  UNION ALL SELECT midflight_t."id" FROM "public"."people" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "customers" ("id", "name", "subscriptions")
        AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1"
        FROM unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_x WHERE midflight_x."id" =
      midflight_t."id")) AS midflight_w UNION ALL SELECT * FROM (SELECT midflight_a."customer_id" FROM (WITH
      "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers"
      AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
      "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))) AS midflight_t ON midflight_t."customer_id" = midflight_a."customer_id" AND
          midflight_t."position" = midflight_a."position"
    WHERE midflight_t."customer_id" IS NULL OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."plan" COLLATE
          "C" IS DISTINCT FROM midflight_a."plan") OR midflight_t."customer_id" IS NOT NULL AND (midflight_t."since"
          COLLATE "C" IS DISTINCT FROM midflight_a."since")
  UNION ALL SELECT midflight_t."customer_id" FROM "public"."subscriptions" AS midflight_t WHERE
        (midflight_t."customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH
        "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers"
        AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
        "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_x WHERE midflight_x."customer_id" =
      midflight_t."customer_id" AND midflight_x."position" = midflight_t."position")) AS midflight_w) AS midflight_f
      INTERSECT SELECT * FROM (SELECT * FROM (SELECT midflight_a."id" FROM (WITH "people" ("id", "name") AS (SELECT
      "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
      "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
      "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
      unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_a
    LEFT JOIN (SELECT * FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS
          midflight_t ON midflight_t."id" = midflight_a."id"
    WHERE midflight_t."id" IS NULL OR midflight_t."id" IS NOT NULL AND (midflight_t."name" COLLATE "C" IS DISTINCT
          FROM midflight_a."name") OR midflight_t."id" IS NOT NULL AND
          (record_image_ne(ROW(midflight_t."subscriptions"), ROW(midflight_a."subscriptions")))
  UNION ALL SELECT midflight_t."id" FROM "public"."customers" AS midflight_t WHERE (midflight_t."id") IN (SELECT "k1"
        FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM (WITH "people" ("id", "name") AS (SELECT "id",
        "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
        "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
        unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_x WHERE midflight_x."id" = midflight_t."id")) AS midflight_w) AS midflight_b) AS midflight_apart
      ("k1") ORDER BY 1);
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
          (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (SELECT * FROM
          "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  DELETE FROM "public"."subscriptions" WHERE ("subscriptions"."customer_id") IN (SELECT "k1" FROM
        unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM unnest(midflight_now_2) AS midflight_x WHERE
        midflight_x."customer_id" = "subscriptions"."customer_id" AND midflight_x."position" =
        "subscriptions"."position");
  DELETE FROM "public"."people" WHERE ("people"."id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS
        (SELECT 1 FROM unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "people"."id");
  UPDATE "public"."people" SET "name" = midflight_a."name"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name");
  INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
  UPDATE "public"."subscriptions" SET "plan" = midflight_a."plan", "since" = midflight_a."since"
    FROM unnest(midflight_now_2) AS midflight_a
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ("subscriptions"."plan" COLLATE "C" IS DISTINCT FROM midflight_a."plan" OR
          "subscriptions"."since" COLLATE "C" IS DISTINCT FROM midflight_a."since");
  INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          unnest(midflight_now_2) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    ON CONFLICT ("customer_id", "position") DO NOTHING;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_forward_drain"(midflight_rows bigint,
      midflight_followed boolean)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_outbox"[];
  midflight_key midflight."midflight_subscriptions-out-of-customers_outbox";
  midflight_count bigint;
BEGIN
  WITH midflight_gone AS (DELETE FROM midflight."midflight_subscriptions-out-of-customers_outbox" WHERE ctid = ANY
        (ARRAY(SELECT ctid FROM midflight."midflight_subscriptions-out-of-customers_outbox" LIMIT midflight_rows))
        RETURNING *)
    SELECT (SELECT count(*) FROM midflight_gone), ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_subscriptions-out-of-customers_outbox" FROM midflight_gone ORDER BY 1)
    INTO midflight_count, midflight_keys;
  IF midflight_count = 0 THEN RETURN 0; END IF;
  BEGIN
    IF midflight_followed THEN
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_sync"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM unnest(midflight_keys) ORDER BY
          1));
    ELSE
      PERFORM midflight."midflight_subscriptions-out-of-customers_note_settle"(midflight_keys, false);
    END IF;
    IF EXISTS (SELECT 1 FROM midflight.midflight_finding WHERE migration = 'subscriptions-out-of-customers') THEN
      FOREACH midflight_key IN ARRAY midflight_keys LOOP
        DELETE FROM midflight.midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind =
              'quarantine forward' AND entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN
              pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
              midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp',
              'timestamptz') THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' ||
              replace(midflight_key."k1"::text COLLATE "C", '''', '''''') || '''' END;
      END LOOP;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    IF midflight_followed THEN
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_each"(ARRAY(SELECT DISTINCT
          ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM unnest(midflight_keys) ORDER BY
          1));
    ELSE
      PERFORM midflight."midflight_subscriptions-out-of-customers_note_each"(midflight_keys, false);
    END IF;
  END;
  RETURN midflight_count;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_forward_each"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_subscriptions-out-of-customers_key";
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
BEGIN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_sync"(ARRAY[midflight_key]);
    DELETE FROM midflight.midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine
          forward' AND entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN
          pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text
          WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
          (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C",
          '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES
          ('subscriptions-out-of-customers', 'quarantine forward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL'
          WHEN pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
          midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz')
          THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text
          COLLATE "C", '''', '''''') || '''' END, SQLERRM, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_forward_park"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
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
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
  BEGIN
  NULL;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_forward_sync"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_key"[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_now_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_was_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
BEGIN
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR
        SHARE;
  PERFORM 1 FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO KEY
        UPDATE;
  PERFORM 1 FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY
        "customer_id", "position" FOR NO KEY UPDATE;
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
          (SELECT * FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (SELECT * FROM
          "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  PERFORM midflight."midflight_subscriptions-out-of-customers_forward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1, midflight_now_2, midflight_was_2);
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_people_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    IF OLD."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = OLD."id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = OLD."id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" = OLD."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT OLD."id" AS "id", OLD."name" AS "name"), "subscriptions"
            ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
            "public"."subscriptions" AS midflight_s WHERE "customer_id" = OLD."id"), midflight_query ("id", "name",
            "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = OLD."id") AS midflight_r ORDER BY midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = OLD."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = OLD."id") AS midflight_r ORDER BY midflight_r."id")),
          ROW(midflight_now_1)) INTO midflight_settled;
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
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_old LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS MATERIALIZED (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name" FROM
          midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM unnest($1))),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name" FROM midflight_old
          AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_people_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = NEW."id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = NEW."id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" = NEW."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE 1 =
            0), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position",
            "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" = NEW."id"),
            midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id")),
          ROW(midflight_now_1)) INTO midflight_settled;
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS MATERIALIZED (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE 1 =
          0), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position",
          "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
          unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE 1 = 0),
          "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan",
          "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_people_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_many boolean := true;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_sync"(midflight_keys);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_people_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_rekeyed boolean;
  midflight_carried midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_from midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_to midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL AND NOT (OLD."id" IS DISTINCT FROM NEW."id") THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = NEW."id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = NEW."id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" = NEW."id"),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT OLD."id" AS "id", OLD."name" AS "name"), "subscriptions"
            ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
            "public"."subscriptions" AS midflight_s WHERE "customer_id" = NEW."id"), midflight_query ("id", "name",
            "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id")),
          ROW(midflight_now_1)) INTO midflight_settled;
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT midflight_k.* FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS JOIN LATERAL (VALUES
        (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS DISTINCT FROM
        midflight_n."id" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name")) AS midflight_w WHERE
        k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT
        midflight_k.* FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS
        JOIN LATERAL (VALUES (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS
        DISTINCT FROM midflight_n."id" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name")) AS
        midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
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
      AND NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_l WHERE midflight_l."id" = midflight_m."f1")
      RETURNING ROW(midflight_m."f1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
  END IF;
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_rekeyed THEN
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_sync"(midflight_keys);
  ELSE
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS MATERIALIZED (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name" FROM
          midflight_old AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM unnest($1))),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name" FROM midflight_old
          AS midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions"
          ("customer_id", "position", "plan", "since") AS (SELECT "customer_id", "position", "plan", "since" FROM
          "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END IF;
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_s_20866285b23be460"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."customer_id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = NEW."customer_id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = NEW."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" =
          NEW."customer_id"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE
            "id" = NEW."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
            "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
            "customer_id" = NEW."customer_id" AND NOT (NEW."customer_id" = "customer_id" AND NEW."position" =
            "position")), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."customer_id") AS midflight_r ORDER BY
            midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = NEW."customer_id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."customer_id") AS midflight_r ORDER BY
          midflight_r."id")), ROW(midflight_now_1)) INTO midflight_settled;
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "customer_id" AS k1 FROM
        midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT
        "customer_id" AS k1 FROM midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS MATERIALIZED
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest($1)) AND NOT EXISTS (SELECT 1 FROM midflight_new AS midflight_n
          WHERE midflight_n."customer_id" = midflight_s."customer_id" AND midflight_n."position" =
          midflight_s."position")), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM midflight_new AS
          midflight_n WHERE midflight_n."customer_id" = midflight_s."customer_id" AND midflight_n."position" =
          midflight_s."position")), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_s_37d022ca26f4ecba"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_many boolean := true;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM "public"."customers") AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_sync"(midflight_keys);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_s_ac35c2fdac81030f"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    IF OLD."customer_id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = OLD."customer_id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = OLD."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" =
          OLD."customer_id"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE
            "id" = OLD."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
            "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
            "customer_id" = OLD."customer_id" UNION ALL SELECT OLD."customer_id" AS "customer_id", OLD."position" AS
            "position", OLD."plan" AS "plan", OLD."since" AS "since"), midflight_query ("id", "name", "subscriptions")
            AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = OLD."customer_id") AS midflight_r ORDER BY
            midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = OLD."customer_id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = OLD."customer_id") AS midflight_r ORDER BY
          midflight_r."id")), ROW(midflight_now_1)) INTO midflight_settled;
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
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_old LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "customer_id" AS k1 FROM
        midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT
        "customer_id" AS k1 FROM midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS MATERIALIZED
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest($1)) UNION ALL SELECT midflight_o."customer_id" AS
          "customer_id", midflight_o."position" AS "position", midflight_o."plan" AS "plan", midflight_o."since" AS
          "since" FROM midflight_old AS midflight_o WHERE (midflight_o."customer_id") IN (SELECT "k1" FROM
          unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) UNION ALL SELECT midflight_o."customer_id" AS
          "customer_id", midflight_o."position" AS "position", midflight_o."plan" AS "plan", midflight_o."since" AS
          "since" FROM midflight_old AS midflight_o WHERE (midflight_o."customer_id") IN (SELECT "k1" FROM
          unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_new_s_f8d4f7f617b9273d"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
  midflight_rekeyed boolean;
  midflight_carried midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_from midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_to midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_backward_row_customers"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers forward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."customer_id" IS NOT NULL AND NOT (OLD."customer_id" IS DISTINCT FROM NEW."customer_id") THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  PERFORM 1 FROM "public"."customers" WHERE "id" = NEW."customer_id" ORDER BY "id" FOR NO KEY UPDATE;
    SELECT ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE "id"
          = NEW."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
          "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE "customer_id" =
          NEW."customer_id"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (WITH "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE
            "id" = NEW."customer_id"), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
            "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
            "customer_id" = NEW."customer_id" AND NOT (NEW."customer_id" = "customer_id" AND NEW."position" =
            "position") UNION ALL SELECT OLD."customer_id" AS "customer_id", OLD."position" AS "position", OLD."plan"
            AS "plan", OLD."since" AS "since"), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id,
            p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
            midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
            FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."customer_id") AS midflight_r ORDER BY
            midflight_r."id")
    INTO midflight_now_1, midflight_was_1, midflight_held_1;
    midflight_settled := record_image_eq(ROW(midflight_held_1), ROW(midflight_was_1));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."customers" WHERE "customers"."id" = NEW."customer_id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_1) AS midflight_x WHERE midflight_x."id" = "customers"."id");
    END IF;
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."customers" SET "name" = midflight_a."name", "subscriptions" = midflight_a."subscriptions"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "customers"."id" = midflight_a."id" AND ("customers"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name"
          OR record_image_ne(ROW("customers"."subscriptions"), ROW(midflight_a."subscriptions")));
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."customers" ("id", "name", "subscriptions") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name", midflight_a."subscriptions" FROM unnest(midflight_now_1) AS
          midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id", midflight_r."name",
          midflight_r."subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers"
          FROM (SELECT * FROM "public"."customers" WHERE "id" = NEW."customer_id") AS midflight_r ORDER BY
          midflight_r."id")), ROW(midflight_now_1)) INTO midflight_settled;
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT midflight_k.* FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS JOIN LATERAL (VALUES
        (midflight_o."customer_id"), (midflight_n."customer_id")) AS midflight_k ("k1") WHERE
        (midflight_o."customer_id" IS DISTINCT FROM midflight_n."customer_id" OR midflight_o."plan" COLLATE "C" IS
        DISTINCT FROM midflight_n."plan" OR midflight_o."position" IS DISTINCT FROM midflight_n."position" OR
        midflight_o."since" COLLATE "C" IS DISTINCT FROM midflight_n."since")) AS midflight_w WHERE k1 IS NOT NULL
        ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT
        midflight_k.* FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS
        JOIN LATERAL (VALUES (midflight_o."customer_id"), (midflight_n."customer_id")) AS midflight_k ("k1") WHERE
        (midflight_o."customer_id" IS DISTINCT FROM midflight_n."customer_id" OR midflight_o."plan" COLLATE "C" IS
        DISTINCT FROM midflight_n."plan" OR midflight_o."position" IS DISTINCT FROM midflight_n."position" OR
        midflight_o."since" COLLATE "C" IS DISTINCT FROM midflight_n."since")) AS midflight_w WHERE k1 IS NOT NULL
        ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers backward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT coalesce(bool_or((midflight_o."customer_id" IS DISTINCT FROM
        midflight_n."customer_id")), false) FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS
        midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING
        (midflight_i)$midflight_many$
    INTO midflight_rekeyed USING midflight_keys;
  ELSE
  SELECT coalesce(bool_or((midflight_o."customer_id" IS DISTINCT FROM midflight_n."customer_id")), false) FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i)
    INTO midflight_rekeyed;
  END IF;
  IF midflight_rekeyed THEN
    EXECUTE $midflight_many$WITH midflight_moved AS (UPDATE "public"."customers" SET "id" = midflight_m."t1" FROM
          (SELECT midflight_o."customer_id" AS f1, midflight_n."customer_id" AS t1 FROM (SELECT row_number() OVER ()
          AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_new) AS midflight_n USING (midflight_i) WHERE (midflight_o."customer_id" IS DISTINCT FROM
          midflight_n."customer_id")) AS midflight_m
      WHERE "customers"."id" = midflight_m."f1"
      AND NOT EXISTS (SELECT 1 FROM "public"."customers" AS midflight_t WHERE midflight_t."id" = midflight_m."t1")
      AND NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_l WHERE midflight_l."customer_id" =
            midflight_m."f1")
      RETURNING ROW(midflight_m."f1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
  END IF;
  FOR midflight_place IN 1 .. cardinality(midflight_all) BY 500 LOOP
  midflight_keys := midflight_all[midflight_place : midflight_place + 500 - 1];
  PERFORM 1 FROM "public"."customers" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys)) ORDER BY "id" FOR NO
        KEY UPDATE;
  IF midflight_rekeyed THEN
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_sync"(midflight_keys);
  ELSE
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT "customer_id",
        "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id") IN (SELECT "k1"
        FROM unnest($1))), midflight_query ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest($1))), "subscriptions" ("customer_id", "position", "plan", "since") AS MATERIALIZED
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest($1)) AND NOT EXISTS (SELECT 1 FROM midflight_new AS midflight_n
          WHERE midflight_n."customer_id" = midflight_s."customer_id" AND midflight_n."position" =
          midflight_s."position") UNION ALL SELECT midflight_o."customer_id" AS "customer_id", midflight_o."position"
          AS "position", midflight_o."plan" AS "plan", midflight_o."since" AS "since" FROM midflight_old AS
          midflight_o WHERE (midflight_o."customer_id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id",
          "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name",
        "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
        "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN (SELECT
        "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS (SELECT
        "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE ("customer_id")
        IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name", "subscriptions") AS (SELECT
        p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r),
    ARRAY(SELECT ROW("id", "name",
          "subscriptions")::midflight."midflight_subscriptions-out-of-customers_backward_row_customers" FROM (WITH
          "people" ("id", "name") AS (SELECT "id", "name" FROM "public"."people" AS midflight_s WHERE ("id") IN
          (SELECT "k1" FROM unnest(midflight_keys))), "subscriptions" ("customer_id", "position", "plan", "since") AS
          (SELECT "customer_id", "position", "plan", "since" FROM "public"."subscriptions" AS midflight_s WHERE
          ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys)) AND NOT EXISTS (SELECT 1 FROM midflight_new AS
          midflight_n WHERE midflight_n."customer_id" = midflight_s."customer_id" AND midflight_n."position" =
          midflight_s."position") UNION ALL SELECT midflight_o."customer_id" AS "customer_id", midflight_o."position"
          AS "position", midflight_o."plan" AS "plan", midflight_o."since" AS "since" FROM midflight_old AS
          midflight_o WHERE (midflight_o."customer_id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query
          ("id", "name", "subscriptions") AS (SELECT p.id, p.name,
       (SELECT jsonb_agg(jsonb_build_object('plan', s.plan, 'since', s.since))
        FROM (SELECT plan, since FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS subscriptions
FROM people p
) SELECT "id"::bigint AS "id", "name"::text AS "name", "subscriptions"::jsonb AS "subscriptions" FROM midflight_query)
      AS midflight_r)
    INTO midflight_now_1, midflight_was_1;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_backward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1);
  END IF;
  END LOOP;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_backward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_note_each"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_outbox"[], midflight_fresh boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_key midflight."midflight_subscriptions-out-of-customers_outbox";
BEGIN
  FOREACH midflight_key IN ARRAY midflight_keys LOOP
  BEGIN
    PERFORM midflight."midflight_subscriptions-out-of-customers_note_settle"(ARRAY[midflight_key], midflight_fresh);
    DELETE FROM midflight.midflight_finding WHERE migration = 'subscriptions-out-of-customers' AND kind = 'quarantine
          forward' AND entity_key = CASE WHEN midflight_key."k1" IS NULL THEN 'NULL' WHEN
          pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN midflight_key."k1"::text
          WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' ||
          (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text COLLATE "C",
          '''', '''''') || '''' END;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES
          ('subscriptions-out-of-customers', 'quarantine forward', CASE WHEN midflight_key."k1" IS NULL THEN 'NULL'
          WHEN pg_typeof(midflight_key."k1") IN ('bigint'::regtype, 'integer', 'smallint') THEN
          midflight_key."k1"::text WHEN pg_typeof(midflight_key."k1") IN ('date'::regtype, 'timestamp', 'timestamptz')
          THEN '''' || (to_jsonb(midflight_key."k1") #>> '{}') || '''' ELSE '''' || replace(midflight_key."k1"::text
          COLLATE "C", '''', '''''') || '''' END, SQLERRM, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      ON CONFLICT (migration, kind, entity_key) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms;
  END;
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_note_settle"(midflight_keys
      midflight."midflight_subscriptions-out-of-customers_outbox"[], midflight_fresh boolean)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF NOT midflight_fresh THEN
  DELETE FROM "public"."subscriptions" WHERE ("customer_id") IN (SELECT "k1" FROM unnest(midflight_keys));
  DELETE FROM "public"."people" WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys));
  END IF;
  INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM (WITH "customers" ("id", "name", "subscriptions") AS (SELECT
          "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM
          unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_a;
  INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_a;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_old_customers_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_now_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_was_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_held_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    IF OLD."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
    SELECT ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE "id" = OLD."id"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
            "customers" ("id", "name", "subscriptions") AS (SELECT OLD."id" AS "id", OLD."name" AS "name",
            OLD."subscriptions" AS "subscriptions"), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT
            * FROM "public"."people" WHERE "id" = OLD."id") AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
            "public"."customers" AS midflight_s WHERE "id" = OLD."id"), midflight_query ("customer_id", "position",
            "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT OLD."id" AS "id", OLD."name" AS "name",
            OLD."subscriptions" AS "subscriptions"), midflight_query ("customer_id", "position", "plan", "since") AS
            (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = OLD."id") AS midflight_r ORDER BY
            midflight_r."customer_id", midflight_r."position")
    INTO midflight_now_1, midflight_was_1, midflight_held_1, midflight_now_2, midflight_was_2, midflight_held_2;
    midflight_settled := record_image_eq(ROW(midflight_held_1, midflight_held_2), ROW(midflight_was_1,
          midflight_was_2));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1, midflight_now_2), ROW(midflight_was_1,
          midflight_was_2)) THEN
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    DELETE FROM "public"."subscriptions" WHERE "subscriptions"."customer_id" = OLD."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_2) AS midflight_x WHERE midflight_x."customer_id" = "subscriptions"."customer_id" AND
          midflight_x."position" = "subscriptions"."position");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."people" WHERE "people"."id" = OLD."id" AND NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1)
          AS midflight_x WHERE midflight_x."id" = "people"."id");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."people" SET "name" = midflight_a."name"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name");
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    UPDATE "public"."subscriptions" SET "plan" = midflight_a."plan", "since" = midflight_a."since"
    FROM unnest(midflight_now_2) AS midflight_a
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ("subscriptions"."plan" COLLATE "C" IS DISTINCT FROM midflight_a."plan" OR
          "subscriptions"."since" COLLATE "C" IS DISTINCT FROM midflight_a."since");
    END IF;
    IF cardinality(midflight_now_2) > 0 THEN
    INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          unnest(midflight_now_2) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    ON CONFLICT ("customer_id", "position") DO NOTHING;
    END IF;
  END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT *
          FROM "public"."people" WHERE "id" = OLD."id") AS midflight_r ORDER BY midflight_r."id"), ARRAY(SELECT
          ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
          midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
          (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = OLD."id") AS midflight_r ORDER BY
          midflight_r."customer_id", midflight_r."position")), ROW(midflight_now_1, midflight_now_2)) INTO
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
  midflight_rows := (SELECT count(*) FROM (SELECT FROM midflight_old LIMIT 8 + 1) AS midflight_w);
  IF midflight_rows = 0 THEN EXIT midflight_rest; END IF;
  midflight_many := midflight_rows > 8;
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM midflight_old) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id",
        "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH "customers" ("id",
        "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s
        WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS (SELECT id, name FROM
        customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."name" AS "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS
          midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS
          (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position", "plan",
          "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT
          id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name",
          midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN
          (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id", "position", "plan", "since") AS
          (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_forward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1, midflight_now_2, midflight_was_2);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_old_customers_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_now_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_was_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_held_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
    SELECT ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
            "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
            "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("id", "name") AS (SELECT id, name FROM
            customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT
            * FROM "public"."people" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
            "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("customer_id", "position",
            "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
            "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("customer_id", "position", "plan",
            "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = NEW."id") AS midflight_r ORDER BY
            midflight_r."customer_id", midflight_r."position")
    INTO midflight_now_1, midflight_was_1, midflight_held_1, midflight_now_2, midflight_was_2, midflight_held_2;
    midflight_settled := record_image_eq(ROW(midflight_held_1, midflight_held_2), ROW(midflight_was_1,
          midflight_was_2));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1, midflight_now_2), ROW(midflight_was_1,
          midflight_was_2)) THEN
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    DELETE FROM "public"."subscriptions" WHERE "subscriptions"."customer_id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_2) AS midflight_x WHERE midflight_x."customer_id" = "subscriptions"."customer_id" AND
          midflight_x."position" = "subscriptions"."position");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."people" WHERE "people"."id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1)
          AS midflight_x WHERE midflight_x."id" = "people"."id");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."people" SET "name" = midflight_a."name"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name");
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    UPDATE "public"."subscriptions" SET "plan" = midflight_a."plan", "since" = midflight_a."since"
    FROM unnest(midflight_now_2) AS midflight_a
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ("subscriptions"."plan" COLLATE "C" IS DISTINCT FROM midflight_a."plan" OR
          "subscriptions"."since" COLLATE "C" IS DISTINCT FROM midflight_a."since");
    END IF;
    IF cardinality(midflight_now_2) > 0 THEN
    INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          unnest(midflight_now_2) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    ON CONFLICT ("customer_id", "position") DO NOTHING;
    END IF;
  END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT *
          FROM "public"."people" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id"), ARRAY(SELECT
          ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
          midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
          (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = NEW."id") AS midflight_r ORDER BY
          midflight_r."customer_id", midflight_r."position")), ROW(midflight_now_1, midflight_now_2)) INTO
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM midflight_new) AS midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id",
        "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH "customers" ("id",
        "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s
        WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS (SELECT id, name FROM
        customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS MATERIALIZED (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("id", "name") AS (SELECT id, name FROM
          customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS MATERIALIZED (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("customer_id", "position", "plan",
          "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE 1 = 0), midflight_query ("id", "name") AS (SELECT id, name FROM
          customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE 1 = 0), midflight_query ("customer_id", "position", "plan", "since") AS (SELECT c.id AS
          customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_forward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1, midflight_now_2, midflight_was_2);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_old_customers_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_many boolean := true;
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers backward' THEN RETURN NULL; END IF;
  midflight_plans := current_setting('plan_cache_mode');
  midflight_jit := current_setting('jit');
  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
  midflight_guard := set_config('jit', 'off', true);
  <<midflight_rest>>
  BEGIN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id" AS k1 FROM
        "public"."people" UNION ALL SELECT "customer_id" AS k1 FROM "public"."subscriptions") AS midflight_w WHERE k1
        IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT "id"
        AS k1 FROM "public"."people" UNION ALL SELECT "customer_id" AS k1 FROM "public"."subscriptions") AS
        midflight_w WHERE k1 IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
  BEGIN
  PERFORM midflight."midflight_subscriptions-out-of-customers_forward_sync"(midflight_keys);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION midflight."midflight_subscriptions-out-of-customers_old_customers_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  midflight_keys midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_all midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_before text := current_setting('midflight.syncing', true);
  midflight_guard text;
  midflight_plans text;
  midflight_jit text;
  midflight_rows bigint;
  midflight_many boolean;
  midflight_now_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_was_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_now_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_was_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
  midflight_rekeyed boolean;
  midflight_carried midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_from midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_to midflight."midflight_subscriptions-out-of-customers_key"[];
  midflight_settled boolean;
  midflight_held_1 midflight."midflight_subscriptions-out-of-customers_forward_row_people"[];
  midflight_held_2 midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14"[];
BEGIN
  IF midflight_before OPERATOR(pg_catalog.=) 'subscriptions-out-of-customers backward' THEN RETURN NULL; END IF;
  BEGIN
    SELECT * INTO STRICT OLD FROM midflight_old;
    SELECT * INTO STRICT NEW FROM midflight_new;
    IF NEW."id" IS NOT NULL AND NOT (OLD."id" IS DISTINCT FROM NEW."id") THEN
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
    SELECT ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
          "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("id", "name") AS (SELECT id,
          name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
            "customers" ("id", "name", "subscriptions") AS (SELECT OLD."id" AS "id", OLD."name" AS "name",
            OLD."subscriptions" AS "subscriptions"), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."id",
            midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT
            * FROM "public"."people" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
            "public"."customers" AS midflight_s WHERE "id" = NEW."id"), midflight_query ("customer_id", "position",
            "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (WITH "customers" ("id", "name", "subscriptions") AS (SELECT OLD."id" AS "id", OLD."name" AS "name",
            OLD."subscriptions" AS "subscriptions"), midflight_query ("customer_id", "position", "plan", "since") AS
            (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r ORDER BY midflight_r."customer_id",
      midflight_r."position"),
      ARRAY(SELECT ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
            midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
            (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = NEW."id") AS midflight_r ORDER BY
            midflight_r."customer_id", midflight_r."position")
    INTO midflight_now_1, midflight_was_1, midflight_held_1, midflight_now_2, midflight_was_2, midflight_held_2;
    midflight_settled := record_image_eq(ROW(midflight_held_1, midflight_held_2), ROW(midflight_was_1,
          midflight_was_2));
    IF midflight_settled AND NOT record_image_eq(ROW(midflight_now_1, midflight_now_2), ROW(midflight_was_1,
          midflight_was_2)) THEN
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    DELETE FROM "public"."subscriptions" WHERE "subscriptions"."customer_id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM
          unnest(midflight_now_2) AS midflight_x WHERE midflight_x."customer_id" = "subscriptions"."customer_id" AND
          midflight_x."position" = "subscriptions"."position");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_now_1) = 0 THEN
    DELETE FROM "public"."people" WHERE "people"."id" = NEW."id" AND NOT EXISTS (SELECT 1 FROM unnest(midflight_now_1)
          AS midflight_x WHERE midflight_x."id" = "people"."id");
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_1), ROW(midflight_was_1)) THEN
    IF cardinality(midflight_held_1) > 0 THEN
    UPDATE "public"."people" SET "name" = midflight_a."name"
    FROM unnest(midflight_now_1) AS midflight_a
    WHERE "people"."id" = midflight_a."id" AND ("people"."name" COLLATE "C" IS DISTINCT FROM midflight_a."name");
    END IF;
    IF cardinality(midflight_held_1) = 0 THEN
    INSERT INTO "public"."people" ("id", "name") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."id", midflight_a."name" FROM unnest(midflight_now_1) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."people" AS midflight_t WHERE midflight_t."id" = midflight_a."id")
    ON CONFLICT ("id") DO NOTHING;
    END IF;
  END IF;
  IF record_image_ne(ROW(midflight_now_2), ROW(midflight_was_2)) THEN
    IF cardinality(midflight_held_2) > 0 THEN
    UPDATE "public"."subscriptions" SET "plan" = midflight_a."plan", "since" = midflight_a."since"
    FROM unnest(midflight_now_2) AS midflight_a
    WHERE "subscriptions"."customer_id" = midflight_a."customer_id" AND "subscriptions"."position" =
          midflight_a."position" AND ("subscriptions"."plan" COLLATE "C" IS DISTINCT FROM midflight_a."plan" OR
          "subscriptions"."since" COLLATE "C" IS DISTINCT FROM midflight_a."since");
    END IF;
    IF cardinality(midflight_now_2) > 0 THEN
    INSERT INTO "public"."subscriptions" ("customer_id", "position", "plan", "since") OVERRIDING SYSTEM VALUE
    SELECT midflight_a."customer_id", midflight_a."position", midflight_a."plan", midflight_a."since" FROM
          unnest(midflight_now_2) AS midflight_a
    WHERE NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
          midflight_a."customer_id" AND midflight_t."position" = midflight_a."position")
    ON CONFLICT ("customer_id", "position") DO NOTHING;
    END IF;
  END IF;
    SELECT record_image_eq(ROW(ARRAY(SELECT ROW(midflight_r."id",
          midflight_r."name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (SELECT *
          FROM "public"."people" WHERE "id" = NEW."id") AS midflight_r ORDER BY midflight_r."id"), ARRAY(SELECT
          ROW(midflight_r."customer_id", midflight_r."position", midflight_r."plan",
          midflight_r."since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM
          (SELECT * FROM "public"."subscriptions" WHERE "customer_id" = NEW."id") AS midflight_r ORDER BY
          midflight_r."customer_id", midflight_r."position")), ROW(midflight_now_1, midflight_now_2)) INTO
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
  EXECUTE $midflight_many$SELECT ARRAY(SELECT DISTINCT
        ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT midflight_k.* FROM (SELECT
        row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS
        midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS JOIN LATERAL (VALUES
        (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS DISTINCT FROM
        midflight_n."id" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name" OR
        record_image_ne(ROW(midflight_o."subscriptions"), ROW(midflight_n."subscriptions")))) AS midflight_w WHERE k1
        IS NOT NULL ORDER BY 1)$midflight_many$
    INTO midflight_keys USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT DISTINCT ROW("k1")::midflight."midflight_subscriptions-out-of-customers_key" FROM (SELECT
        midflight_k.* FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN
        (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) CROSS
        JOIN LATERAL (VALUES (midflight_o."id"), (midflight_n."id")) AS midflight_k ("k1") WHERE (midflight_o."id" IS
        DISTINCT FROM midflight_n."id" OR midflight_o."name" COLLATE "C" IS DISTINCT FROM midflight_n."name" OR
        record_image_ne(ROW(midflight_o."subscriptions"), ROW(midflight_n."subscriptions")))) AS midflight_w WHERE k1
        IS NOT NULL ORDER BY 1)
    INTO midflight_keys;
  END IF;
  IF cardinality(midflight_keys) = 0 THEN EXIT midflight_rest; END IF;
  midflight_all := midflight_keys;
  IF midflight_many THEN
    midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  midflight_guard := set_config('midflight.syncing', 'subscriptions-out-of-customers forward', true);
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
      RETURNING ROW(midflight_m."f1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
    EXECUTE $midflight_many$WITH midflight_moves AS MATERIALIZED (SELECT midflight_o."id" AS f1, midflight_n."id" AS
          t1 FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_o."id" IS DISTINCT FROM midflight_n."id")), midflight_m AS MATERIALIZED (SELECT *, CASE WHEN t1
          IS NOT NULL THEN -(random() * 9e15)::bigint END AS p1
      FROM midflight_moves WHERE ROW("f1")::midflight."midflight_subscriptions-out-of-customers_key" <> ALL
            (coalesce($1, '{}')) AND ("t1") IN (SELECT "f1" FROM midflight_moves)),
      midflight_moved AS (UPDATE "public"."people" SET "id" = midflight_m."p1" FROM midflight_m WHERE "people"."id" =
            midflight_m."f1"
      RETURNING ROW(midflight_m."p1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_p,
            ROW(midflight_m."t1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_t) SELECT
            array_agg(midflight_p), array_agg(midflight_t) FROM midflight_moved$midflight_many$
      INTO midflight_from, midflight_to USING midflight_carried;
    UPDATE "public"."people" SET "id" = midflight_m."t1"
      FROM ROWS FROM (unnest(midflight_from), unnest(midflight_to)) AS midflight_m ("f1", "t1") WHERE "people"."id" =
            midflight_m."f1";
    EXECUTE $midflight_many$WITH midflight_moved AS (UPDATE "public"."subscriptions" SET "customer_id" =
          midflight_m."t1" FROM (SELECT midflight_o."id" AS f1, midflight_n."id" AS t1 FROM (SELECT row_number() OVER
          () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_new) AS midflight_n USING (midflight_i) WHERE (midflight_o."id" IS DISTINCT FROM
          midflight_n."id")) AS midflight_m
      WHERE "subscriptions"."customer_id" = midflight_m."f1"
      AND NOT EXISTS (SELECT 1 FROM "public"."subscriptions" AS midflight_t WHERE midflight_t."customer_id" =
            midflight_m."t1")
      RETURNING ROW(midflight_m."f1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_k) SELECT
            array_agg(midflight_k) FROM midflight_moved$midflight_many$ INTO midflight_carried;
    EXECUTE $midflight_many$WITH midflight_moves AS MATERIALIZED (SELECT midflight_o."id" AS f1, midflight_n."id" AS
          t1 FROM (SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT
          row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i) WHERE
          (midflight_o."id" IS DISTINCT FROM midflight_n."id")), midflight_m AS MATERIALIZED (SELECT *, CASE WHEN t1
          IS NOT NULL THEN -(random() * 9e15)::bigint END AS p1
      FROM midflight_moves WHERE ROW("f1")::midflight."midflight_subscriptions-out-of-customers_key" <> ALL
            (coalesce($1, '{}')) AND ("t1") IN (SELECT "f1" FROM midflight_moves)),
      midflight_moved AS (UPDATE "public"."subscriptions" SET "customer_id" = midflight_m."p1" FROM midflight_m WHERE
            "subscriptions"."customer_id" = midflight_m."f1"
      RETURNING ROW(midflight_m."p1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_p,
            ROW(midflight_m."t1")::midflight."midflight_subscriptions-out-of-customers_key" AS midflight_t) SELECT
            array_agg(midflight_p), array_agg(midflight_t) FROM midflight_moved$midflight_many$
      INTO midflight_from, midflight_to USING midflight_carried;
    UPDATE "public"."subscriptions" SET "customer_id" = midflight_m."t1"
      FROM ROWS FROM (unnest(midflight_from), unnest(midflight_to)) AS midflight_m ("f1", "t1") WHERE
            "subscriptions"."customer_id" = midflight_m."f1";
  END IF;
  IF midflight_rekeyed THEN
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id",
        "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH "customers" ("id",
        "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s
        WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS (SELECT id, name FROM
        customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_n."id" AS "id",
          midflight_o."name" AS "name", midflight_o."subscriptions" AS "subscriptions" FROM (SELECT row_number() OVER
          () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_new) AS midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM
          unnest($1))), midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_n."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new)
          AS midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM unnest($1))),
          midflight_query ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT midflight_n."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM (SELECT row_number() OVER () AS midflight_i, *
          FROM midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new)
          AS midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT midflight_n."id" AS "id", midflight_o."name" AS "name",
          midflight_o."subscriptions" AS "subscriptions" FROM (SELECT row_number() OVER () AS midflight_i, * FROM
          midflight_old) AS midflight_o JOIN (SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS
          midflight_n USING (midflight_i) WHERE (midflight_n."id") IN (SELECT "k1" FROM unnest(midflight_keys))),
          midflight_query ("customer_id", "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  END IF;
  ELSE
  IF midflight_many THEN
  EXECUTE $midflight_many$SELECT ARRAY(SELECT ROW("id",
        "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH "customers" ("id",
        "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS midflight_s
        WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS (SELECT id, name FROM
        customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_o."id" AS "id",
          midflight_o."name" AS "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS
          midflight_o WHERE (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("id", "name") AS
          (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position",
          "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS MATERIALIZED (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest($1))), midflight_query ("customer_id", "position", "plan",
          "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)$midflight_many$
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2 USING midflight_keys;
  ELSE
  SELECT ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM
        (WITH "customers" ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM
        "public"."customers" AS midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))),
        midflight_query ("id", "name") AS (SELECT id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("id", "name")::midflight."midflight_subscriptions-out-of-customers_forward_row_people" FROM (WITH
          "customers" ("id", "name", "subscriptions") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS
          "name", midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE
          (midflight_o."id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("id", "name") AS (SELECT
          id, name FROM customers
) SELECT "id"::bigint AS "id", "name"::text AS "name" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT "id", "name", "subscriptions" FROM "public"."customers" AS
          midflight_s WHERE ("id") IN (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id",
          "position", "plan", "since") AS (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r),
    ARRAY(SELECT ROW("customer_id", "position", "plan",
          "since")::midflight."midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14" FROM (WITH "customers"
          ("id", "name", "subscriptions") AS (SELECT midflight_o."id" AS "id", midflight_o."name" AS "name",
          midflight_o."subscriptions" AS "subscriptions" FROM midflight_old AS midflight_o WHERE (midflight_o."id") IN
          (SELECT "k1" FROM unnest(midflight_keys))), midflight_query ("customer_id", "position", "plan", "since") AS
          (SELECT c.id AS customer_id,
       s.number - 1 AS position,
       s.value ->> 'plan' AS plan,
       s.value ->> 'since' AS since
FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)
) SELECT "customer_id"::bigint AS "customer_id", "position"::bigint AS "position", "plan"::text AS "plan",
      "since"::text AS "since" FROM midflight_query) AS midflight_r)
    INTO midflight_now_1, midflight_was_1, midflight_now_2, midflight_was_2;
  END IF;
  END IF;
  PERFORM midflight."midflight_subscriptions-out-of-customers_forward_apply"(midflight_keys, midflight_now_1,
        midflight_was_1, midflight_now_2, midflight_was_2);
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
    midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);
    PERFORM midflight."midflight_subscriptions-out-of-customers_forward_each"(midflight_all);
  END;
  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);
  END;
  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);
  midflight_guard := set_config('jit', midflight_jit, true);
  RETURN NULL;
END
$function$;

CREATE TYPE midflight_subscriptions-out-of-customers_backward_row_customers AS (id bigint, name text, subscriptions
      jsonb);

CREATE TYPE midflight_subscriptions-out-of-customers_forwa_bec83a8cba190f14 AS (customer_id bigint, position bigint,
      plan text, since text);

CREATE TYPE midflight_subscriptions-out-of-customers_forward_row_people AS (id bigint, name text);

CREATE TYPE midflight_subscriptions-out-of-customers_key AS (k1 bigint);
