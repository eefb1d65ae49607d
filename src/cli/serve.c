/* midflight serve: takes any number of definitions, and options of its own. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "server/server.h"

enum { LISTEN = 256, CERTIFICATE, KEY, TOKENS, THREADS, CONNECTIONS, BODY_MAX, IDLE, REQUEST, DRAIN, SAMPLE, PAUSED, QUIET, HELP };

static const struct option long_options[] = {
    {"listen", required_argument, NULL, LISTEN},   {"certificate", required_argument, NULL, CERTIFICATE},
    {"key", required_argument, NULL, KEY},         {"tokens", required_argument, NULL, TOKENS},
    {"threads", required_argument, NULL, THREADS}, {"connections", required_argument, NULL, CONNECTIONS},
    {"body-max", required_argument, NULL, BODY_MAX}, {"idle", required_argument, NULL, IDLE},
    {"request", required_argument, NULL, REQUEST}, {"drain", required_argument, NULL, DRAIN},
    {"sample", required_argument, NULL, SAMPLE},   {"paused", no_argument, NULL, PAUSED},
    {"quiet", no_argument, NULL, QUIET},           {"help", no_argument, NULL, HELP},
    {0},
};

const char serve_options[] = "--listen --certificate --key --tokens --threads --connections --body-max --idle --request --drain --sample --paused --quiet";

static int help(void) {
    puts("midflight serve [OPTIONS] FILE|FOLDER...: carry migrations out, and serve their data, over HTTP\n\n"
         "Each FILE is a definition; a FOLDER stands for its *.yaml and *.yml. What was begun is carried on: a start that a crash\n"
         "cut short, and, between two stores, following. SIGTERM ends it when the requests under way have ended.\n\n"
         "  midflight serve migrations/\n"
         "  midflight serve --listen 0.0.0.0:8443 --certificate cert.pem --key key.pem --tokens tokens migrations/\n"
         "  curl -X POST http://127.0.0.1:8080/v1/migrations/split-name/start\n"
         "  curl http://127.0.0.1:8080/openapi.json             describes all of it\n\n"
         "  --listen ADDRESS:PORT  127.0.0.1:8080 unless given; off loopback it takes the next three\n"
         "  --certificate FILE     of TLS, in PEM; with it\n"
         "  --key FILE             its key\n"
         "  --tokens FILE          who may ask: lines of NAME RIGHTS TOKEN, RIGHTS being of read,write,operate\n"
         "  --threads N            that answer requests; twice the processors unless given\n"
         "  --connections N        at most, 4096 unless given\n"
         "  --body-max BYTES       of a request, 1048576 unless given\n"
         "  --idle SECONDS         a connection that asks nothing is closed after so long, 60 unless given\n"
         "  --request SECONDS      a request must have come in within so long, 30 unless given\n"
         "  --drain SECONDS        when it is to end: requests under way get so long, 20 unless given\n"
         "  --sample SHARE         of reads that are compared with the other side, off the request's path\n"
         "  --paused               carry nothing on until told to\n"
         "  --quiet                log what fails alone, not every request");
    return MF_DONE;
}

static bool parse_number(const char *name, const char *text, long min, long max, long *ret) {
    char *end;
    *ret = strtol(text, &end, 10);
    if (end != text && *end == '\0' && *ret >= min && *ret <= max) return true;
    fprintf(stderr, "midflight: --%s takes a whole number from %ld to %ld, not '%s'\n", name, min, max, text);
    return false;
}

static bool parse_number_option(int option, const char *name, struct server_options *options) {
    long number;
    long max = option == BODY_MAX ? 1L << 30 : option == CONNECTIONS ? 100000 : option == THREADS ? 256 : 86400;
    if (!parse_number(name, optarg, option == DRAIN ? 0 : 1, max, &number)) return false;
    if (option == THREADS) options->threads = (int)number;
    if (option == CONNECTIONS) options->connections_max = (int)number;
    if (option == BODY_MAX) options->body_bytes_max = number;
    if (option == IDLE) options->idle_s = (int)number;
    if (option == REQUEST) options->request_s = (int)number;
    if (option == DRAIN) options->drain_s = (int)number;
    return true;
}

/* Returns -1 to go on, else the exit status. */
static int parse_option(int option, const char *name, struct server_options *options) {
    switch (option) {
    case LISTEN:
        options->listen = optarg;
        break;
    case CERTIFICATE:
        options->certificate = optarg;
        break;
    case KEY:
        options->key = optarg;
        break;
    case TOKENS:
        options->tokens = optarg;
        break;
    case SAMPLE:
        if (parse_share(optarg, &options->sample)) break;
        fprintf(stderr, "midflight: --sample takes a share, such as 0.01 or 1%%, not '%s'\n", optarg);
        return MF_USAGE;
    case PAUSED:
        options->paused = true;
        break;
    case QUIET:
        options->quiet = true;
        break;
    case HELP:
        return help();
    case '?':
        return MF_USAGE;
    default:
        return parse_number_option(option, name, options) ? -1 : MF_USAGE;
    }
    return -1;
}

int serve_main(int count, char **words) {
    struct server_options options = SERVER_DEFAULTS;
    mf_error error = {0};
    int option, at = 0;
    while ((option = getopt_long(count, words, "", long_options, &at)) != -1) {
        int status = parse_option(option, option == '?' ? "" : long_options[at].name, &options);
        if (status >= 0) return status;
    }
    if (optind == count) {
        fprintf(stderr, "midflight: serve takes definition files, or folders of them: midflight serve migrations/\n");
        return MF_USAGE;
    }
    options.files = (const char *const *)(words + optind);
    options.file_count = (size_t)(count - optind);
    if (server_run(&options, &error) == MF_DONE) return MF_DONE;
    fprintf(stderr, "midflight: %s\n", error.message);
    return (int)error.result;
}
