/* SPDX-License-Identifier: MIT */
/*
 * Report: collects what is to be said about a configuration file. It never fails: what does not fit
 * is counted, and the counts of errors and warnings are always right.
 */
#include "config/report.h"

#include <stdarg.h>
#include <string.h>

#define QUOTE_LENGTH_MAX 48u
#define QUOTES           4u

/* The bytes 0x80 to 0x9f after 0xc2 are the terminal control characters of UTF-8. */
static bool is_control(const char *text, size_t at)
{
    unsigned char c = (unsigned char)text[at];

    if (c < 0x20 || c == 0x7f)
        return true;
    return at > 0 && (unsigned char)text[at - 1] == 0xc2 && c < 0xa0;
}

static void make_printable(char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!is_control(text, i))
            continue;
        if ((unsigned char)text[i] >= 0x80)
            text[i - 1] = '?';
        text[i] = '?';
    }
}

/* Cuts text to at most length bytes, at the start of a character. */
static bool shorten(char *text, size_t length)
{
    if (strlen(text) <= length)
        return false;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    text[length] = '\0';
    return true;
}

const char *config_quote(const char *text)
{
    static char ring[QUOTES][QUOTE_LENGTH_MAX + 8];
    static unsigned next;
    char body[QUOTE_LENGTH_MAX + 5];
    char *quote = ring[next++ % QUOTES];

    text += strspn(text, " \t\r\n");
    snprintf(body, sizeof(body), "%s", text);
    bool cut = shorten(body, QUOTE_LENGTH_MAX);
    for (size_t end = strlen(body); end > 0 && strchr(" \t\r\n", body[end - 1]); end--)
        body[end - 1] = '\0';
    make_printable(body);
    snprintf(quote, sizeof(ring[0]), "'%s%s'", body, cut ? "..." : "");
    return quote;
}

void config_report_add(struct config_report *report, enum config_severity severity, int line,
                       const char *element, const char *format, ...)
{
    va_list arguments;

    if (report->strict)
        severity = CONFIG_ERROR;
    if (severity == CONFIG_ERROR)
        report->nr_errors++;
    else
        report->nr_warnings++;
    if (report->nr_messages == CONFIG_MESSAGES_MAX) {
        report->nr_lost++;
        return;
    }

    struct config_message *message = &report->messages[report->nr_messages++];
    message->severity = severity;
    message->line = line;
    snprintf(message->element, sizeof(message->element), "%s", element);
    va_start(arguments, format);
    vsnprintf(message->text, sizeof(message->text), format, arguments);
    va_end(arguments);
    make_printable(message->element);
    make_printable(message->text);
}

void config_report_print(const struct config_report *report, const char *file, FILE *stream)
{
    for (size_t i = 0; i < report->nr_messages; i++) {
        const struct config_message *message = &report->messages[i];

        fprintf(stream, "%s:", file);
        if (message->line > 0)
            fprintf(stream, "%d:", message->line);
        fprintf(stream, " %s:", message->severity == CONFIG_ERROR ? "error" : "warning");
        if (message->element[0] != '\0')
            fprintf(stream, " %s:", message->element);
        fprintf(stream, " %s\n", message->text);
    }
    if (report->nr_lost > 0)
        fprintf(stream, "%s: %zu more not shown\n", file, report->nr_lost);
}
