/* The verbs. Each calls one function of midflight.h and prints what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

static void time_text(char text[32], int64_t ms) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &utc);
}

/* --- status --------------------------------------------------------------------------------------------------- */

static json_t *status_json(const mf_migration *migration, const mf_status *s) {
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:b, s:s, s:I, s:I}", "migration", mf_name(migration), "stage",
        s->stage, "mode", s->mode, "epoch", (json_int_t)s->epoch, "rows_done", (json_int_t)s->rows_done, "rows_total",
        (json_int_t)s->rows_total, "outbox", (json_int_t)s->outbox, "outbox_bytes", (json_int_t)s->outbox_bytes, "overflowed",
        (int)s->overflowed, "lag_ms", (json_int_t)s->lag_ms, "quarantined", (json_int_t)s->quarantined,
        "diverged", (json_int_t)s->diverged, "way_back", (int)s->way_back, "owner", s->owner, "soak_left_s",
        (json_int_t)((s->soak_left_ms + 999) / 1000), "verified_rows", (json_int_t)s->verified_rows);
    json_object_set_new(object, "held", json_integer((json_int_t)s->held));
    json_object_set_new(object, "eta_s", s->eta_s < 0 ? json_null() : json_real(s->eta_s));
    return object;
}

static void print_finding(void *context, const mf_finding *finding) {
    int *printed = context;
    if (++*printed <= 20) printf("    %s: %s\n", finding->key, finding->text);
    if (*printed == 21) puts("    ...");
}

static const char *next_of(const mf_status *s) {
    if (s->held > 0) return "write what is right of it on the new side, then midflight verify --repair";
    if (s->quarantined > 0 || s->diverged > 0) return "mend what is listed, or `midflight verify --repair`";
    if (strcmp(s->stage, "Uninitialized") == 0) return "midflight start";
    if (strcmp(s->stage, "Initializing") == 0 || strcmp(s->stage, "Running") == 0) return "midflight start goes on from here";
    if (strcmp(s->stage, "Awaiting Additional Action") == 0) {
        return s->way_back ? "midflight advance: the cut-over (or rollback)"
                           : "midflight advance: the cut-over, with no way back (or rollback)";
    }
    if (strcmp(s->stage, "Awaiting Finalization") == 0) {
        if (s->soak_left_ms > 0) {
            return s->way_back ? "wait for the soak to end, then midflight advance (or rollback)"
                               : "wait for the soak to end, then midflight advance";
        }
        return s->way_back ? "midflight advance: the one-way door (or rollback)" : "midflight advance";
    }
    if (strcmp(s->stage, "Finishing") == 0) return "midflight advance goes on from here";
    if (strcmp(s->stage, "Rolling Back") == 0) return "midflight rollback goes on from here";
    return "nothing: it is done";
}

static void print_no_way_back(const mf_status *s) {
    if (!s->way_back) puts("way back     none after the cut-over: the definition has no backward");
}

/* From here on somebody ought to look: so old, so large. */
#define LAG_MS_WARN 60000
#define OUTBOX_BYTES_WARN 100000000

static bool is_large(const mf_status *s) {
    return s->outbox_bytes > OUTBOX_BYTES_WARN || (s->outbox_bytes_max > 0 && s->outbox_bytes > s->outbox_bytes_max / 2);
}

static void print_outbox(const mf_status *s) {
    char text[32];
    printf("outbox       %" PRId64, s->outbox);
    if (s->lag_ms > 0) {
        output_duration(text, (double)s->lag_ms / 1000);
        printf(", the oldest since %s", text);
    }
    if (s->outbox_bytes > 0) printf(", %.1f MB", (double)s->outbox_bytes / 1e6);
    putchar('\n');
    if (s->overflowed) {
        puts("             it reached outbox_max, and what was written since went unnoticed: midflight verify --repair finds it"
             " and carries it over");
    } else if (s->lag_ms > LAG_MS_WARN || is_large(s)) {
        puts("             nobody drains it fast enough: run `midflight follow`");
    }
}

