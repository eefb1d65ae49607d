#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { OPTION_JSON = 256, OPTION_LOAD, OPTION_SAMPLE, OPTION_REPAIR, OPTION_FORCE, OPTION_WATCH, OPTION_FROM, OPTION_TO, OPTION_WORKERS, OPTION_JOIN, OPTION_TOKEN_FILE, OPTION_CA, OPTION_HELP };

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPTION_JSON},       {"load", required_argument, NULL, OPTION_LOAD},
    {"sample", required_argument, NULL, OPTION_SAMPLE}, {"repair", no_argument, NULL, OPTION_REPAIR},
    {"force", no_argument, NULL, OPTION_FORCE},     {"watch", no_argument, NULL, OPTION_WATCH},
    {"from", required_argument, NULL, OPTION_FROM}, {"to", required_argument, NULL, OPTION_TO},
    {"workers", required_argument, NULL, OPTION_WORKERS}, {"join", no_argument, NULL, OPTION_JOIN},
    {"token-file", required_argument, NULL, OPTION_TOKEN_FILE}, {"ca", required_argument, NULL, OPTION_CA},
    {"help", no_argument, NULL, OPTION_HELP},       {0},
};

static const char *const option_help[][2] = {
    {"--json", "print JSON: the result on standard output, progress on standard error"},
    {"--load", "--load SHARE: the share of time that copying may take, such as 0.2 or 20%"},
    {"--workers", "--workers N: connections that copy at once (1 to 32), where the store has room for several"},
    {"--join", "help another midflight copy, from this host or another, and end with that"},
    {"--sample", "--sample SHARE: the share of entities to try, such as 0.05 or 5%"},
    {"--repair", "sync what differs, or is in quarantine, again"},
    {"--force", "also where the old side refuses some of what the new side took: that is lost"},
    {"--watch", "again every second, until it is finished"},
    {"--token-file", "--token-file FILE: of a server: the file holds the token and nothing else; or set MIDFLIGHT_TOKEN"},
    {"--ca", "--ca FILE: of a server: the certificates to trust, in PEM, instead of the system's"},
    {"--from", "--from KEY: only entities after this one"},
    {"--to", "--to KEY: only entities up to this one"},
};

static int usage(FILE *out) {
    fprintf(out, "midflight %s: change the shape of live data, with a way back until the very last step\n\n"
                 "  midflight VERB [OPTIONS] FILE\n\n", mf_version());
    for (size_t i = 0; i < verb_count; i++) fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fprintf(out, "  serve      do all of that over HTTP, and serve the data meanwhile: midflight serve FILE|FOLDER...\n"
                 "  completion print shell completion (bash, zsh, fish): source <(midflight completion bash)\n\n"
                 "FILE is the migration's definition, in YAML. `midflight VERB --help` says more.\n"
                 "Exit status: 0 done, 2 wrong usage or definition, 3 refused by a gate, 4 failed and safe to run again,\n"
                 "5 the sides differ.\n");
    return out == stdout ? MF_DONE : MF_USAGE;
}

static int verb_usage(const struct verb *verb) {
    printf("midflight %s [OPTIONS] FILE: %s\n\n%s\n\n", verb->name, verb->summary, verb->help);
    for (size_t i = 0; i < sizeof option_help / sizeof *option_help; i++) {
        if (strstr(verb->options, option_help[i][0]) != NULL) printf("  %-12s %s\n", option_help[i][0], option_help[i][1]);
    }
    return MF_DONE;
}

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

bool parse_share(const char *text, double *ret) {
    char *end;
    double share = strtod(text, &end);
    if (strcmp(end, "%") == 0) {
        share /= 100;
        end++;
    }
    if (end == text || *end != '\0' || !(share > 0 && share <= 1)) return false;
    *ret = share;
    return true;
}

#define WORKERS_MAX 32

static bool parse_workers(const char *text, long *ret) {
    char *end;
    long workers = strtol(text, &end, 10);
    if (end == text || *end != '\0' || workers < 1 || workers > WORKERS_MAX) return false;
    *ret = workers;
    return true;
}

static bool takes(const struct verb *verb, const char *option) {
    for (size_t i = 0; i < sizeof long_options / sizeof *long_options - 1; i++) {
        if (strcmp(long_options[i].name, option) == 0) {
            char word[32];
            snprintf(word, sizeof word, "--%s", option);
            return strcmp(option, "help") == 0 || strstr(verb->options, word) != NULL;
        }
    }
    return false;
}

