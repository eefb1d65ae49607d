/* The command line: a thin door over midflight.h. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "midflight.h"

struct options {
    const char *file; /* or a server's address */
    const char *token_file, *ca; /* for a server; NULL: not given */
    bool json, repair, force, watch, join;
    double load;       /* 0: not given */
    double sample;     /* 1: not given */
    long workers;      /* 0: not given */
    const char *from, *to;
};

struct verb {
    const char *name;
    const char *summary;
    const char *options; /* "--json --load": those that it takes */
    const char *help;    /* what it does, with an example */
    mf_result (*run)(mf_migration *migration, const struct options *options);
    mf_result (*ask)(const struct options *options); /* the same of a server; NULL: that is not to be had */
};

extern const struct verb verbs[];
extern const size_t verb_count;

/* --- output.c: all that is printed --- */

/* Progress on a terminal is one line rewritten; elsewhere a line a second; with --json a JSON object a second. On
 * standard error, so that standard output holds the result alone. */
mf_observer output_observer(const struct options *options);
void output_progress_end(void);
mf_result output_error(const struct options *options, const mf_error *error); /* returns error->result */
void output_json(json_t *object); /* takes the object over */
json_t *output_difference(const mf_difference *difference);
void output_duration(char text[32], double seconds); /* "1h 02m", "3m 20s", "4s" */

void output_bar(char text[32], double share);

/* --- remote.c: a server, asked over HTTP --- */
struct remote;

bool remote_is_address(const char *text);
/* Fails with a message that says what to do. */
mf_result remote_open(const struct options *options, struct remote **ret, mf_error *error);
void remote_close(struct remote *remote); /* accepts NULL */
/* The migrations that the address names, an array of objects; *ret is the caller's. */
mf_result remote_migrations(struct remote *remote, json_t **ret, mf_error *error);

/* --- board.c: what a server says of its migrations, on a terminal --- */
mf_result board_run(const struct options *options);

/* --- serve.c --- */
int serve_main(int count, char **words);
extern const char serve_options[];

/* --- main.c --- */
bool parse_share(const char *text, double *ret); /* "0.2" or "20%"; more than 0, at most 1 */

/* --- completion.c --- */
int completion_print(const char *shell);