static void print_status(mf_migration *migration, const mf_status *s) {
    char text[32];
    mf_error ignored;
    int printed = 0;
    printf("migration    %s\nstage        %s\nmode         %s\nepoch        %" PRId64 "\n", mf_name(migration), s->stage,
           s->mode, s->epoch);
    printf("rows         %" PRId64 " of %" PRId64 "\n", s->rows_done, s->rows_total);
    if (s->eta_s >= 0) {
        output_duration(text, s->eta_s);
        printf("left         %s\n", text);
    }
    if (s->verified_ms > 0) {
        time_text(text, s->verified_ms);
        printf("compared     %s, %" PRId64 " rows\n", text, s->verified_rows);
    }
    print_outbox(s);
    if (s->held > 0) printf("held         %" PRId64 "\n", s->held);
    if (s->held > 0) mf_findings(migration, MF_HELD, print_finding, &printed, &ignored);
    printed = 0;
    printf("quarantined  %" PRId64 "\n", s->quarantined);
    if (s->quarantined > 0) mf_findings(migration, MF_QUARANTINE, print_finding, &printed, &ignored);
    printf("diverged     %" PRId64 "\n", s->diverged);
    printed = 0;
    if (s->diverged > 0) mf_findings(migration, MF_DIVERGENCE, print_finding, &printed, &ignored);
    if (s->soak_left_ms > 0) {
        output_duration(text, (double)s->soak_left_ms / 1000);
        printf("soak left    %s\n", text);
    }
    if (s->owner[0] != '\0') printf("at work      %s\n", s->owner);
    print_no_way_back(s);
    printf("next         %s\n", next_of(s));
}

static mf_result status_once(mf_migration *migration, const struct options *options, mf_status *status) {
    mf_error error = {0};
    if (mf_status_read(migration, status, &error) != MF_DONE) return output_error(options, &error);
    if (options->json) {
        output_json(status_json(migration, status));
    } else {
        if (options->watch && isatty(STDOUT_FILENO)) fputs("\033[H\033[J", stdout);
        print_status(migration, status);
        fflush(stdout);
    }
    return MF_DONE;
}

static mf_result run_status(mf_migration *migration, const struct options *options) {
    mf_status status;
    mf_result result = status_once(migration, options, &status);
    while (options->watch && result == MF_DONE && strcmp(status.stage, "Finished") != 0) {
        sleep(1);
        result = status_once(migration, options, &status);
    }
    return result;
}

/* What start, advance, demote and rollback end with: where the migration stands now. */
static mf_result end_with_status(mf_migration *migration, const struct options *options, mf_result result,
                                 const mf_error *error) {
    mf_status status;
    output_progress_end();
    if (result != MF_DONE) return output_error(options, error);
    if (options->json) return status_once(migration, options, &status);
    mf_error failure = {0};
    if (mf_status_read(migration, &status, &failure) != MF_DONE) return output_error(options, &failure);
    printf("%s: %s (%s), epoch %" PRId64 "\nnext: %s\n", mf_name(migration), status.stage, status.mode, status.epoch,
           next_of(&status));
    print_no_way_back(&status);
    return MF_DONE;
}

static mf_result run_start(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    mf_work work = {.load = options->load, .workers = (int)options->workers, .join = options->join};
    return end_with_status(migration, options, mf_start(migration, &work, &error), &error);
}

static mf_result run_follow(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    mf_work work = {.workers = (int)options->workers, .join = options->join};
    return end_with_status(migration, options, mf_follow(migration, &work, &error), &error);
}

static mf_result run_advance(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    return end_with_status(migration, options, mf_advance(migration, &error), &error);
}

static mf_result run_demote(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    return end_with_status(migration, options, mf_demote(migration, NULL, &error), &error);
}

static mf_result run_rollback(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    return end_with_status(migration, options, mf_rollback(migration, options->force, &error), &error);
}

static mf_result run_verify(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    mf_verify verify = {.from = options->from, .to = options->to, .sample = options->sample, .repair = options->repair};
    mf_result result = mf_verify_run(migration, &verify, &error);
    output_progress_end();
    if (result != MF_DONE && result != MF_DIVERGED) return output_error(options, &error);
    if (options->json) {
        output_json(json_pack("{s:s, s:I, s:I, s:I}", "migration", mf_name(migration), "rows", (json_int_t)verify.rows,
                              "diverged", (json_int_t)verify.diverged, "repaired", (json_int_t)verify.repaired));
    } else {
        printf("%s: %" PRId64 " rows compared, %" PRId64 " entities differ, %" PRId64 " repaired\n", mf_name(migration),
               verify.rows, verify.diverged, verify.repaired);
        if (result == MF_DIVERGED) fprintf(stderr, "midflight: %s\n", error.message);
    }
    return result;
}

