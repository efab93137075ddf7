/* SPDX-License-Identifier: MIT */
/*
 * Subject: the one domain that a command is about, named by its first argument.
 */
#ifndef LAMINA_SUBJECT_H
#define LAMINA_SUBJECT_H

#include "lamina/session.h"

struct subject {
    struct session session;
    unsigned domid;
    char *name; /* for people */
};

/*
 * Finds the domain by number, name or uuid: LAMINA_OK, and then subject_end() is due; or the exit
 * code after a complaint.
 */
int subject_open(struct subject *subject, const struct command *command, const char *word);

/* rc is what a call with &subject->session.failure returned: its exit code, and all is closed. */
int subject_end(struct subject *subject, int rc);

/*
 * For commands whose arguments are domains only: does it for each, goes on after one that failed,
 * and gives the worst exit code. A command line without a domain is an error.
 */
int subject_each(const struct command *command, char **words, int (*act)(struct subject *subject));

/*
 * Takes the options of a command that has none but --help, and checks how many arguments there are:
 * LAMINA_OK with optind at the first, or COMMAND_HELP_SHOWN, or LAMINA_USAGE after a complaint.
 */
int subject_arguments(const struct command *command, int argc, char **argv, int min, int max);

#endif
