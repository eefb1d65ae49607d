/* The least that an answer over HTTP takes: libmicrohttpd, set up as midflight serve does, with a constant of so many bytes.
 * floor THREADS BYTES: prints its port, and answers until its standard input ends. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct constant {
    struct MHD_Response *response;
};

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *data, size_t *size, void **state) {
    static int seen;
    const struct constant *constant = context;
    (void)url, (void)method, (void)version, (void)data, (void)size;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, constant->response);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    size_t bytes = strtoul(words[2], NULL, 10);
    char *text = malloc(bytes + 1);
    if (text == NULL) return 1;
    memset(text, 'x', bytes);
    struct constant constant = {MHD_create_response_from_buffer(bytes, text, MHD_RESPMEM_MUST_FREE)};
    MHD_add_response_header(constant.response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, &constant, MHD_OPTION_THREAD_POOL_SIZE,
                                                 (unsigned)strtoul(words[1], NULL, 10), MHD_OPTION_END);
    if (daemon == NULL) return 1;
    printf("%d\n", (int)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF) continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(constant.response);
    return 0;
}