/* --- history -------------------------------------------------------------------------------------------------- */

static void print_move(void *context, const mf_move *move) {
    const struct options *options = context;
    char at[32];
    time_text(at, move->at_ms);
    if (options->json) {
        output_json(json_pack("{s:I, s:s, s:s, s:s, s:s, s:I}", "epoch", (json_int_t)move->epoch, "from", move->from, "to",
                              move->to, "who", move->who, "why", move->why, "at_ms", (json_int_t)move->at_ms));
    } else {
        printf("%4" PRId64 "  %s  %s -> %s\n      %s: %s\n", move->epoch, at, move->from, move->to, move->who, move->why);
    }
}

static mf_result run_history(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    mf_result result = mf_history(migration, print_move, (void *)(uintptr_t)options, &error);
    return result == MF_DONE ? MF_DONE : output_error(options, &error);
}

/* --- check ---------------------------------------------------------------------------------------------------- */

struct check_output {
    const struct options *options;
    json_t *notes, *steps, *broken;
};

static const char *const level_names[] = {"proof", "warning", "refusal"};

static void check_note(void *context, mf_check_level level, const char *text) {
    struct check_output *output = context;
    if (output->options->json) {
        json_array_append_new(output->notes, json_pack("{s:s, s:s}", "level", level_names[level], "text", text));
    } else {
        printf("%s: %s\n", level_names[level], text);
    }
}

static void check_step(void *context, const char *stage, const char *statement, const char *lock) {
    struct check_output *output = context;
    json_array_append_new(output->steps, json_pack("{s:s, s:s, s:s}", "stage", stage, "statement", statement, "lock", lock));
}

static void check_broken(void *context, const mf_difference *difference) {
    struct check_output *output = context;
    if (output->options->json) {
        json_array_append_new(output->broken, output_difference(difference));
    } else {
        printf("round trip: entity %s, %s: expected %s, found %s\n", difference->key, difference->table,
               difference->expected, difference->found);
    }
}

static void print_plan(const json_t *steps) {
    size_t i;
    const json_t *step;
    puts("plan:");
    json_array_foreach(steps, i, step) {
        char *statement = strdup(json_string_value(json_object_get(step, "statement")));
        if (statement == NULL) return;
        for (char *c = statement; *c != '\0'; c++) {
            if (*c == '\n') *c = ' ';
        }
        printf("  %-22s %.100s%s\n  %-22s   lock: %s\n", json_string_value(json_object_get(step, "stage")), statement,
               strlen(statement) > 100 ? " ..." : "", "", json_string_value(json_object_get(step, "lock")));
        free(statement);
    }
}

static void print_check(const mf_check *check, const struct check_output *output) {
    char text[32];
    print_plan(output->steps);
    output_duration(text, check->backfill_s);
    printf("round trip: %" PRId64 " of %" PRId64 " rows tried, %" PRId64 " entities do not come back as they were\n",
           check->rows_tried, check->rows, check->broken_count);
    printf("forecast: backfill about %s on an idle machine, %.1f MiB more on disk\n", text,
           (double)check->disk_bytes / 1048576);
}

static mf_result run_check(mf_migration *migration, const struct options *options) {
    mf_error error = {0};
    struct check_output output = {options, json_array(), json_array(), json_array()};
    mf_check check = {.sample = options->sample, .context = &output, .note = check_note, .step = check_step,
                      .broken = check_broken};
    mf_result result = mf_check_run(migration, &check, &error);
    bool ran = result == MF_DONE || check.refusals > 0;
    if (ran && options->json) {
        output_json(json_pack("{s:s, s:b, s:O, s:O, s:O, s:I, s:I, s:I, s:f, s:I}", "migration", mf_name(migration), "may_start",
                              result == MF_DONE, "notes", output.notes, "plan", output.steps, "broken", output.broken,
                              "rows", (json_int_t)check.rows, "rows_tried", (json_int_t)check.rows_tried, "broken_count",
                              (json_int_t)check.broken_count, "backfill_s", check.backfill_s, "disk_bytes",
                              (json_int_t)check.disk_bytes));
    } else if (ran) {
        print_check(&check, &output);
    }
    json_decref(output.notes);
    json_decref(output.steps);
    json_decref(output.broken);
    if (result == MF_DONE || (ran && options->json)) return result;
    return output_error(options, &error);
}