/* Returns -1 to go on, else the exit status. */
static int parse(const struct verb *verb, int count, char **words, struct options *options) {
    int option, at = 0;
    optind = 1;
    while ((option = getopt_long(count, words, "", long_options, &at)) != -1) {
        if (option == '?') return MF_USAGE;
        if (!takes(verb, long_options[at].name)) {
            fprintf(stderr, "midflight: %s takes no --%s; see `midflight %s --help`\n", verb->name, long_options[at].name,
                    verb->name);
            return MF_USAGE;
        }
        bool good = true;
        if (option == OPTION_JSON) options->json = true;
        if (option == OPTION_REPAIR) options->repair = true;
        if (option == OPTION_FORCE) options->force = true;
        if (option == OPTION_WATCH) options->watch = true;
        if (option == OPTION_FROM) options->from = optarg;
        if (option == OPTION_TO) options->to = optarg;
        if (option == OPTION_TOKEN_FILE) options->token_file = optarg;
        if (option == OPTION_CA) options->ca = optarg;
        if (option == OPTION_LOAD) good = parse_share(optarg, &options->load);
        if (option == OPTION_SAMPLE) good = parse_share(optarg, &options->sample);
        if (option == OPTION_JOIN) options->join = true;
        if (option == OPTION_WORKERS && !parse_workers(optarg, &options->workers)) {
            fprintf(stderr, "midflight: --workers takes a number from 1 to %d, not '%s'\n", WORKERS_MAX, optarg);
            return MF_USAGE;
        }
        if (option == OPTION_HELP) return verb_usage(verb);
        if (!good) {
            fprintf(stderr, "midflight: --%s takes a share, such as 0.2 or 20%%, not '%s'\n", long_options[at].name, optarg);
            return MF_USAGE;
        }
    }
    if (optind != count - 1) {
        fprintf(stderr, "midflight: %s takes one definition file: midflight %s FILE\n", verb->name, verb->name);
        return MF_USAGE;
    }
    options->file = words[optind];
    return -1;
}

static void on_stop(int signal) {
    (void)signal;
    mf_stop();
}

static void on_suspend(int signal) {
    (void)signal;
    mf_suspend();
}

/* Only verbs that work in steps look for a request to stop; the others end at once. */
static void listen_for_signals(const struct verb *verb) {
    if (strcmp(verb->name, "status") == 0 || strcmp(verb->name, "history") == 0 || strcmp(verb->name, "check") == 0) return;
    signal(SIGINT, on_stop);
    signal(SIGTERM, on_stop);
    signal(SIGTSTP, on_suspend);
}

static int ask(const struct verb *verb, const struct options *options) {
    if (verb->ask != NULL) return (int)verb->ask(options);
    fprintf(stderr, "midflight: %s takes a definition file; of a server it is asked by POST %s/v1/migrations/NAME/%s\n", verb->name,
            options->file, verb->name);
    return MF_USAGE;
}

int main(int count, char **words) {
    mf_own_process();
    if (count < 2) return usage(stderr);
    if (strcmp(words[1], "help") == 0 || strcmp(words[1], "--help") == 0) return usage(stdout);
    if (strcmp(words[1], "--version") == 0) return puts(mf_version()) < 0;
    if (strcmp(words[1], "completion") == 0) return completion_print(count > 2 ? words[2] : "");
    if (strcmp(words[1], "serve") == 0) return serve_main(count - 1, words + 1);
    const struct verb *verb = find_verb(words[1]);
    if (verb == NULL) {
        fprintf(stderr, "midflight: there is no verb '%s'; `midflight help` lists them\n", words[1]);
        return MF_USAGE;
    }
    struct options options = {.sample = 1};
    int status = parse(verb, count - 1, words + 1, &options);
    if (status >= 0) return status;
    if (remote_is_address(options.file)) return ask(verb, &options);
    listen_for_signals(verb);

    mf_observer observer = output_observer(&options);
    mf_migration *migration = NULL;
    mf_error error = {0};
    if (mf_open(options.file, &observer, &migration, &error) != MF_DONE) return (int)output_error(&options, &error);
    mf_result result = verb->run(migration, &options);
    mf_close(migration);
    return (int)result;
}
