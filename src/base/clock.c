#include "base/clock.h"

#include <string.h>
#include <time.h>

static double read_ms(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double clock_ms(void) {
    return read_ms(CLOCK_MONOTONIC);
}

double clock_coarse_ms(void) {
    return read_ms(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_sleep_ms(double ms) {
    if (ms <= 0) return;
    struct timespec span = {.tv_sec = (time_t)(ms / 1e3)};
    span.tv_nsec = (long)((ms - (double)span.tv_sec * 1e3) * 1e6);
    nanosleep(&span, NULL);
}

const char *clock_text(int64_t wall_ms, char text[CLOCK_TEXT_BYTES]) {
    static _Thread_local char last[CLOCK_TEXT_BYTES]; /* a log asks for the same second again and again */
    static _Thread_local time_t last_s = -1;
    static _Thread_local size_t length;
    time_t seconds = (time_t)(wall_ms / 1000);
    int ms = (int)(wall_ms % 1000);
    if (seconds != last_s) {
        struct tm utc;
        gmtime_r(&seconds, &utc);
        length = strftime(last, sizeof last, "%Y-%m-%dT%H:%M:%S", &utc);
        last_s = seconds;
    }
    const char end[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z', '\0'};
    memcpy(text, last, length);
    memcpy(text + length, end, sizeof end);
    return text;
}
