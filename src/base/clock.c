#include "base/clock.h"

#include <stdio.h>
#include <time.h>

double clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
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
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, CLOCK_TEXT_BYTES - length, ".%03dZ", (int)(wall_ms % 1000));
    return text;
}
