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

void report_missing(struct check_report *report, const struct flow *flow, enum direction direction) {
    for (size_t c = 0; c < flow->target->column_count; c++) {
        const struct column *column = &flow->target->columns[c];
        if (names_have(&flow->yielded, column->name) || !column->not_null || column->has_default || column->generated) continue;
        report_say(report, direction == FORWARD ? CHECK_REFUSAL : CHECK_WARNING,
                   "%s.%s does not yield %s, which is NOT NULL without a default: %s", direction_name(direction),
                   flow->target->table->name, column->name,
                   direction == FORWARD ? "no row could be inserted. Yield it, or give it a default"
                                        : "an entity that only the new side creates cannot be taken over and goes to quarantine");
    }
}

void report_unmapped(struct check_report *report, const struct flow *flow, enum direction direction) {
    TEXT unmapped = {0};
    for (size_t c = 0; c < flow->target->column_count; c++) {
        const char *name = flow->target->columns[c].name;
        if (!names_have(&flow->yielded, name)) text_addf(&unmapped, "%s%s", unmapped.length > 0 ? ", " : "", name);
    }
    if (unmapped.length == 0) return;
    report_say(report, CHECK_PROOF, "%s.%s leaves alone (unmapped): %s", direction_name(direction), flow->target->table->name,
               text_get(&unmapped));
}

void report_other(struct check_report *report, const struct flow *flow, enum direction direction, const char *table) {
    report_say(report, CHECK_WARNING, "%s.%s reads table %s, which is in neither shape: a change there reaches no entity until it is "
               "written again. Add it to the shape's key, or leave it unchanged meanwhile", direction_name(direction),
               flow->target->table->name, table);
}
