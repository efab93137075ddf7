/* SPDX-License-Identifier: MIT */
/*
 * Report: what is to be said about a configuration file, in the order found.
 *
 * A message names the line, the element as a path below <domain> ("devices/disk/target") and what
 * was expected. Text that stems from the file is made safe for a terminal and is shortened. The
 * list is bounded; what does not fit is counted.
 */
#ifndef LAMINA_CONFIG_REPORT_H
#define LAMINA_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONFIG_MESSAGES_MAX 64u /* more faults than that help nobody */

enum config_severity { CONFIG_ERROR, CONFIG_WARNING };

struct config_message {
    enum config_severity severity;
    int line; /* from 1; 0: the file as a whole */
    char element[96];
    char text[320];
};

struct config_report {
    struct config_message messages[CONFIG_MESSAGES_MAX];
    size_t nr_messages;
    size_t nr_lost; /* messages that found no room */
    size_t nr_errors;
    size_t nr_warnings;
    bool strict; /* set before reading: a warning counts as an error */
};

/* Adds a message; a strict report turns a warning into an error. */
void config_report_add(struct config_report *report, enum config_severity severity, int line,
                       const char *element, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* One line per message: "FILE:LINE: error: ELEMENT: TEXT". */
void config_report_print(const struct config_report *report, const char *file, FILE *stream);

/* A copy of text for use in a message: in a static ring of four, quoted, shortened, printable. */
const char *config_quote(const char *text);

#endif
