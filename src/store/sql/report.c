#include "store/sql/report.h"

#include <stdarg.h>
#include <stdio.h>

void report_say(struct check_report *report, enum check_level level, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (level == CHECK_REFUSAL) report->refusals++;
    struct check_note note = {level, text};
    if (report->note != NULL) report->note(report->context, &note);
}