const struct verb verbs[] = {
    {"check", "prove what can be proved before the start; print the plan", "--json --sample",
     "Reads, and changes nothing: keys, indexes, columns, triggers, references; that backward(forward(x)) is x on the real\n"
     "rows, listing those for which it is not; the plan, with each step's lock; a forecast from a rehearsal.\n"
     "  midflight check split-name.yaml\n"
     "  midflight check --sample 0.05 split-name.yaml    try one entity in twenty",
     run_check, NULL},
    {"start", "make the new shape, follow writes, copy, compare", "--json --load --workers --join",
     "Runs to Awaiting Additional Action: from then on both shapes agree and both may be written. Ctrl-C, or a crash,\n"
     "leaves a state from which the same command goes on; Ctrl-Z rests where no lock is held.\n"
     "  midflight start split-name.yaml\n"
     "  midflight start --load 0.2 split-name.yaml       take at most a fifth of the time\n"
     "  midflight start --workers 4 split-name.yaml      copy by four connections at once (PostgreSQL)\n"
     "  midflight start --join split-name.yaml           from another terminal or host: help copying",
     run_start, NULL},
    {"status", "say where the migration stands", "--json --watch --token-file --ca",
     "  midflight status split-name.yaml\n"
     "  midflight status --json split-name.yaml          for programs\n"
     "  midflight status --watch split-name.yaml         every second\n"
     "  midflight status --watch http://127.0.0.1:8080   all migrations of a server: stages, progress, rates, lag, rollout, comparison\n"
     "  midflight status https://db.example.com:8443/v1/migrations/split-name    one of them",
     run_status, board_run},
    {"verify", "compare both sides", "--json --repair --sample --from --to",
     "Reports each entity that differs, with both sides. Keys are SQL values: 42, or 'de','x' for two columns.\n"
     "  midflight verify split-name.yaml\n"
     "  midflight verify --from 1000 --to 2000 split-name.yaml\n"
     "  midflight verify --repair split-name.yaml        sync what differs from the side that leads",
     run_verify, NULL},
    {"follow", "keep the other store current until stopped", "--json --workers --join",
     "Between two stores: from the end of start to the end of the migration the side that follows is kept current by this, run\n"
     "beside the application. Ctrl-C ends it; the outbox then waits for the next. Run again beside it, on any host, it helps.\n"
     "  midflight follow users-to-postgres.yaml\n"
     "  midflight follow --workers 4 users-to-postgres.yaml  carry over by four connections at once (PostgreSQL)\n"
     "  midflight follow --join users-to-postgres.yaml       only help one who follows",
     run_follow, NULL},
    {"advance", "move one stage on, if every gate is green", "--json",
     "From Awaiting Additional Action: the cut-over, to Awaiting Finalization. From there, after the soak: through the\n"
     "one-way door, to Finished. A red gate is named, with what turns it green.\n"
     "  midflight advance split-name.yaml",
     run_advance, NULL},
    {"demote", "take the cut-over back, and nothing else", "--json",
     "From Awaiting Finalization to Awaiting Additional Action: the old side leads again with all that the new one took, which\n"
     "follows as before. `midflight advance` crosses over again.\n"
     "  midflight demote split-name.yaml",
     run_demote, NULL},
    {"rollback", "go back, from any stage before Finishing", "--json --force",
     "Everything that midflight made is taken away; the old side holds all that was written to either.\n"
     "  midflight rollback split-name.yaml",
     run_rollback, NULL},
    {"history", "list every change of stage: when, who, why", "--json",
     "  midflight history split-name.yaml",
     run_history, NULL},
};
const size_t verb_count = sizeof verbs / sizeof *verbs;
